"""What another configuration would have earned, from what was shown by chance and what came of it."""
