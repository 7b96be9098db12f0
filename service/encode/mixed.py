"""Several questions as one vector: words that are wanted or not, and words beside a product or a picture."""

from collections.abc import Callable, Sequence

import numpy as np

from service.core.types import Floats


def of_words(terms: Sequence[tuple[str, float]], encode: Callable[[str], Floats]) -> Floats | None:
    """The weighted sum of the texts' vectors, float32[D]; None where it comes to nothing.

    It is as long as the largest weight, at most 1, so that a faint wish stays one beside a product or a picture.

    Parameters
    ----------
    terms : texts with weights, below 0 for what is not wanted. encode : a text to a unit vector float32[D].

    Examples
    --------
    >>> vectors = {"red": np.array([1, 0], np.float32), "dress": np.array([0, 1], np.float32)}
    >>> of_words([("red", 3.0), ("dress", -4.0)], vectors.__getitem__).round(1).tolist()
    [0.6000000238418579, -0.800000011920929]
    """
    if len(terms) == 1 and terms[0][1] >= 1:
        return encode(terms[0][0])  # remembered and read-only; nothing to add up
    weights = np.array([weight for _, weight in terms], np.float32)
    if not weights.any():
        return None
    total = weights @ np.stack([encode(text) for text, _ in terms])
    length = float(np.linalg.norm(total))
    largest = float(np.abs(weights).max())
    if length < 1e-6 * largest:
        return None  # what is wanted and what is not are the same
    return np.asarray(total * (min(1.0, largest) / length), np.float32)


def beside(thing: Floats, words: Floats | None, share: float) -> Floats:
    """A product's or picture's vector drawn towards words, float32[D] of length 1.

    The plain sum that Baldrati et al. 2022 (CVPR) take as the first way to compose a picture with words.

    Parameters
    ----------
    share : of the words, 0 to 1.

    Examples
    --------
    >>> red_mug, blue = np.array([1, 0], np.float32), np.array([0, 1], np.float32)
    >>> beside(red_mug, blue, 0.5).round(2).tolist()
    [0.7099999785423279, 0.7099999785423279]
    >>> beside(red_mug, None, 0.5) is red_mug
    True
    """
    if words is None or not share:
        return thing
    mixed = (1 - share) * thing + share * words
    length = float(np.linalg.norm(mixed))
    return np.asarray(mixed / length, np.float32) if length > 1e-6 else thing
