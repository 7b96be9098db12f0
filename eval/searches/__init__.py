"""What people search for: what they do not find, what they take, and what that says about the search."""
