"""The words of a request as what they mean in its shop."""

from dataclasses import replace

from sqlmodel import Session

from service.context import Request, Services
from service.core.understood import Understood
from service.store import catalog
from service.words.exact import ids_named
from service.words.understand import understand


def read(services: Services, request: Request, session: Session) -> Understood | None:
    """How the words of a request are read, and which products they name outright; None where it has none."""
    if not request.text:
        return None
    params = services.params.search
    words = services.words(request.tenant)
    understood = understand(request.text, words, params, is_corrected=request.correct, ignore=request.ignore)
    named = catalog.product_ids(session, request.tenant, ids_named(request.text)) if params.exact else {}
    return replace(understood, exact=tuple(dict.fromkeys((*named.values(), *understood.exact))))
