"""Read-outs of experiments: who saw which variant, and what came of it."""
