"""Everything that writes: loading feeds, embedding products, training, and the demo shop."""
