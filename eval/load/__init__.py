"""Load at a constant arrival rate, and what of it the engine alone would cost."""
