"""Measurements that run the production pipeline, not a copy of it."""
