"""An existing shop database as the source of products and interactions: read only, a part at a time, never half."""
