"""Which surfaces are asked, and how often each."""

from collections.abc import Mapping

from service.core.errors import InvalidQuery

SURFACES = ("home", "similar", "search", "events")
USUAL = {"home": 60.0, "similar": 20.0, "search": 15.0, "events": 5.0}


def shares_of(surface: str, mix: str | None) -> dict[str, float]:
    """Surface -> share of the requests; they sum to 1.

    Parameters
    ----------
    surface : one of `SURFACES`, or mix. mix : ``home=60,similar=20``: other shares than the usual ones.

    Raises
    ------
    InvalidQuery : an unknown surface, or shares that are no numbers.

    Examples
    --------
    >>> shares_of("mix", "home=3,events=1")
    {'home': 0.75, 'events': 0.25}
    """
    if surface != "mix":
        if surface not in SURFACES:
            raise InvalidQuery(f"there is no surface {surface!r} to load; there are mix, {', '.join(SURFACES)}")
        if mix is not None:
            raise InvalidQuery(f"--mix goes with --surface mix, not with {surface}; leave one of them out")
        return {surface: 1.0}
    return _normal(USUAL if mix is None else _parsed(mix))


def _parsed(mix: str) -> dict[str, float]:
    shares: dict[str, float] = {}
    for part in mix.split(","):
        name, _, share = part.partition("=")
        try:
            shares[name.strip()] = float(share)
        except ValueError as error:
            raise InvalidQuery(f"--mix: {part!r} is no share; write home=60,similar=20,search=15,events=5") from error
    if unknown := sorted(set(shares) - set(SURFACES)):
        raise InvalidQuery(f"--mix: there is no surface {unknown[0]!r}; there are {', '.join(SURFACES)}")
    return shares


def _normal(shares: Mapping[str, float]) -> dict[str, float]:
    total = sum(shares.values())
    if not 0 < total < float("inf") or min(shares.values()) < 0:
        raise InvalidQuery(f"--mix: shares must be 0 or more and one above 0, got {dict(shares)}")
    return {name: share / total for name, share in shares.items() if share}
