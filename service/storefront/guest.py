"""Who looks at a page, as far as its cookies say."""

import re
import uuid
from dataclasses import dataclass

from fastapi import Request, Response

SESSION, SHOPPER, KNOWN, THEME = "vitrine_session", "vitrine_shopper", "vitrine_known", "vitrine_theme"
PROOF = "vitrine_proof"  # an access token, where pages of products are not open to all
_YEAR_S = 365 * 86400
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_THEMES = ("light", "dark")


@dataclass(frozen=True, slots=True)
class Guest:
    """Whoever looks.

    Attributes
    ----------
    session : what an anonymous visitor is known by. shopper : of the demo, whom they chose to be. known : the user that
    an anonymous visitor became by telling what they like. theme : "" = the system's own. is_new : the session was made
    for this answer.
    """

    session: str
    shopper: str | None
    known: str | None
    theme: str
    is_new: bool

    @property
    def user(self) -> str | None:
        """Whom answers and events are about; None for a visitor who is known by the session only."""
        return self.shopper or self.known


def guest_of(request: Request, *, is_demo: bool) -> Guest:
    """The guest of a request; a cookie that nobody here wrote counts as none."""
    session, shopper, known = (_read(request, name) for name in (SESSION, SHOPPER, KNOWN))
    theme = request.cookies.get(THEME, "")
    return Guest(
        session or f"w-{uuid.uuid4().hex}",
        shopper if is_demo else None,
        known,
        theme if theme in _THEMES else "",
        session is None,
    )


def remember(guest: Guest, request: Request, response: Response) -> None:
    """Give a new guest the session; scripts read it too, since events carry it."""
    if guest.is_new:
        secure = request.url.scheme == "https"
        response.set_cookie(SESSION, guest.session, max_age=_YEAR_S, path="/", samesite="lax", secure=secure)


def _read(request: Request, name: str) -> str | None:
    value = request.cookies.get(name, "")
    return value if _ID.fullmatch(value) else None
