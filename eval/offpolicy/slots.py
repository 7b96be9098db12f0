"""The probability that a product stands in a slot, whoever stands before it (marginals of Plackett-Luce)."""

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

_LONGEST_STEP = 0.4  # of log time
_BEFORE, _AFTER = 8.5, 3.6  # e-folds before the first and after the last arrival: 1e-7 of what is behind slot 1
_FAR = 40.0  # e-folds behind the last slot's product: such products are never drawn
_CELLS = 100_000  # complex numbers held at once, so that they stay in the cache


def slot_probabilities(logits: Values, n: int) -> Values:
    """How likely each product is in each slot, float64[B, N, C].

    The log holds the probability of a product *given the slots before it*; this is the average of that over all ways
    to fill the slots before, which is what a reward that depends on product and slot alone must be divided by.

    Parameters
    ----------
    logits : float64[B, C], score / temperature of the C products of B slates; -inf where a slate has fewer.
    n : slots, >= 1; probabilities of slots that a slate cannot fill are 0.

    Notes
    -----
    Plackett-Luce is a race: product c arrives at a time T_c ~ Exp(exp(logit_c)), and slot k goes to the k-th to
    arrive. So ``P(c in slot k) = int dP(T_c = t) P(exactly k - 1 of the others came before t)``: an integral over
    log time by the trapezoid rule (the k-th arrival is spread over about ``1 / sqrt(k)`` e-folds, so steps of
    ``0.9 / sqrt(n)`` are exact to 1e-8), of a Poisson-binomial probability, got from its generating function
    at an odd number of roots of unity (where no factor is 0, so that c's own can be divided out). O(B M C²) for M nodes
    in time: about 3 ms a slate of 20 out of 60.

    References
    ----------
    Plackett 1975, The Analysis of Permutations; the race: Yellott 1977, doi:10.1016/0022-2496(77)90026-8;
    Poisson-binomial by Fourier transform: Hong 2013, doi:10.1016/j.csda.2012.10.006.

    Examples
    --------
    >>> slot_probabilities(np.log(np.array([[2.0, 1.0, 1.0]])), 2).round(4).tolist()
    [[[0.5, 0.25, 0.25], [0.3333, 0.3333, 0.3333]]]
    """
    trimmed = _trimmed(logits, n)
    spread = np.where(np.isfinite(trimmed), -trimmed, 0.0).max(1, initial=0.0)
    found = np.zeros((len(logits), n, logits.shape[1]))
    order = np.argsort(spread)  # slates of a like spread share their nodes in time
    start = 0
    while start < len(order):
        rows = order[start : start + _batch(spread[order[start:]], n, logits.shape[1])]
        found[rows] = _race(trimmed[rows], n, float(spread[rows].max()))
        start += len(rows)
    return found


def _trimmed(logits: Values, n: int) -> Values:
    """The best at 0, and -inf for what is too far behind the n-th to be drawn before it."""
    shifted = logits - logits.max(1, keepdims=True)
    last = -np.sort(-shifted, axis=1)[:, min(n, logits.shape[1]) - 1]
    # a slate shorter than n reaches down to its own last product
    smallest = np.where(np.isfinite(shifted), shifted, 0.0).min(1)
    floor = np.where(np.isfinite(last), last - _FAR, smallest)
    return np.where(shifted >= floor[:, None], shifted, -np.inf)


def _step(n: int) -> float:
    return float(min(_LONGEST_STEP, 0.9 / np.sqrt(n)))


def _batch(spread: Values, n: int, products: int) -> int:
    """How many of the slates, sorted by spread, fit at once."""
    # the widest decides for all of a batch
    per_slate = (spread + _BEFORE + np.log(products) + _AFTER) / _step(n) * products
    fitting = np.searchsorted(per_slate * np.arange(1, len(per_slate) + 1), _CELLS, side="right")
    return max(1, int(fitting))


def _race(logits: Values, n: int, spread: float) -> Values:
    count, step = logits.shape[1], _step(n)
    log_time = np.arange(-_BEFORE - np.log(count), spread + _AFTER + step, step)
    passed = np.exp(np.minimum(logits[:, None, :] + log_time[:, None], 40.0))  # [B, M, C], expected arrivals
    here, gone = np.exp(-passed), -np.expm1(-passed)
    density = passed * here * step
    still, just, spread_out = density * here, density * gone, 2 * here * gone
    by_product = np.moveaxis(gone, 2, 0)
    roots = count if count % 2 else count + 1
    slots = np.arange(min(n, count))
    result = np.zeros((len(logits), n, count))
    for m in range(roots // 2 + 1):  # the others are conjugates
        turn = np.exp(2j * np.pi * m / roots)
        everybody = (by_product * (turn - 1) + 1).prod(0)[:, None, :]  # [B, 1, M], the generating function
        # 1 / factor = conjugate / |factor|², so that the product's own factor is divided out in real numbers
        size = 1 / (1 - spread_out * (1 - turn.real))
        spectrum = _weighted(everybody, still * size) + _weighted(everybody * turn.conjugate(), just * size)
        share = (1 if m == 0 else 2) / roots
        result[:, : len(slots)] += share * (spectrum * (turn**-slots)[:, None]).real
    result[:, 0] = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)  # known better than by an integral
    return np.clip(result, 0.0, 1.0)


def _weighted(function: NDArray[np.complex128], weights: Values) -> NDArray[np.complex128]:
    """Sums over time of [B, 1, M] x [B, M, C] -> [B, 1, C], real and imaginary parts apart for speed."""
    parts = np.concatenate([function.real, function.imag], axis=1) @ weights
    return parts[:, :1] + 1j * parts[:, 1:]
