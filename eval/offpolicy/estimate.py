"""IPS, SNIPS and doubly robust estimates of what another way of filling slots would have earned.

The value is the expected reward of a slate, summed over its slots, in the *item-position model*: what a slot earns
depends on who looks, on the product in it and on the slot, not on its neighbours (Li et al. 2018). Weights are
``w = P'(product in slot) / P(product in slot)``, both whoever stands in the other slots (`slot_probabilities`).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eval.resampling import RESAMPLES, SEED, resampled_sums, sums_per

Values = NDArray[np.float64]

ESTIMATORS = ("ips", "snips", "dr")


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """I logged slates of up to N slots, with their probabilities under the log and under the candidate.

    Attributes
    ----------
    visitor : int64[I], 0 to V - 1. reward : float64[I, N]. filled : bool[I, N], slots that had a product.
    logged, target : float64[I, N], the probability of the product in its slot, in (0, 1] and [0, 1].
    guess : float64[I, N], a model's reward of what was shown. direct : float64[I], the model's value of the
        candidate's slate. Zeros make the doubly robust estimate plain IPS.
    """

    visitor: NDArray[np.int64]
    reward: Values
    filled: NDArray[np.bool_]
    logged: Values
    target: Values
    guess: Values
    direct: Values

    def weights(self, clip: float) -> Values:
        """``min(target / logged, clip)``, float64[I, N]; 0 where a slot was empty."""
        return np.where(self.filled, np.minimum(self.target / np.where(self.filled, self.logged, 1.0), clip), 0.0)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value per slate with its 95 % interval, and its difference to what the log itself earned, on the same draws."""

    value: float
    low: float
    high: float
    lift: float
    lift_low: float
    lift_high: float


@dataclass(frozen=True, slots=True)
class Overlap:
    """How far the log can speak for the candidate.

    Attributes
    ----------
    ess : ``(sum w)² / sum w²`` in slates, mean of the slots (Kish 1965). share : of the slates.
    max_weight : before clipping. clipped : share of slots whose weight was cut.
    """

    ess: float
    share: float
    max_weight: float
    clipped: float


def estimates(
    sample: Sample, clip: float = np.inf, *, resamples: int = RESAMPLES, seed: int = SEED
) -> dict[str, Estimate]:
    """``logged`` (what was earned), ``ips``, ``snips`` and ``dr``.

    * logged = mean over slates of ``sum_k r_k``
    * IPS = mean of ``sum_k w_k r_k``: unbiased without clipping (Horvitz & Thompson 1952; Li et al. 2018)
    * SNIPS = ``sum_k share_k * sum w_k r_k / sum w_k``: a little bias for much less variance
    * DR = mean of ``direct + sum_k w_k (r_k - guess_k)``: unbiased whatever the model, and better the better it is

    Parameters
    ----------
    clip : largest weight; cutting them trades variance for bias (Ionides 2008).

    Notes
    -----
    Intervals are percentiles of a bootstrap over visitors, all estimators on the same draws.

    References
    ----------
    Swaminathan & Joachims 2015, The Self-Normalized Estimator for Counterfactual Learning, NIPS.
    Dudík, Langford & Li 2011, Doubly Robust Policy Evaluation and Learning, arXiv:1103.4601.
    Li, Abbasi-Yadkori, Kveton, Muthukrishnan, Vinay & Wen 2018, Offline Evaluation of Ranking Policies with Click
    Models, arXiv:1804.10488, section 5 (item-position).

    Examples
    --------
    >>> one, none = np.ones((2, 1)), np.zeros((2, 1))
    >>> sample = Sample(np.arange(2), np.array([[1.0], [0.0]]), one > 0, one / 2, one / 2 + [[0.25], [-0.25]], none,
    ...                 none[:, 0])
    >>> {name: found.value for name, found in estimates(sample).items()}
    {'logged': 0.5, 'ips': 0.75, 'snips': 0.75, 'dr': 0.75}
    """
    weights = sample.weights(clip)
    gained = weights * sample.reward
    slates = np.ones((len(sample.visitor), 1))
    columns = np.hstack([
        slates, sample.reward.sum(1, keepdims=True), gained.sum(1, keepdims=True),
        (sample.direct + (weights * (sample.reward - sample.guess)).sum(1))[:, None], sample.filled, gained, weights,
    ])  # fmt: skip
    per_visitor = sums_per(sample.visitor, columns, int(sample.visitor.max()) + 1)
    point = _values(per_visitor.sum(0, keepdims=True), sample.reward.shape[1])
    drawn = _values(resampled_sums(per_visitor, resamples=resamples, seed=seed), sample.reward.shape[1])
    return {
        name: Estimate(
            float(point[name][0]),
            *_percentiles(drawn[name]),
            float(point[name][0] - point["logged"][0]),
            *_percentiles(drawn[name] - drawn["logged"]),
        )
        for name in ("logged", *ESTIMATORS)
    }


def _values(sums: Values, slots: int) -> dict[str, Values]:
    """Every estimator from sums float64[B, 4 + 3N], float64[B] each."""
    count, filled, gained, weights = (
        sums[:, :1], sums[:, 4 : 4 + slots], sums[:, 4 + slots : 4 + 2 * slots], sums[:, 4 + 2 * slots :]
    )  # fmt: skip
    mean_gain = np.divide(gained, weights, out=np.zeros_like(gained), where=weights > 0)
    return {
        "logged": sums[:, 1] / sums[:, 0],
        "ips": sums[:, 2] / sums[:, 0],
        "snips": (filled / count * mean_gain).sum(1),
        "dr": sums[:, 3] / sums[:, 0],
    }


def _percentiles(drawn: Values) -> tuple[float, float]:
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(low), float(high)


def overlap(sample: Sample, clip: float = np.inf) -> Overlap:
    """Effective sample size and largest weight.

    Examples
    --------
    >>> one, none = np.ones((4, 1)), np.zeros((4, 1))
    >>> overlap(Sample(np.arange(4), none, one > 0, one, one, none, none[:, 0])).ess  # the candidate is the log
    4.0
    """
    raw, weights = sample.weights(np.inf), sample.weights(clip)
    squares = (weights**2).sum(0)
    ess = np.divide(weights.sum(0) ** 2, squares, out=np.zeros_like(squares), where=squares > 0)
    used = sample.filled.any(0)
    mean = float(ess[used].mean()) if used.any() else 0.0
    return Overlap(
        mean,
        mean / len(raw),
        float(raw.max(initial=0.0)),
        float((raw > clip).sum() / max(1, sample.filled.sum())),
    )
