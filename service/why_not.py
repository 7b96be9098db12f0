"""Why a product is, or is not, in an answer: the first thing that kept it out, and where it would have stood."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from config.surface import Surface
from service.candidates import Wanted
from service.context import Request, Services
from service.core.errors import NotFound
from service.core.evidence import Evidence
from service.core.filters import matches
from service.core.types import Slate
from service.hydrate import Hydrated, hydrate
from service.modes import narrowed
from service.pipeline import assigned, for_newcomers, recommend
from service.ranking.eligibility import HIDDEN, SOLD_OUT, why_not
from service.retrieve import ask
from service.rules_for import rules_for
from service.signals import SIGNALS
from service.store import catalog
from service.store.serving import ServingRow, serving_rows
from service.store.vectors import VectorQuery
from service.variants import VARIANT

SHOWN, ASKED_OUT, HIDDEN_BY_USER, HAD, ANCHOR = "shown", "excluded", "hidden_by_user", "had_already", "anchor"
FILTERED, BY_RULE, NOT_RETRIEVED, OUTRANKED, DIVERSITY, IS_VARIANT = (
    "filtered", "rule", "not_retrieved", "outranked", "diversity", "variant",
)  # fmt: skip
TOO_FAR = "its price, brand or category is not what the mode or the request asks for beside that of the product"


@dataclass(frozen=True, slots=True)
class WhyNot:
    """What became of one product.

    Attributes
    ----------
    cause : exactly one: shown, or the first thing that kept it out. says : the same as a sentence.
    rank : its slot if it is shown, 1 is the first. place : where it stood by its score; None if it was no candidate.
    would_be : signal -> the rank it has there among all that may be shown; None beyond what is searched.
    """

    cause: str
    says: str
    rank: int | None = None
    place: int | None = None
    would_be: Mapping[str, int | None] = field(default_factory=dict)
    evidence: Evidence | None = None


def why_not_shown(services: Services, request: Request, external_id: str) -> tuple[WhyNot, Slate]:
    """Ask as the request does, and say what became of the product; nothing is recorded as shown.

    Raises
    ------
    NotFound : there is no such product, or no such anchor. InvalidQuery : the request is impossible.
    """
    quiet = replace(services, record=lambda *_: None)
    with services.database.session() as session:
        found = catalog.product_ids(session, request.tenant, [external_id])
        rows = serving_rows(session, request.tenant, found.values())
    if not rows:
        raise NotFound(f"there is no product with id {external_id!r}", code="product_not_found")
    (product,) = rows
    slate = recommend(quiet, replace(request, explain=True))
    shown = {item.product_id: item for item in slate.items}
    if product in shown:
        says = f"it is shown in slot {shown[product].rank}"
        place = _place(slate, product)
        return WhyNot(SHOWN, says, shown[product].rank, place, evidence=slate.evidence.get(product)), slate
    assignment = assigned(services, request)
    known = hydrate(services, request, assignment.surface, assignment.release)
    own, (request, _) = request.filter, narrowed(services, request, assignment.near, known)
    surface = for_newcomers(assignment.surface, request, known)
    required = rules_for(services, request, assignment, known.query).required
    wanted = Wanted(request.tenant, known.within(request.filter), known.excluded, surface.in_stock_only, required)
    kept_out = _kept_out(request, known, surface, wanted, rows[product], product)
    if kept_out is not None:
        is_too_far = kept_out.cause == FILTERED and matches(known.within(own), rows[product].payload(), product)
        return replace(kept_out, says=TOO_FAR) if is_too_far else kept_out, slate
    if (why := slate.trace.dropped.get(product, "")).startswith(VARIANT):
        return _is_variant(services, request, slate, known, int(why.removeprefix(VARIANT))), slate
    would_be = _ranks(services, known, surface, wanted, product)
    return _beaten(slate, product, would_be, surface.n if request.n is None else request.n), slate


def _kept_out(
    request: Request, known: Hydrated, surface: Surface, wanted: Wanted, row: ServingRow, product: int
) -> WhyNot | None:
    """What forbids the product, whatever its score; None if nothing does."""
    if not row.visible:
        return WhyNot(HIDDEN, "the shop does not show it: `visible` is false")
    if surface.in_stock_only and not row.in_stock:
        return WhyNot(SOLD_OUT, "it is sold out, and this surface shows only what can be bought")
    if row.external_id in request.exclude:
        return WhyNot(ASKED_OUT, "the request excludes it")
    if known.query.anchor is not None and known.query.anchor.product_id == product:
        return WhyNot(ANCHOR, "it is the product that others should resemble")
    if product in known.history.hidden:
        return WhyNot(HIDDEN_BY_USER, "this user has hidden it")
    if product in known.excluded:
        kinds = ", ".join(surface.exclude_types)
        return WhyNot(HAD, f"this user had it already, and the surface leaves out what was met by {kinds}")
    if why_not([product], {product: row}, known.within(request.filter), in_stock_only=False):
        return WhyNot(FILTERED, "it does not pass the filter of the request")
    for label, condition in wanted.required:
        if not matches(condition, row.payload(), product):
            return WhyNot(BY_RULE, f"business rule {label} leaves it out")
    return None


def _is_variant(services: Services, request: Request, slate: Slate, known: Hydrated, other: int) -> WhyNot:
    """Which variant of it stands for it."""
    if known.query.anchor is not None and known.query.anchor.product_id == other:
        return WhyNot(IS_VARIANT, "it is a variant of the product that others should resemble")
    with services.database.session() as session:
        row = serving_rows(session, request.tenant, [other]).get(other)
    name = row.external_id if row is not None else "a product that is gone"
    slot = next((item.rank for item in slate.items if item.product_id == other), None)
    stands = f"stands in slot {slot}" if slot else "scored higher and is not shown itself"
    return WhyNot(IS_VARIANT, f"it is a variant of {name!r}, which {stands}")


def _beaten(slate: Slate, product: int, would_be: Mapping[str, int | None], n: int) -> WhyNot:
    """What the product lost against: nobody proposed it, others scored higher, or variety preferred others."""
    place = _place(slate, product)
    if place is None and product not in slate.trace.outranked:
        told = ", ".join(f"{name} at {rank or 'none of the first thousands'}" for name, rank in would_be.items())
        asked = f"it would stand with {told}" if told else "no signal had anything to look for"
        return WhyNot(NOT_RETRIEVED, f"no signal proposed it; {asked}", would_be=would_be)
    if place is not None and place <= n:
        says = f"by its score it stood at {place} of {n}, but variety, a cap, a pin or chance gave the slot to another"
        return WhyNot(DIVERSITY, says, place=place, would_be=would_be)
    stood = f"at {place}" if place is not None else "below all that were looked at"
    return WhyNot(OUTRANKED, f"{n} others scored higher; it stood {stood}", place=place, would_be=would_be)


def _place(slate: Slate, product: int) -> int | None:
    return slate.trace.by_score.index(product) + 1 if product in slate.trace.by_score else None


def _ranks(
    services: Services, known: Hydrated, surface: Surface, wanted: Wanted, product: int
) -> dict[str, int | None]:
    """Signal -> the product's rank among all that may be shown, as far down as candidates are ever looked for."""
    retrieval = services.params.retrieval
    questions = ask(known.query, surface.weights, services.encoders, retrieval.deadline_ms)
    ranks: dict[str, int | None] = {name: _rank(hits.ids, product) for name, hits in questions.ready.items()}
    for name, (collection, vector) in questions.vectors.items():
        query = VectorQuery(SIGNALS[name].slot, vector, retrieval.max_candidates, wanted.in_index(), ef=retrieval.ef)
        (hits,) = services.store.search(collection, [query])
        ranks[name] = _rank(hits.ids, product)
    return ranks


def _rank(ids: np.ndarray, product: int) -> int | None:
    places = np.flatnonzero(ids == product)
    return int(places[0]) + 1 if len(places) else None
