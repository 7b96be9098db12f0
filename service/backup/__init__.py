"""Backups, and moving a shop between engines: whole tables and collections, counted and checked."""
