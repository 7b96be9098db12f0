"""Tuning: weights, half-lives and diversity, chosen on a validation split and confirmed on users kept aside."""
