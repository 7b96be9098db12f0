"""Golden queries: a text file of the shop's own that says what its search must find."""
