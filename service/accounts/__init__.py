"""Who may do what: accounts with passwords and tokens for people, keys for servers."""
