"""Steps 3 to 5 as a request goes through them: what is asked, what pins demand, and less where nothing answers."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from config.params import Surface
from service.candidates import Candidates, Wanted, gather
from service.context import Request, Services
from service.hydrate import Hydrated
from service.pins import Pinned, look_at_pins
from service.retrieve import Questions, ask
from service.rules_for import Ruled
from service.stopwatch import Stopwatch
from service.store.serving import ServingRow
from service.words.relax import relax


@dataclass(frozen=True, eq=False)
class Found:
    """What a request may choose from.

    Attributes
    ----------
    known, surface : as they are after the words were relaxed, if they had to be. ruled : the rules it falls under.
    """

    known: Hydrated
    surface: Surface
    ruled: Ruled
    candidates: Candidates
    pinned: Pinned

    @cached_property
    def rows(self) -> Mapping[int, ServingRow]:
        """Product id -> what the database says of it, of candidates and pinned products."""
        return {**self.candidates.rows, **self.pinned.rows}


def look(
    services: Services, request: Request, known: Hydrated, ruled: Ruled, surface: Surface, n: int, watch: Stopwatch
) -> Found:
    """Retrieve, fuse and filter; once more with less asked for where the words of a search find nothing."""
    anchor = known.query.anchor
    never = known.excluded | request.taken | ({anchor.product_id} if anchor else frozenset())
    wanted = Wanted(request.tenant, known.within(request.filter), never, surface.in_stock_only, ruled.required)
    with watch.step("retrieve"):
        questions = ask(known.query, surface.weights, services.encoders, services.params.retrieval.deadline_ms)
    with watch.step("filter"):
        pinned = look_at_pins(services.database, ruled.places, wanted, n)
    wanted = replace(wanted, pinned=frozenset(pinned.rows))
    pool = services.params.rules.pool

    def once(questions: Questions, surface: Surface) -> Candidates:
        widened = ruled.widened(surface, pool)
        retrieval = services.params.retrieval
        return gather(services.database, services.store, questions, wanted, n, widened, retrieval, watch)

    candidates = once(questions, surface)
    if request.may_relax and known.understood is not None:
        instead = relax(services, request, known.understood, questions, candidates.retrieved.lists)
        if instead is not None:
            known = replace(known, level=instead.level, reason=instead.reason)
        if instead is not None and instead.questions is not None:
            surface = surface.model_copy(update={"weights": dict(instead.weights)})
            candidates = once(instead.questions, surface)
    return Found(known, surface, ruled, candidates, pinned)
