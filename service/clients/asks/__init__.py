"""What can be asked, as typed keyword arguments with the names of the service's OpenAPI document."""
