"""The slate of a request: its slots, what it builds on, why it is short, and where every candidate ended."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType

from service.context import Request
from service.core.evidence import Evidence
from service.core.rules import BY_RULE, STEERING, RuleAct
from service.core.types import RankedItem, Slate, Trace
from service.experiments import Assignment
from service.look import Found
from service.modes import BEHIND
from service.ranking.eligibility import EXCLUDED, FILTERED
from service.steer import Steered
from service.stopwatch import Stopwatch
from service.store.vectors import Hits
from service.variants import VARIANT
from service.variety import Diversified
from service.words.favour import TRAIT
from service.words.held import HELD


def make_slate(
    request: Request,
    assignment: Assignment,
    found: Found,
    steered: Steered,
    drawn: Diversified,
    acts: tuple[RuleAct, ...],
    n: int,
    evidence: Mapping[int, Evidence],
    watch: Stopwatch,
) -> Slate:
    """Everything that is known at the end of a request, as its answer."""
    known, candidates = found.known, found.candidates
    by_rule = frozenset(found.pinned.rows).difference(candidates.fused.ids.tolist())
    shown = len(drawn.propensities)
    trace = Trace(
        {name: len(hits.ids) for name, hits in candidates.retrieved.lists.items()},
        candidates.dropped,
        (*drawn.fused.ids[shown:].tolist(), *candidates.rest.tolist()),
        watch.step_ms,
        acts,
        tuple(steered.by_score().tolist()),
    )
    return Slate(
        request.request_id,
        request.surface,
        assignment.label,
        known.release.id if known.release else None,
        known.level,
        known.reason,
        ranked_items(drawn, known.level, by_rule, candidates.retrieved.lists),
        candidates.retrieved.degraded,
        shortfall(shown, n, candidates.dropped, [label for label, _ in found.ruled.required]),
        trace,
        assignment.arms,
        drawn.draw,
        evidence,
        known.understood,
        known.unknown,
    )


def ranked_items(
    drawn: Diversified, level: str, by_rule: frozenset[int], lists: Mapping[str, Hits] = MappingProxyType({})
) -> tuple[RankedItem, ...]:
    """The slate's products, each with what made its score.

    Parameters
    ----------
    level : what the answer builds on. by_rule : products that no signal has found. lists : of the signals.
    """
    items = []
    of_level = {name: _level(name, level) for name in (*drawn.fused.signals, BY_RULE)}
    fused, first = drawn.fused, next(iter(drawn.fused.signals), BY_RULE)
    shares_of = fused.contributions[:, : len(drawn.propensities)].T.tolist()
    slots = zip(fused.ids.tolist(), fused.scores.tolist(), drawn.propensities.tolist(), shares_of, strict=False)
    for slot, (product, score, propensity, own) in enumerate(slots):
        shares = {name: share for name, share in zip(fused.signals, own, strict=True) if share}
        source = BY_RULE if product in by_rule else strongest(shares) or proposer(product, lists) or first
        items.append(
            RankedItem(
                product,
                slot + 1,
                score,
                shares,
                propensity,
                source,
                of_level.get(source) or _level(source, level),
                drawn.guests[slot],
            )
        )
    return tuple(items)


def strongest(shares: Mapping[str, float]) -> str | None:
    """The signal that contributed most; ``rule`` where only rules did, None where nothing did.

    Examples
    --------
    >>> strongest({"text": 0.4, "image": 0.1, "rule:sale": 3.0}), strongest({"rule:sale": 3.0}), strongest({})
    ('text', 'rule', None)
    """
    signals = [name for name in shares if _is_signal(name)]
    if signals:
        return max(signals, key=shares.__getitem__)
    return BY_RULE if shares.keys() - {BEHIND} else None


@lru_cache(maxsize=1000)  # rules have names of their own, but few; a list asks for each of thousands of products
def _is_signal(name: str) -> bool:
    return not name.startswith((*STEERING, TRAIT)) and name not in (BEHIND, HELD)


def proposer(product: int, lists: Mapping[str, Hits]) -> str | None:
    """The signal that found a product; it may be the last of its list, and so have no share in the score."""
    return next((name for name, hits in lists.items() if product in hits.ids), None)


def _level(source: str, level: str) -> str:
    if source in ("trending", "best_value"):
        return "category" if level == "category" and source == "trending" else "global"
    return "content" if source in ("lexical", "text", "image", "searches") else level


def shortfall(found: int, n: int, dropped: Mapping[int, str], rules: Sequence[str] = ()) -> str | None:
    """Why there are fewer products than asked for; None if there are enough.

    Parameters
    ----------
    rules : labels of the business rules that leave products out.

    Examples
    --------
    >>> shortfall(3, 5, {7: "sold_out"})
    '3 of 5 asked for: no more products match; 1 more were found but are not available now'
    >>> shortfall(3, 5, {7: "variant:3"})
    '3 of 5 asked for: no more products match; 1 more are variants of these'
    >>> shortfall(3, 5, {7: "filtered"})
    '3 of 5 asked for: no more products match'
    """
    if found >= n:
        return None
    variants = sum(why.startswith(VARIANT) for why in dropped.values())
    told_or_unasked = {EXCLUDED, FILTERED, *rules}
    unavailable = sum(why not in told_or_unasked for why in dropped.values()) - variants
    hint = f"; {unavailable} more were found but are not available now" if unavailable else ""
    hint += f"; {variants} more are variants of these" if variants else ""
    by_rules = f"; products are left out by {', '.join(rules)}" if rules else ""
    return f"{found} of {n} asked for: no more products match{hint}{by_rules}"
