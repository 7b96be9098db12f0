"""Golden queries asked of the shop's own search, through the HTTP API: fused and each leg alone."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from eval.catalogue.shop import each_product
from eval.golden.confidence import COSINE, Confidence, confidence, rule
from eval.golden.expected import Expected, expect
from eval.golden.limits import BY_CONDITIONS, BY_IDS, NOTHING, Minimum, judge
from eval.golden.lines import Golden
from eval.relevance import mean_metrics, precision
from eval.search_quality import ask_all, legs_of
from service.core.types import DEFAULT_TENANT
from service.store.catalog import count_stale

if TYPE_CHECKING:
    from service.runtime import Runtime

DEPTH = 10


@dataclass(frozen=True, slots=True)
class Answered:
    """A golden query with what fits it, what search found in order, and how sure it can be."""

    golden: Golden
    expected: Expected
    found: Sequence[str]
    confidence: Confidence


def measure_golden(
    runtime: "Runtime",
    golden: Sequence[Golden],
    name: str,
    *,
    minimums: Sequence[Minimum] = (),
    low_cosine: float = COSINE,
    on_progress: Callable[[float], None] | None = None,
) -> dict[str, Any]:
    """Ask every golden query and compare.

    Parameters
    ----------
    name : what to call the file in an error. low_cosine : see `eval.golden.confidence`.

    Returns
    -------
    dict : ``file, queries, k, fused, legs, by_condition, missed, zero_results, low_confidence, low_confidence_rule,
        never_shown, waiting_for_the_index, minimums, passed``; plain values only.

    Raises
    ------
    InvalidQuery : unknown ids, conditions no product fulfils, or a minimum that cannot be measured.
    """
    products = (seen.product for _, seen in each_product(runtime.database))
    expected, never_shown = expect(golden, products, name)
    wanted = _metrics(minimums)
    legs = legs_of(runtime)
    depth = max(DEPTH, *(int(metric.partition("@")[2]) for metric in wanted))
    texts = [entry.query for entry in golden]
    fused, *single = asyncio.run(ask_all(runtime, texts, [None, *legs.values()], on_progress, depth))
    sure = [confidence(runtime.store, runtime.encoders, DEFAULT_TENANT, text) for text in texts]
    answered = [Answered(*each) for each in zip(golden, expected, fused, sure, strict=True)]
    measured = _measured(answered, wanted) | _nothing(answered, low_cosine)
    verdicts = judge(minimums, measured)
    with runtime.database.session() as session:
        waiting = count_stale(session)
    return {
        "file": name,
        "queries": len(golden),
        "k": DEPTH,
        "fused": measured,
        "legs": {
            leg: _measured([Answered(*e) for e in zip(golden, expected, found, sure, strict=True)], wanted)
            for leg, found in zip(legs, single, strict=True)
            if any(found)  # a leg without any vector says nothing about quality
        },
        "by_condition": _by_condition(answered),
        "missed": [_complaint(entry, why) for entry in answered if (why := _why_missed(entry, low_cosine))],
        "zero_results": [_complaint(e, "nothing found") for e in answered if _finds_too_little(e)],
        "low_confidence": [
            {"line": entry.golden.line, "query": entry.golden.query, **asdict(entry.confidence)}
            for entry in answered
            if not entry.golden.expects_nothing and entry.confidence.is_low(low_cosine)
        ],
        "low_confidence_rule": rule(low_cosine),
        "never_shown": never_shown,
        "waiting_for_the_index": waiting,
        "minimums": [asdict(verdict) for verdict in verdicts],
        "passed": all(verdict.passed for verdict in verdicts),
    }


def first_slots(found: Sequence[str], fitting: frozenset[str], k: int) -> float:
    """Precision over the slots that could be right: the first ``min(k, |fitting|)``, 0-1.

    A shop with three red mugs cannot fill ten slots with them.

    Examples
    --------
    >>> first_slots(["a", "b", "x"], frozenset("ab"), 10), first_slots(["x", "a", "b"], frozenset("ab"), 10)
    (1.0, 0.5)
    """
    return precision(found, fitting, min(k, len(fitting)))


def _metrics(minimums: Sequence[Minimum]) -> list[str]:
    usual = ("hit@1", f"hit@{DEPTH}", f"mrr@{DEPTH}", f"recall@{DEPTH}", f"ndcg@{DEPTH}", f"{BY_CONDITIONS}@{DEPTH}")
    return list(dict.fromkeys([*usual, *(minimum.metric for minimum in minimums if minimum.depth)]))


def _measured(answered: Sequence[Answered], wanted: Sequence[str]) -> dict[str, float]:
    """Each metric over the queries it is defined for; left out where there are none."""
    by_ids = [entry for entry in answered if entry.expected.ids]
    by_conditions = [entry for entry in answered if entry.expected.fitting]
    metrics: dict[str, float] = {}
    for metric in wanted:
        name, _, cutoff = metric.partition("@")
        if name in BY_IDS and by_ids:
            metrics |= mean_metrics([e.found for e in by_ids], [e.expected.ids for e in by_ids], [metric])
        elif name == BY_CONDITIONS and by_conditions:
            values = [first_slots(e.found, e.expected.fitting, int(cutoff)) for e in by_conditions]
            metrics[metric] = sum(values) / len(values)
    return metrics


def _nothing(answered: Sequence[Answered], low_cosine: float) -> dict[str, float]:
    """Share of the queries that fit no product whose answer is empty or unsure."""
    asked = [entry for entry in answered if entry.golden.expects_nothing]
    return {NOTHING: sum(_is_unsure(e, low_cosine) for e in asked) / len(asked)} if asked else {}


def _is_unsure(entry: Answered, low_cosine: float) -> bool:
    return not entry.found or entry.confidence.is_low(low_cosine)


def _finds_too_little(entry: Answered) -> bool:
    return not entry.found and not entry.golden.expects_nothing


def _by_condition(answered: Sequence[Answered]) -> dict[str, float]:
    """Precision by field, each condition looked at alone."""
    values: dict[str, list[float]] = {}
    for entry in answered:
        for condition, ids in entry.expected.fulfil.items():
            values.setdefault(condition.field, []).append(first_slots(entry.found, ids, DEPTH))
    return {field: sum(found) / len(found) for field, found in values.items()}


def _why_missed(entry: Answered, low_cosine: float) -> str | None:
    """What is wrong with an answer, or None."""
    golden, expected = entry.golden, entry.expected
    if golden.expects_nothing:
        sure = f"{entry.confidence.words:.0%} of the words, cosine {entry.confidence.cosine:.2f}"
        return None if _is_unsure(entry, low_cosine) else f"should find nothing, but finds {entry.found[0]} ({sure})"
    if expected.ids and not expected.ids & set(entry.found[:DEPTH]):
        return f"none of its ids among the first {DEPTH}; first is {entry.found[0] if entry.found else 'nothing'}"
    wrong = [i for i in entry.found[: min(DEPTH, len(expected.fitting))] if i not in expected.fitting]
    return f"{len(wrong)} of the first slots do not fit: {', '.join(wrong[:5])}" if wrong and expected.fitting else None


def _complaint(entry: Answered, why: str) -> Mapping[str, Any]:
    return {"line": entry.golden.line, "query": entry.golden.query, "why": why}
