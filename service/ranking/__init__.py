"""Ranking is pure: no clock, no database, no randomness it was not handed; sees `service.core` only."""
