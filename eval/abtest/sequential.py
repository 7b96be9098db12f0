"""Intervals and p-values that may be looked at every day: confidence sequences.

A 95 % interval is right for one look; who looks again and again and stops at the first that leaves 0 out is wrong far
more often. A confidence sequence holds at all times at once, so stopping whenever one likes costs nothing.
"""

from math import exp, inf, log, sqrt

ALPHA = 0.05
PLANNED = 10_000
"""Visitors at which the sequence is tightest where nothing else was planned. Judgement; any number is valid."""
_Z_POWER_80 = 0.841621  # quantile of the normal distribution at .80
_MOST = 10**12


def mixing(planned: int, alpha: float = ALPHA) -> float:
    """``rho²`` for which the sequence is about tightest after so many visitors; chosen before anything is seen.

    ``(-2 log(alpha) + log(-2 log(alpha)) + 1) / planned``

    References
    ----------
    Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas 2021, Time-uniform central limit theory and asymptotic confidence
    sequences, arXiv:2103.06476, appendix on the choice of rho.
    """
    return (-2 * log(alpha) + log(-2 * log(alpha)) + 1) / planned


def radius(error: float, visitors: int, *, planned: int = PLANNED, alpha: float = ALPHA) -> float:
    """Half the width of the asymptotic confidence sequence around a mean (or difference, or ratio).

    ``s sqrt(2 (n rho² + 1) / (n² rho²) log(sqrt(n rho² + 1) / alpha))`` with ``s² = n error²``.

    Parameters
    ----------
    error : standard error of the estimate now. visitors : n, of both arms together.

    References
    ----------
    Waudby-Smith et al. 2021, arXiv:2103.06476, theorem 2.2. The same bound as the mixture sequential probability ratio
    test with a normal mixture: Johari, Koomen, Pekelis & Walsh 2017, Peeking at A/B Tests, KDD,
    doi:10.1145/3097983.3097992.

    Examples
    --------
    >>> round(radius(0.01, 10_000), 4), round(1.96 * 0.01, 4)  # the price of looking whenever one likes
    (0.0304, 0.0196)
    """
    scaled = visitors * mixing(planned, alpha)
    if not scaled:
        return inf
    return error * sqrt(2 * (scaled + 1) / scaled * log(sqrt(scaled + 1) / alpha))


def always_p(difference: float, error: float, visitors: int, *, planned: int = PLANNED) -> float:
    """A p-value that is valid at whatever moment one looks: the largest alpha whose sequence still holds 0.

    ``min(1, sqrt(n rho² + 1) exp(-z² n rho² / (2 (n rho² + 1))))``, ``z = difference / error``, rho² that of 5 %.

    Examples
    --------
    >>> always_p(0.0, 0.01, 10_000), round(always_p(radius(0.01, 10_000), 0.01, 10_000), 4)
    (1.0, 0.05)
    """
    if not error:
        return 1.0  # nothing varied, so nothing can be said
    scaled = visitors * mixing(planned)
    return min(1.0, sqrt(scaled + 1) * exp(-((difference / error) ** 2) * scaled / (2 * (scaled + 1))))


def visitors_needed(effect: float, error: float, visitors: int, *, planned: int = PLANNED) -> int | None:
    """Visitors, those there already are included, with whom a true effect is seen 4 times out of 5.

    The smallest n with ``radius(n) + z_.80 error(n) <= |effect|``, where ``error(n)`` falls as ``1 / sqrt(n)``.

    Returns
    -------
    int, or None where the effect is 0 or more visitors would be needed than there are people.

    Examples
    --------
    >>> visitors_needed(0.05, 0.01, 10_000) <= 10_000 < visitors_needed(0.01, 0.01, 10_000)
    True
    """
    if not effect or not error or not visitors:
        return None

    def is_enough(count: int) -> bool:
        then = error * sqrt(visitors / count)
        return radius(then, count, planned=planned) + _Z_POWER_80 * then <= abs(effect)

    low, high = 1, _MOST
    if not is_enough(high):
        return None
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if is_enough(middle) else (middle + 1, high)
    return low
