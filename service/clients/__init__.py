"""What the Python client is made of; `service.client` is the way in."""
