"""Explanations in the words of a language model, which is trusted with nothing: it words facts, and is checked."""
