"""Every error a user of the service can meet, as one tree.

::

    RecommenderError                500
    ├── InvalidQuery                422   the request cannot be understood
    ├── NotAuthenticated            401   no valid key or token was shown
    ├── NotAllowed                  403   this key or token may not do that
    ├── NotFound                    404   the named thing does not exist
    ├── Conflict                    409   the request contradicts what is stored
    ├── PayloadTooLarge             413   more was sent than is accepted
    ├── TooManyRequests             429   this was tried too often; later it may be tried again
    ├── IndexNotReady               503   the index is being built
    ├── DependencyUnavailable       503   the database, Qdrant or an encoder does not answer
    └── ConfigurationError          500   start-up only: the process exits with one clear line

A message says what was wrong, the value, what is allowed and what to do next. ``code`` is stable: programs
may switch on it.
"""


class RecommenderError(Exception):
    """Base of all errors that have a message meant for a user."""

    status = 500
    code = "internal_error"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code


class InvalidQuery(RecommenderError):
    """The request cannot be understood: a wrong value, an unknown field, a bad picture."""

    status = 422
    code = "invalid_query"


class NotAuthenticated(RecommenderError):
    """No key or token was shown where one is needed, or it is not valid."""

    status = 401
    code = "not_authenticated"


class NotAllowed(RecommenderError):
    """Who calls is known, and may not do this."""

    status = 403
    code = "not_allowed"


class NotFound(RecommenderError):
    """The named product, user or other thing does not exist."""

    status = 404
    code = "not_found"


class Conflict(RecommenderError):
    """The request contradicts what is stored."""

    status = 409
    code = "conflict"


class PayloadTooLarge(RecommenderError):
    """More was sent than is accepted."""

    status = 413
    code = "payload_too_large"


class TooManyRequests(RecommenderError):
    """Somebody tries too often."""

    status = 429
    code = "too_many_requests"


class IndexNotReady(RecommenderError):
    """The index is still being built."""

    status = 503
    code = "index_not_ready"


class DependencyUnavailable(RecommenderError):
    """The database, Qdrant or an encoder does not answer."""

    status = 503
    code = "dependency_unavailable"


class ConfigurationError(RecommenderError):
    """A setting is wrong; raised at start-up only."""

    status = 500
    code = "configuration_error"
