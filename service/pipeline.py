"""One request in eight steps: assign, hydrate, retrieve, fuse, filter, adjust, diversify, record."""

from collections.abc import Callable

from config.surface import Surface
from service.adjusted import adjusted
from service.context import Request, Services
from service.core.errors import InvalidQuery
from service.core.types import Slate
from service.evidence import gather_evidence
from service.experiments import Assignment, assign
from service.hydrate import Hydrated, hydrate
from service.look import Found, look
from service.modes import filled_up, narrowed
from service.ranking.sample import request_seed
from service.retrieve import NoSignal
from service.rules_for import Ruled, rules_for
from service.slate import make_slate
from service.stand_in import popular_instead
from service.steer import settle, steer
from service.stopwatch import Stopwatch
from service.variety import Known, diversify

_FOR_ANYBODY = ("trending", "best_value", "bandit")  # signals that need no past

Look = Callable[[Services, Request, Hydrated, Ruled, Surface, int, Stopwatch], Found]


def recommend(services: Services, request: Request, known: Hydrated | None = None, look: Look = look) -> Slate:
    """Answer one request.

    Parameters
    ----------
    known : what `hydrate` found for it, if that was done already, as for the other shelves of a page.
    look : steps 3 to 5, retrieve, fuse and filter; a list knows already what it may choose from.

    Raises
    ------
    InvalidQuery, NotFound : the request asks for something impossible or unknown.
    DependencyUnavailable : the database is down; or every signal, and what is popular is no answer.
    """
    watch = Stopwatch()
    with watch.step("assign"):
        assignment = assigned(services, request)
        n = slots(request.n, assignment.surface)
    with watch.step("hydrate"):
        known = known or hydrate(services, request, assignment.surface, assignment.release)
        asked, told = narrowed(services, request, assignment.near, known)
        ruled = rules_for(services, request, assignment, known.query)
        surface = for_newcomers(assignment.surface, request, known)
    try:
        found = look(services, asked, known, ruled, surface, n, watch)  # retrieve, fuse, filter
        found = filled_up(services, asked, assignment, found, n, watch, told)
    except NoSignal as failure:
        found = popular_instead(services, request, known, ruled, surface, n, watch, failure)
    with watch.step("adjust"):
        fused, found = adjusted(services, request, found)
        steered = steer(ruled, fused, found.rows, found.pinned, n)
    with watch.step("diversify"):
        drawn = diversify(_seen(services, found), steered.fused, found.surface, n, request_seed(request.request_id))
        drawn, acts = settle(steered, drawn, ruled, found.pinned)
    evidence = {}
    if request.explain:
        with watch.step("explain"):
            evidence = gather_evidence(services, request, found.known, found.candidates, found.surface, drawn)
    slate = make_slate(request, assignment, found, steered, drawn, acts, n, evidence, watch)
    services.record(request, slate)
    return slate


def assigned(services: Services, request: Request) -> Assignment:
    """What the request is served with.

    Raises
    ------
    InvalidQuery : weights that are none, or an experiment or variant that does not exist.
    """
    return assign(
        services.params,
        request.surface,
        visitor=request.visitor,
        now=services.now(),
        forced=request.variants,
        weights=request.weights,
        mmr_lambda=request.mmr_lambda,
        mode=request.mode,
        all_variants=request.all_variants,
    )


def slots(asked: int | None, surface: Surface) -> int:
    """How many products are to be shown.

    Raises
    ------
    InvalidQuery : more than the surface shows, or none.
    """
    n = surface.n if asked is None else asked
    if not 1 <= n <= surface.max_n:
        raise InvalidQuery(f"products asked for must be between 1 and {surface.max_n}, got {n}", code="invalid_n")
    return n


def for_newcomers(surface: Surface, request: Request, known: Hydrated) -> Surface:
    """Whoever has no past sees what trends, also where the weights leave it out for everybody else."""
    has_something = request.has_question or any(surface.weights.get(name) for name in _FOR_ANYBODY)
    if not surface.personal or known.query.past is not None or request.weights is not None or has_something:
        return surface
    return surface.model_copy(update={"weights": {**surface.weights, "trending": 1.0}})


def _seen(services: Services, found: Found) -> Known:
    """What variety may look at."""
    known = found.known
    behaviour = known.release.behaviour if known.release else None
    return Known(services.vectors, behaviour, found.rows, known.query.past, known.exposure)
