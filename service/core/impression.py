"""What was shown to whom, as experiments and off-policy estimates need it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from service.core.draw import Draw
from service.core.types import RankedItem


@dataclass(frozen=True, slots=True)
class Impression:
    """One slate as somebody saw it.

    Attributes
    ----------
    shelf : the row of a page it stood in, or None. arms : experiment -> variant. release : that it was made with.
    user, session : external ids of who saw it, as far as they were told. at : UTC.
    level : what the slate could build on. items : the slots in order.
    draw : what they were drawn from, where chance had a part.
    asked : the request itself, in JSON form; None where it was not kept.
    """

    request_id: str
    tenant: str
    surface: str
    shelf: str | None
    arms: Mapping[str, str]
    release: str | None
    user: str | None
    session: str | None
    at: datetime
    level: str
    items: tuple[RankedItem, ...]
    draw: Draw | None = None
    asked: Mapping[str, Any] | None = None
