"""One request in eight steps: assign, hydrate, retrieve, fuse, filter, adjust, diversify, record."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from config.params import Surface
from service.candidates import Candidates, Wanted, gather
from service.context import Request, Services
from service.core.errors import InvalidQuery
from service.core.rules import BY_RULE, STEERING, RuleAct
from service.core.types import Ids, RankedItem, Slate, Trace
from service.evidence import gather_evidence
from service.experiments import assign
from service.habits import habits
from service.hydrate import Hydrated, hydrate
from service.pins import look_at_pins
from service.rank import adjust
from service.ranking.eligibility import EXCLUDED
from service.ranking.fuse import Fused
from service.ranking.sample import request_seed
from service.retrieve import Questions, ask
from service.rules_for import rules_for
from service.steer import settle, steer
from service.stopwatch import Stopwatch
from service.variety import Diversified, Known, diversify
from service.words.exact import put_first
from service.words.relax import relax


def recommend(services: Services, request: Request) -> Slate:
    """Answer one request.

    Raises
    ------
    InvalidQuery, NotFound : the request asks for something impossible or unknown.
    DependencyUnavailable : the database or every signal is down.
    """
    params, watch = services.params, Stopwatch()
    with watch.step("assign"):
        assignment = assign(
            params,
            request.surface,
            visitor=request.visitor,
            now=services.now(),
            forced=request.variants,
            weights=request.weights,
            mmr_lambda=request.mmr_lambda,
        )
        surface = assignment.surface
        n = _slots(request.n, surface)
    with watch.step("hydrate"):
        known = hydrate(services, request, surface, assignment.release)
        ruled = rules_for(services, request, assignment, known.query)
        surface = _for_newcomers(surface, request, known)
    with watch.step("retrieve"):
        questions = ask(known.query, surface.weights, services.encoders, params.retrieval.deadline_ms)
    never = known.excluded | request.taken | ({known.query.anchor.product_id} if known.query.anchor else frozenset())
    wanted = Wanted(request.tenant, request.filter, never, surface.in_stock_only, ruled.required)
    with watch.step("filter"):
        pinned = look_at_pins(services.database, ruled.places, wanted, n)

    def look(questions: Questions, surface: Surface) -> Candidates:
        return gather(
            services.database,
            services.store,
            questions,
            replace(wanted, pinned=frozenset(pinned.rows)),
            n,
            ruled.widened(surface, params.rules.pool),
            params.retrieval,
            watch,
        )  # steps retrieve, fuse and filter

    candidates = look(questions, surface)
    if request.may_relax and known.understood is not None:
        instead = relax(services, request, known.understood, questions, candidates.retrieved.lists)
        if instead is not None:
            known = replace(known, level=instead.level, reason=instead.reason)
        if instead is not None and instead.questions is not None:
            surface = surface.model_copy(update={"weights": dict(instead.weights)})
            candidates = look(instead.questions, surface)
    rows = {**candidates.rows, **pinned.rows}
    with watch.step("adjust"):
        losses = habits(services, request, known, surface, candidates.fused.ids)
        fused = adjust(candidates.fused, rows, surface, known.preferences, services.now(), losses)
        if known.understood is not None:
            fused = put_first(fused, known.understood.exact, params.search.exact)
        steered = steer(ruled, fused, rows, pinned, n)
    with watch.step("diversify"):
        drawn = diversify(
            Known(
                services.vectors,
                known.release.behaviour if known.release else None,
                rows,
                known.query.past,
                known.exposure,
            ),
            steered.fused,
            surface,
            n,
            request_seed(request.request_id),
        )
        drawn, acts = settle(steered, drawn, ruled, pinned)
    slate = Slate(
        request.request_id,
        request.surface,
        assignment.label,
        known.release.id if known.release else None,
        known.level,
        known.reason,
        ranked_items(drawn, known.level, frozenset(pinned.rows).difference(candidates.fused.ids.tolist())),
        candidates.retrieved.degraded,
        shortfall(len(drawn.propensities), n, candidates.dropped, [label for label, _ in ruled.required]),
        _trace(candidates, steered.by_score(), drawn.fused, len(drawn.propensities), watch, acts),
        assignment.arms,
        drawn.draw,
        gather_evidence(services, request, known, candidates, surface, drawn) if request.explain else {},
        known.understood,
    )
    services.record(request, slate)
    return slate


def _for_newcomers(surface: Surface, request: Request, known: Hydrated) -> Surface:
    """Whoever has no past sees what trends, also where the weights leave it out for everybody else."""
    has_something = any(surface.weights.get(name) for name in ("trending", "best_value"))
    if not surface.personal or known.query.past is not None or request.weights is not None or has_something:
        return surface
    return surface.model_copy(update={"weights": {**surface.weights, "trending": 1.0}})


def _slots(asked: int | None, surface: Surface) -> int:
    n = surface.n if asked is None else asked
    if not 1 <= n <= surface.max_n:
        raise InvalidQuery(f"n must lie between 1 and {surface.max_n} on this surface, got {n}", code="invalid_n")
    return n


def ranked_items(drawn: Diversified, level: str, by_rule: frozenset[int]) -> tuple[RankedItem, ...]:
    """The slate's products, each with what made its score.

    Parameters
    ----------
    level : what the answer builds on. by_rule : products that no signal has found.
    """
    items = []
    fused, first = drawn.fused, next(iter(drawn.fused.signals), BY_RULE)
    shares_of = fused.contributions[:, : len(drawn.propensities)].T.tolist()
    for slot, propensity in enumerate(drawn.propensities.tolist()):
        shares = {name: share for name, share in zip(fused.signals, shares_of[slot], strict=True) if share}
        product = int(fused.ids[slot])
        source = BY_RULE if product in by_rule else strongest(shares, first)
        items.append(
            RankedItem(
                product,
                slot + 1,
                float(fused.scores[slot]),
                shares,
                propensity,
                source,
                _level(source, level),
                drawn.guests[slot],
            )
        )
    return tuple(items)


def strongest(shares: Mapping[str, float], otherwise: str) -> str:
    """The signal that contributed most; ``rule`` where only rules did, `otherwise` where nothing did.

    Examples
    --------
    >>> strongest({"text": 0.4, "image": 0.1, "rule:sale": 3.0}, "image"), strongest({"rule:sale": 3.0}, "text")
    ('text', 'rule')
    >>> strongest({}, "text")
    'text'
    """
    if not shares:
        return otherwise
    signals = {name: share for name, share in shares.items() if not name.startswith(STEERING)}
    return max(signals, key=signals.__getitem__, default=BY_RULE)


def _level(source: str, level: str) -> str:
    if source in ("trending", "best_value"):
        return "category" if level == "category" and source == "trending" else "global"
    return "content" if source in ("lexical", "text", "image", "searches") else level


def _trace(
    candidates: Candidates, by_score: Ids, fused: Fused, shown: int, watch: Stopwatch, acts: tuple[RuleAct, ...]
) -> Trace:
    retrieved = {name: len(hits.ids) for name, hits in candidates.retrieved.lists.items()}
    outranked = (*fused.ids[shown:].tolist(), *candidates.rest.tolist())
    return Trace(retrieved, candidates.dropped, outranked, watch.step_ms, acts, tuple(by_score.tolist()))


def shortfall(found: int, n: int, dropped: Mapping[int, str], rules: Sequence[str] = ()) -> str | None:
    """Why there are fewer products than asked for; None if there are enough.

    Parameters
    ----------
    rules : labels of the business rules that leave products out.

    Examples
    --------
    >>> shortfall(3, 5, {7: "sold_out"})
    '3 of 5 asked for: no more products match; 1 more were found but are not available now'
    """
    if found >= n:
        return None
    unavailable = sum(why != EXCLUDED and why not in rules for why in dropped.values())
    hint = f"; {unavailable} more were found but are not available now" if unavailable else ""
    by_rules = f"; products are left out by {', '.join(rules)}" if rules else ""
    return f"{found} of {n} asked for: no more products match{hint}{by_rules}"
