"""Deployment settings from the environment and behaviour from TOML; imports nothing but `service.core`."""
