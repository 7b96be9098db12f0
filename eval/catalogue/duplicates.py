"""Products that are there twice: under the same words, or linked by near-identical vectors."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping

import numpy as np

from service.core.types import Ids, Product

Groups = list[tuple[int, ...]]

_SIGNS = re.compile(r"[\W_]+")


def normalised(text: str) -> str:
    """A text without case, signs and width variants.

    Examples
    --------
    >>> normalised("  Red-Mug,  350 ML ")
    'red mug 350 ml'
    """
    return _SIGNS.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip()


def same_words(products: Mapping[int, Product]) -> Groups:
    """Products with the same normalised name and brand, the largest groups first.

    Examples
    --------
    >>> same_words({1: Product("a", "Red mug"), 2: Product("b", "Lamp"), 3: Product("c", "red MUG!")})
    [(1, 3)]
    """
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    for key, product in products.items():
        found[normalised(product.name), normalised(product.brand or "")].append(key)
    return _largest_first(found.values())


def linked(pairs: Ids) -> Groups:
    """Groups of products that pairs hold together, the largest first.

    Parameters
    ----------
    pairs : int64[E, 2]. A chain is one group, though its ends may be less alike than any pair.

    Examples
    --------
    >>> linked(np.array([[1, 2], [7, 9], [2, 5]]))
    [(1, 2, 5), (7, 9)]
    """
    if not len(pairs):
        return []
    from scipy.sparse import coo_array  # type: ignore[import-untyped,unused-ignore]
    from scipy.sparse.csgraph import connected_components  # type: ignore[import-untyped,unused-ignore]

    keys, places = np.unique(pairs, return_inverse=True)
    ends = places.reshape(pairs.shape)
    graph = coo_array((np.ones(len(pairs)), (ends[:, 0], ends[:, 1])), shape=(len(keys), len(keys)))
    _, labels = connected_components(graph, directed=False)
    found: dict[int, list[int]] = defaultdict(list)
    for key, label in zip(keys.tolist(), labels.tolist(), strict=True):
        found[label].append(key)
    return _largest_first(found.values())


def _largest_first(groups: Iterable[list[int]]) -> Groups:
    several = [tuple(sorted(group)) for group in groups if len(group) > 1]
    return sorted(several, key=lambda group: (-len(group), group))
