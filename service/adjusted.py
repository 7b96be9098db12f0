"""Step 6, adjust: everything that changes scores after fusion, business rules aside."""

from service.affinity import AFFINITY, affinity, affinity_weight
from service.context import Request, Services
from service.cross import read_together
from service.habits import habits
from service.look import Found
from service.popularity import POPULARITY, popularity
from service.rank import adjust
from service.ranking.adjust import add_contributions
from service.ranking.fuse import Fused
from service.ranking.normalize import Scores
from service.words.exact import put_first
from service.words.favour import favour
from service.words.held import LEXICAL, favour_held


def adjusted(services: Services, request: Request, found: Found) -> tuple[Fused, Found]:
    """The list by what is known of the products, of who asks and of the words; `found` with what could not be done."""
    known, surface = found.known, found.surface
    losses = habits(services, request, known, surface, found.candidates.fused.ids)
    fused = adjust(found.candidates.fused, found.rows, surface, known.preferences, services.now(), losses)
    fused = add_contributions(fused, _priors(services, request, found, fused))
    if known.understood is None:
        return fused, found
    words, params = services.words(request.tenant), services.params.search
    if words is not None:
        weight = params.words_held * surface.weights.get(LEXICAL, 0.0)
        unwanted = [text for text, share in request.terms if share < 0]
        fused = favour_held(fused, known.understood, words, services.vectors, weight, unwanted)
    fused = favour(fused, found.rows, known.understood.traits)
    fused, found = read_together(services, request, found, fused)
    return put_first(fused, known.understood.exact, params.exact), found


def _priors(services: Services, request: Request, found: Found, fused: Fused) -> dict[str, Scores]:
    """What each product gains for being near to who asks and for being popular; what is 0 for all is left out."""
    known, gains = found.known, {}
    weight = affinity_weight(request, found.surface)
    if weight and known.past is not None:
        behaviour = known.release.behaviour if known.release else None
        gains[AFFINITY] = weight * affinity(services.vectors, known.past, behaviour, fused.ids)
    if found.surface.popularity:
        gains[POPULARITY] = found.surface.popularity * popularity(
            services.popular(request.tenant), found.rows, fused.ids
        )
    return {name: gain for name, gain in gains.items() if gain.any()}
