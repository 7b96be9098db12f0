"""Acts are asked for by a program that shows its key or token, or by a page of ours: never by another page's form."""

from fastapi import Request

from service.api.principal import Principal
from service.core.errors import NotAllowed

HEADER = "X-Vitrine-Act"
_OURS = ("same-origin", "none", "")


async def sent_by_us(request: Request, caller: Principal) -> None:
    """Whether a request that changes something may have been sent by another place's page.

    Raises
    ------
    NotAllowed : it may: nothing was shown, and there is no header that only a page of ours, or a program, can send.
    """
    if caller.is_known:
        return  # no browser sends a key or token by itself
    site = request.headers.get("Sec-Fetch-Site", "")
    if site not in _OURS or HEADER not in request.headers:
        raise NotAllowed(
            f"send the header {HEADER}: yes, from a page of this service or from a program; other pages may not act",
            code="not_sent_by_us",
        )
