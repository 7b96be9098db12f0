"""What lists are like besides being right: how wide, novel, varied, personal, and true to each user's taste.

Lists are int64[U, N]: each user's products as places in the catalogue 0..P-1, best first, -1 for a slot left empty.
What cannot be said of a user (an empty list, one product alone, nothing known of taste) is NaN.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.core.types import Floats, Ids

Values = NDArray[np.float64]

_BLOCK = 1000  # users at once where pairs of slots are looked at


def exposure(lists: Ids, products: int) -> Ids:
    """In how many lists each product stands, int64[P].

    Examples
    --------
    >>> exposure(np.array([[0, 1], [0, -1]]), 3).tolist()
    [2, 1, 0]
    """
    return np.bincount(lists[lists >= 0], minlength=products)


def coverage(shown: Ids) -> float:
    """Share of the catalogue that somebody is shown, 0-1: ``|{p: shown_p > 0}| / P``.

    Parameters
    ----------
    shown : `exposure`.

    References
    ----------
    Herlocker et al. 2004, Evaluating Collaborative Filtering Recommender Systems, doi:10.1145/963770.963772.

    Examples
    --------
    >>> coverage(np.array([2, 1, 0, 0]))
    0.5
    """
    return float((shown > 0).mean())


def gini(shown: Ids) -> float:
    """How unequally products share the slots, 0 (all alike) to (P - 1) / P (one has them all).

    ``sum over p of (2 p - P - 1) x_p / (P sum x)`` with exposures x in ascending order, p from 1.

    References
    ----------
    Gunawardana & Shani 2015, Recommender Systems Handbook, doi:10.1007/978-1-4899-7637-6_8.

    Examples
    --------
    >>> gini(np.array([3, 3, 3])), gini(np.array([0, 0, 0, 8]))
    (0.0, 0.75)
    """
    ascending = np.sort(shown)
    size, total = len(shown), float(shown.sum())
    if not total:
        return float("nan")
    return float(((2 * np.arange(1, size + 1) - size - 1) * ascending).sum() / (size * total))


def novelty(lists: Ids, known_by: Ids, users: int) -> Values:
    """Mean self-information of each user's products, in bits, >= 0: float64[U].

    ``mean over slots of -log2((known_by_p + 1) / (users + 1))``; the ones keep a product nobody met finite.

    Parameters
    ----------
    known_by : int64[P], users who had met each product. users : of whom.

    References
    ----------
    Zhou et al. 2010, doi:10.1073/pnas.1000488107; Vargas & Castells 2011, doi:10.1145/2043932.2043955.

    Examples
    --------
    >>> novelty(np.array([[0, 1]]), np.array([7, 1]), users=7).tolist()  # 0 and 2 bits
    [1.0]
    """
    bits = -np.log2((known_by + 1) / (users + 1))
    return slot_means(lists, bits)


def slot_means(lists: Ids, values: Values) -> Values:
    """Mean of float64[P] over each user's filled slots, float64[U].

    Examples
    --------
    >>> slot_means(np.array([[0, 2], [1, -1]]), np.array([1.0, 5.0, 2.0])).tolist()
    [1.5, 5.0]
    """
    filled = lists >= 0
    return _ratio(np.where(filled, values[lists], 0.0).sum(1), filled.sum(1))


def vector_diversity(lists: Ids, vectors: Floats) -> Values:
    """How little a user's products resemble each other: 1 - mean cosine over pairs of slots, 0-2: float64[U].

    Parameters
    ----------
    vectors : float32[P, D] of length 1; all zeros for a product without a vector, which is left out.

    References
    ----------
    Ziegler et al. 2005 (intra-list similarity), doi:10.1145/1060745.1060754.

    Examples
    --------
    >>> vector_diversity(np.array([[0, 1], [0, 2]]), np.array([[1, 0], [1, 0], [0, 1]], np.float32)).tolist()
    [0.0, 1.0]
    """
    padded = np.concatenate([vectors, np.zeros((1, vectors.shape[1]), np.float32)])
    means = []
    for block in _blocks(lists):
        chosen = padded[block].astype(np.float64)  # -1 is the row of zeros
        squares = (chosen**2).sum((1, 2))
        count = (chosen**2).sum(2).round().sum(1)  # those with a vector
        pairs = ((chosen.sum(1) ** 2).sum(1) - squares) / 2
        means.append(1 - _ratio(pairs, count * (count - 1) / 2))
    return _joined(means)


def kind_diversity(lists: Ids, kinds: NDArray[np.bool_]) -> Values:
    """Share of pairs of a user's products that have no kind (category, genre) in common, 0-1: float64[U].

    Parameters
    ----------
    kinds : bool[P, G], what each product is; products of no kind are left out.

    Examples
    --------
    >>> mugs, lamps = [True, False], [False, True]
    >>> kind_diversity(np.array([[0, 1, 2]]), np.array([mugs, mugs, lamps])).round(3).tolist()
    [0.667]
    """
    padded = np.concatenate([kinds, np.zeros((1, kinds.shape[1]), bool)]).astype(np.float32)
    means = []
    for block in _blocks(lists):
        chosen = padded[block]
        told = chosen.any(2)
        both = told[:, :, None] & told[:, None, :] & ~np.eye(block.shape[1], dtype=bool)
        apart = both & (chosen @ chosen.transpose(0, 2, 1) == 0)
        means.append(_ratio(apart.sum((1, 2)), both.sum((1, 2))))
    return _joined(means)


def personalisation(lists: Ids, products: int) -> float:
    """1 - mean overlap of two users' lists, 0 (all the same) to 1 (nothing in common); N slots count for each.

    ``1 - 2 / (U (U - 1)) sum over pairs of |list_u & list_v| / N``; a product in x lists is common to x (x - 1) / 2
    pairs, so no pair need be looked at.

    References
    ----------
    Zhou et al. 2010 (inter-user Hamming distance), doi:10.1073/pnas.1000488107.

    Examples
    --------
    >>> personalisation(np.array([[0, 1], [0, 2]]), 3), personalisation(np.array([[0, 1], [1, 0]]), 3)
    (0.5, 0.0)
    """
    users, slots = lists.shape
    if users < 2 or not slots:
        return float("nan")
    shown = exposure(lists, products).astype(np.float64)
    return float(1 - (shown * (shown - 1)).sum() / (users * (users - 1) * slots))


def popularity_lift(lists: Ids, pasts: Values, popularity: Values) -> float:
    """By how much more popular products are shown than users chose themselves: 0 is faithful, 1 is twice as popular.

    ``(ARP - P) / P`` with ARP the mean over users of their list's mean popularity, and P that of their pasts.

    Parameters
    ----------
    pasts : float64[U], mean popularity of what each user met; NaN without a past. popularity : float64[P].

    References
    ----------
    Yin et al. 2012 (ARP), doi:10.14778/2311906.2311916; Abdollahpouri et al. 2019 (group average popularity),
    arXiv:1907.13286.

    Examples
    --------
    >>> popularity_lift(np.array([[0, 1]]), np.array([2.0]), np.array([2.0, 4.0]))
    0.5
    """
    shown = slot_means(lists, popularity)
    told = np.isfinite(shown) & np.isfinite(pasts)
    own = float(pasts[told].sum())
    return float(shown[told].sum() / own - 1) if own else float("nan")


def miscalibration(tastes: Values, lists: Ids, shares: Values, alpha: float = 0.01) -> Values:
    """Divergence of what a user is shown from what the user chose, in nats, >= 0; 0 is calibrated: float64[U].

    ``sum over g of p(g|u) ln(p(g|u) / ((1 - alpha) q(g|u) + alpha p(g|u)))``: p of the past, q the mean over the slots.

    Parameters
    ----------
    tastes : float64[U, G], p, rows sum to 1; zeros where nothing is known.
    shares : float64[P, G], each product's kinds, rows sum to 1; zeros for a product of no kind.
    alpha : keeps it finite where a kind is not shown at all; its upper bound is -ln(alpha).

    References
    ----------
    Steck 2018, Calibrated Recommendations, doi:10.1145/3240323.3240372, equations 2 to 6 with equal weights.

    Examples
    --------
    >>> half, mug, lamp = [0.5, 0.5], [1.0, 0.0], [0.0, 1.0]
    >>> miscalibration(np.array([half]), np.array([[0, 1]]), np.array([mug, lamp])).tolist()
    [0.0]
    """
    padded = np.concatenate([shares, np.zeros((1, shares.shape[1]))])
    found = []
    for block, taste in zip(_blocks(lists), _blocks(tastes), strict=True):
        shown = padded[block].sum(1)
        total = shown.sum(1)
        mixed = (1 - alpha) * _ratio(shown, np.broadcast_to(total[:, None], shown.shape)) + alpha * taste
        with np.errstate(divide="ignore", invalid="ignore"):
            terms = np.where(taste > 0, taste * np.log(taste / mixed), 0.0)
        found.append(np.where((total > 0) & (taste.sum(1) > 0), terms.sum(1), np.nan))
    return np.maximum(_joined(found), 0.0)


def _ratio(above: NDArray[Any], below: NDArray[Any]) -> Values:
    """Quotient, NaN over 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(below != 0, above / below, np.nan)


def _blocks(rows: NDArray[Any]) -> list[NDArray[Any]]:
    return [rows[start : start + _BLOCK] for start in range(0, len(rows), _BLOCK)]


def _joined(parts: list[Values]) -> Values:
    return np.concatenate(parts) if parts else np.empty(0)
