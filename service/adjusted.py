"""Step 6, adjust: everything that changes scores after fusion, business rules aside."""

from service.context import Request, Services
from service.habits import habits
from service.look import Found
from service.rank import adjust
from service.ranking.fuse import Fused
from service.words.exact import put_first
from service.words.favour import favour


def adjusted(services: Services, request: Request, found: Found) -> tuple[Fused, Found]:
    """The list by what is known of the products, of who asks and of the words; `found` with what could not be done."""
    known, surface = found.known, found.surface
    losses = habits(services, request, known, surface, found.candidates.fused.ids)
    fused = adjust(found.candidates.fused, found.rows, surface, known.preferences, services.now(), losses)
    if known.understood is None:
        return fused, found
    fused = favour(fused, found.rows, known.understood.traits)
    return put_first(fused, known.understood.exact, services.params.search.exact), found
