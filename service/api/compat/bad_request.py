"""Status 400, which other systems answer where we say 422."""

from service.core.errors import InvalidQuery


class BadRequest(InvalidQuery):
    """A value that breaks a rule of another system's API."""

    status = 400
    code = "bad_request"
