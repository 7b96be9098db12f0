"""The slates of a log that can speak for a candidate, and why the others cannot."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from random import Random

from config.surface import Surface
from eval.offpolicy.candidate import obstacle
from eval.offpolicy.logged import LoggedSlate
from service.core.errors import InvalidQuery
from service.core.impression import Impression

CERTAIN = "chance had no part in it"
NO_DRAW = "what it was drawn from was not logged"


@dataclass(slots=True)
class Gathered:
    """What was found on the way through a log.

    Attributes
    ----------
    kept : a random choice of the slates that can be used. usable : how many there were.
    left_out : reason -> slates of the surface that cannot.
    """

    kept: list[LoggedSlate] = field(default_factory=list)
    usable: int = 0
    left_out: Counter[str] = field(default_factory=Counter)


def gathering(
    impressions: Iterable[Impression], surface: str, candidate: Surface, most: int, seed: int, into: Gathered
) -> Iterator[Impression]:
    """Pass a log on, keeping up to `most` usable slates of the surface in `into`, each as likely as any other.

    References
    ----------
    Reservoir sampling: Vitter 1985, doi:10.1145/3147.3165, algorithm R.
    """
    random = Random(seed)
    for number, one in enumerate(impressions):
        if one.surface == surface:
            found = _usable(number, one, candidate)
            if isinstance(found, str):
                into.left_out[found] += 1
            else:
                into.usable += 1
                _keep(into, found, most, random)
        yield one


def _keep(into: Gathered, slate: LoggedSlate, most: int, random: Random) -> None:
    if len(into.kept) < most:
        into.kept.append(slate)
    elif (place := random.randrange(into.usable)) < most:
        into.kept[place] = slate


def _usable(number: int, one: Impression, candidate: Surface) -> LoggedSlate | str:
    draw = one.draw
    if draw is None:
        return CERTAIN if all(item.propensity == 1 for item in one.items) else NO_DRAW
    if draw.surface["temperature"] == 0:
        return CERTAIN
    return obstacle(draw.surface, candidate) or LoggedSlate(number, draw, one.items)


def check_usable(gathered: Gathered, surface: str) -> None:
    """See that there is something to reckon with.

    Raises
    ------
    InvalidQuery : one sentence that says why not, and what would help.
    """
    if gathered.kept:
        return
    if not gathered.left_out:
        raise InvalidQuery(f"nothing was shown on {surface} in this time; choose another", code="no_impressions")
    [(reason, count)] = gathered.left_out.most_common(1)
    if reason == CERTAIN:
        raise InvalidQuery(
            f"there is no randomness in the log: every slot of the {count:,} slates of {surface} was certain "
            f"(propensity 1); set surfaces.{surface}.temperature above 0, for a share of the visitors at least, and "
            "wait for clicks",
            code="no_randomness",
        )
    if reason == NO_DRAW:
        raise InvalidQuery(
            f"the {count:,} slates of {surface} were logged without the list they were drawn from, so another order "
            "of it cannot be judged; only newer slates can",
            code="no_draws",
        )
    raise InvalidQuery(
        f"the log cannot speak for this configuration ({reason}): a log holds what was found with its own; only "
        "weights, preference, freshness, mmr_lambda and temperature can be changed afterwards, anything else needs "
        "an experiment",
        code="not_reweighable",
    )
