"""What the service answers, as frozen dataclasses with the names of its OpenAPI document."""
