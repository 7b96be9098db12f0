"""Speed under load, measured on the real service over HTTP."""
