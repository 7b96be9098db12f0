"""The health of a shop's own catalogue, read-only."""
