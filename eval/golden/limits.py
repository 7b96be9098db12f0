"""Minimums a build must reach: ``hit@10=0.8``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from service.core.errors import InvalidQuery

BY_IDS = ("hit", "mrr", "ndcg", "recall")
BY_CONDITIONS = "precision"
NOTHING = "nothing"
MAX_DEPTH = 100
_ALLOWED = f"{', '.join(f'{name}@K' for name in (*BY_IDS, BY_CONDITIONS))} (K from 1 to {MAX_DEPTH}) and {NOTHING}"


@dataclass(frozen=True, slots=True)
class Minimum:
    """A metric and the least it may be, 0-1."""

    metric: str
    at_least: float

    @property
    def depth(self) -> int:
        """How far down lists it looks; 0 where it does not look at lists."""
        return int(self.metric.partition("@")[2] or 0)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a minimum is reached."""

    metric: str
    at_least: float
    got: float
    passed: bool


def parse_minimum(text: str) -> Minimum:
    """One minimum from the command line.

    Raises
    ------
    InvalidQuery : another metric, or no number from 0 to 1.

    Examples
    --------
    >>> parse_minimum("hit@10=0.8")
    Minimum(metric='hit@10', at_least=0.8)
    """
    metric, _, value = (part.strip() for part in text.partition("="))
    name, at, cutoff = metric.partition("@")
    has_cutoff = cutoff.isascii() and cutoff.isdigit() and 1 <= int(cutoff[:9]) <= MAX_DEPTH
    if metric != NOTHING and not (name in (*BY_IDS, BY_CONDITIONS) and at and has_cutoff):
        raise InvalidQuery(f"--min {text!r}: there is no metric {metric!r}; there are {_ALLOWED}", code="invalid_min")
    try:
        number = float(value)
    except ValueError:
        number = -1.0
    if not 0 <= number <= 1:
        raise InvalidQuery(f"--min {text!r}: write a number from 0 to 1, like hit@10=0.8", code="invalid_min")
    return Minimum(metric if metric == NOTHING else f"{name}@{int(cutoff)}", number)


def judge(minimums: Sequence[Minimum], metrics: Mapping[str, float]) -> list[Verdict]:
    """Compare each minimum with what was measured.

    Raises
    ------
    InvalidQuery : a metric that no query of the file has.
    """
    verdicts = []
    for minimum in minimums:
        if minimum.metric not in metrics:
            raise InvalidQuery(
                f"--min {minimum.metric}: no query of the file has such expectations, so it cannot be measured; "
                f"measured are {', '.join(metrics)}",
                code="invalid_min",
            )
        got = metrics[minimum.metric]
        verdicts.append(Verdict(minimum.metric, minimum.at_least, got, got >= minimum.at_least))
    return verdicts
