"""What of an answered search is kept, so that searches without an answer become known."""

from datetime import datetime

from service.context import Request
from service.core.filters import Condition, Filter, HasId
from service.core.searched import MAX_QUERY, Searched, normalised
from service.core.types import Slate
from service.store.event_rows import session_key
from service.store.product_rows import is_storable
from service.words.relax import NEAREST, POPULAR

_STANDS_IN = (NEAREST, POPULAR)


def searched_of(request: Request, slate: Slate, at: datetime) -> Searched | None:
    """The search behind a slate; None if it was none, or its words go with a picture or a product."""
    if request.surface != "search" or request.picture is not None or request.product is not None:
        return None
    query = normalised(request.text or "")
    if not query or len(query) > MAX_QUERY or not is_storable(query):
        return None
    found = 0 if (slate.fallback or "").startswith(_STANDS_IN) else len(slate.items)
    return Searched(
        request.tenant, slate.request_id, at, query, found, _narrows(request.filter), slate.fallback, _visitor(request)
    )


def _narrows(wanted: Condition | None) -> bool:
    """Whether a filter asks for more than for the products that match the words."""
    if isinstance(wanted, Filter):
        return bool(wanted.should or wanted.must_not) or any(map(_narrows, wanted.must))
    return wanted is not None and not isinstance(wanted, HasId)


def _visitor(request: Request) -> int | None:
    """A number that tells visitors apart; their ids stay out of the log."""
    who = f"user:{request.user}" if request.user else f"session:{request.session}" if request.session else None
    return None if who is None else session_key(request.tenant, who)
