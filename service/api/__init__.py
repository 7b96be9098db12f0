"""The HTTP API: one file per resource; everything it knows of the world it is handed as a `Runtime`."""
