"""A person's data: all of it handed out, all of it erased, and the proof of that."""
