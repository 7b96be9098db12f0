"""Whether a stored collection can hold what is wanted of it."""

from service.core.errors import ConfigurationError
from service.store.vectors import Dense, Space, Sparse


def check_same_slots(stored: Space, wanted: Space) -> None:
    """Refuse to go on with a collection whose vector slots differ from the wanted ones.

    Raises
    ------
    ConfigurationError : names every slot that differs, as stored and as wanted.

    Examples
    --------
    >>> check_same_slots(Space("products", {"text": Dense(3)}), Space("products", {"text": Dense(4)}))
    Traceback (most recent call last):
    service.core.errors.ConfigurationError: collection 'products' was made for other encoders: \
slot 'text' is stored as 3 dimensions (cosine), wanted 4 dimensions (cosine). \
Run `vitrine index --rebuild`, or set the encoders back
    """
    have, want = _described(stored), _described(wanted)
    differing = [
        f"slot {slot!r} is stored as {have.get(slot, 'missing')}, wanted {want.get(slot, 'missing')}"
        for slot in sorted(have | want)
        if have.get(slot) != want.get(slot)
    ]
    if differing:
        raise ConfigurationError(
            f"collection {wanted.name!r} was made for other encoders: {'; '.join(differing)}. "
            "Run `vitrine index --rebuild`, or set the encoders back"
        )


def _described(space: Space) -> dict[str, str]:
    words = {slot: _dense(dense) for slot, dense in space.dense.items()}
    return words | {slot: _sparse(sparse) for slot, sparse in space.sparse.items()}


def _dense(dense: Dense) -> str:
    return f"{dense.size} dimensions ({dense.distance})"


def _sparse(sparse: Sparse) -> str:
    return "sparse with IDF" if sparse.idf else "sparse"
