"""What may be said of a variant beside the control, at whatever moment one looks."""

from dataclasses import dataclass
from math import isfinite, sqrt

from eval.abtest.ratio import Ratio
from eval.abtest.sequential import PLANNED, always_p, radius, visitors_needed
from service.core.intervals import MARGIN, Interval, Verdict

UNTRUSTWORTHY = "untrustworthy"
WORTHWHILE = 0.05
"""Relative effect that a variant is expected to have, for the number of visitors still needed. Judgement."""


@dataclass(frozen=True, slots=True)
class Effect:
    """Variant minus control.

    Attributes
    ----------
    low, high : 95 %, right for one look that was planned. always_low, always_high, p : right at any time.
    relative : to the control; NaN where that is 0. still_needed : visitors, of both arms together, until an effect
        of `WORTHWHILE` (where there are enough for that already: of `MARGIN`) would be seen 4 times out of 5; None
        where they are not needed, or nobody can say.
    """

    difference: float
    low: float
    high: float
    always_low: float
    always_high: float
    relative: float
    p: float
    verdict: str
    still_needed: int | None


def effect(control: Ratio, variant: Ratio, *, is_trusted: bool = True, planned: int = PLANNED) -> Effect:
    """Compare; the rule:

    * untrustworthy: the visitors were not split as configured
    * better, worse: the confidence sequence leaves 0 out
    * no difference: it lies within ± 2 % of the control
    * underpowered: neither

    Parameters
    ----------
    planned : visitors the experiment was planned for; see `eval.abtest.sequential`.

    Examples
    --------
    >>> effect(Ratio(0.10, 0.001, 10_000), Ratio(0.12, 0.001, 10_000)).verdict
    'better'
    >>> effect(Ratio(0.10, 0.01, 200), Ratio(0.12, 0.01, 200)).verdict
    'underpowered'
    """
    difference, error = variant.value - control.value, sqrt(control.error**2 + variant.error**2)
    visitors = control.visitors + variant.visitors
    if not isfinite(difference) or not isfinite(error):
        nothing = float("nan")
        return Effect(
            difference, nothing, nothing, nothing, nothing, nothing, 1.0, _word(is_trusted, Verdict.UNDERPOWERED), None
        )
    once = Ratio(difference, error, visitors).interval()
    wide = radius(error, visitors, planned=planned)
    always = Interval(difference, difference - wide, difference + wide)
    found = _verdict(always, error, MARGIN * abs(control.value))
    return Effect(
        difference,
        once.low,
        once.high,
        always.low,
        always.high,
        difference / control.value if control.value else float("nan"),
        always_p(difference, error, visitors, planned=planned),
        _word(is_trusted, found),
        _still_needed(control.value, error, visitors, planned) if found is Verdict.UNDERPOWERED else None,
    )


def _still_needed(base: float, error: float, visitors: int, planned: int) -> int | None:
    for relative in (WORTHWHILE, MARGIN):
        needed = visitors_needed(relative * base, error, visitors, planned=planned)
        if needed is not None and needed > visitors:
            return needed - visitors
    return None


def _verdict(always: Interval, error: float, margin: float) -> Verdict:
    if error and always.low > 0:
        return Verdict.BETTER
    if error and always.high < 0:
        return Verdict.WORSE
    return Verdict.SAME if error and -margin <= always.low and always.high <= margin else Verdict.UNDERPOWERED


def _word(is_trusted: bool, verdict: Verdict) -> str:
    return str(verdict) if is_trusted else UNTRUSTWORTHY
