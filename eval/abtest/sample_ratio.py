"""Sample-ratio mismatch: did the variants get the visitors they were promised?"""

from collections.abc import Sequence

SUSPICIOUS = 0.001
"""Below this p nothing in the experiment can be trusted. As Fabijan et al. 2019 use it."""


def sample_ratio_p(visitors: Sequence[int], shares: Sequence[float]) -> float:
    """Probability that counts at least as far from the configured shares come about by chance.

    Chi-square: ``sum (n_a - N share_a)² / (N share_a)`` with A - 1 degrees of freedom.

    Parameters
    ----------
    visitors : of each of A variants. shares : promised to each, adding up to 1.

    References
    ----------
    Fabijan et al. 2019, Diagnosing Sample Ratio Mismatch in Online Controlled Experiments, KDD,
    doi:10.1145/3292500.3330722.

    Examples
    --------
    >>> round(sample_ratio_p([500, 500], [0.5, 0.5]), 3), sample_ratio_p([5200, 4800], [0.5, 0.5]) < SUSPICIOUS
    (1.0, True)
    """
    from scipy.stats import chisquare  # type: ignore[import-untyped,unused-ignore]

    total = sum(visitors)
    return float(chisquare(visitors, [total * share for share in shares]).pvalue) if total else 1.0
