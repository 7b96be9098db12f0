"""The one error of the client: the service said no, or said nothing that can be understood."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class FieldError:
    """A field of the request, and what is wrong with it."""

    field: str
    problem: str


class VitrineError(Exception):
    """A request that was not answered as it should be (RFC 9457).

    Attributes
    ----------
    status : of HTTP; None where there was no answer.
    code : stable, for programs: the service's own, or ``not_connected``, ``timed_out``, ``connection_broken``,
        ``unexpected_answer``, ``http_error`` of the client. type, title, detail : of the problem, for people.
    errors : one entry per wrong field. request_id : finds the line in the service's log.
    retry_after : seconds until it may be tried again, where the service says so. call : the request, as "GET /v1/home".

    Examples
    --------
    >>> error = VitrineError("GET /v1/home", 422, "invalid_request", "n: not a whole number", request_id="4f1c")
    >>> str(error)
    'GET /v1/home: 422 invalid_request: n: not a whole number (request 4f1c)'
    >>> error.is_temporary
    False
    """

    def __init__(
        self, call: str, status: int | None, code: str, detail: str, *, type: str = "about:blank", title: str = "",
        errors: tuple[FieldError, ...] = (), request_id: str | None = None, retry_after: float | None = None,
    ) -> None:  # fmt: skip
        super().__init__(call, status, code, detail)
        self.call, self.status, self.code, self.detail = call, status, code, detail
        self.type, self.title, self.errors = type, title, errors
        self.request_id, self.retry_after = request_id, retry_after

    def __str__(self) -> str:
        said = f"{self.status} {self.code}" if self.status is not None else self.code
        known = f" (request {self.request_id})" if self.request_id else ""
        return f"{self.call}: {said}: {self.detail}{known}"

    @property
    def is_temporary(self) -> bool:
        """Whether the same request may well be answered later."""
        return self.status in (None, 429, 502, 503, 504)


def field_errors(told: Any) -> tuple[FieldError, ...]:
    """The wrong fields a problem names; nothing where it names none as it should.

    Examples
    --------
    >>> field_errors([{"field": "query.n", "problem": "above 100"}, "nonsense"])
    (FieldError(field='query.n', problem='above 100'),)
    """
    if not isinstance(told, list):
        return ()
    return tuple(
        FieldError(str(one.get("field", "")), str(one.get("problem", ""))) for one in told if isinstance(one, dict)
    )
