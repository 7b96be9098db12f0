"""How much approximate search loses against exact search, and what it costs, on the live collections."""
