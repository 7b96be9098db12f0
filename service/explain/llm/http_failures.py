"""What an HTTP answer without an answer means, the same for every provider."""

import math
from collections.abc import Mapping

from service.explain.llm.model import ModelFailed

TIMED_OUT = "the model did not answer in time"
UNREACHABLE = "the model's server cannot be reached, or closed the connection"
UNREADABLE = "the model's server answered something that is not its protocol"
_PASSING = {408, 409, 425, 429}
_HINTS = {
    400: "; it may not know this model or structured answers",
    401: "; check VITRINE_LLM_API_KEY",
    403: "; check VITRINE_LLM_API_KEY",
    404: "; check VITRINE_LLM_MODEL and VITRINE_LLM_BASE_URL",
    429: ": too many calls, or no credit",
}


def status_failure(status: int, headers: Mapping[str, str]) -> ModelFailed:
    """The failure that a status above 399 is.

    Examples
    --------
    >>> status_failure(429, {"retry-after": "7"}).wait_s
    7.0
    """
    why = f"the model's server answered {status}{_HINTS.get(status, '')}"
    return ModelFailed(why, passing=status in _PASSING or status >= 500, wait_s=_seconds(headers.get("retry-after")))


def _seconds(value: str | None) -> float | None:
    # a date is rare here, and the pause of our own does as well
    try:
        seconds = float(value or "")
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None
