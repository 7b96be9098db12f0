"""What is known while training, what becomes known afterwards, and what is to be foreseen."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from service.core.errors import InvalidQuery
from service.core.types import Interaction


@dataclass(frozen=True, slots=True)
class Split:
    """Interactions in three parts.

    Attributes
    ----------
    train : what models see. later : told to the service after training, before it is asked.
    relevant : user -> the products to be foreseen; users without an entry are not asked.
    """

    train: Sequence[Interaction]
    later: Sequence[Interaction]
    relevant: Mapping[str, frozenset[str]]


def per_user_time(events: Sequence[Interaction], *, share: float = 0.2, least: int = 5) -> Split:
    """Each user's newest `share` of interactions (at least one) is to be foreseen.

    Parameters
    ----------
    share : 0-1, rounded down. least : users with fewer interactions are trained on but not asked.

    Notes
    -----
    The clock is each user's own: others' later behaviour may be in training.
    """
    train: list[Interaction] = []
    relevant: dict[str, frozenset[str]] = {}
    for user, past in _by_user(events).items():
        held_out = max(1, int(len(past) * share)) if len(past) >= least else 0
        known = past[: len(past) - held_out]
        train += known
        _foresee(relevant, user, known, past[len(known) :])
    return _checked(Split(train, [], relevant))


def leave_last_out(events: Sequence[Interaction]) -> Split:
    """Models see all but each user's last two interactions; the second-last is history when the last is foreseen.

    Users with fewer than three interactions are trained on but not asked.
    """
    train: list[Interaction] = []
    later: list[Interaction] = []
    relevant: dict[str, frozenset[str]] = {}
    for user, past in _by_user(events).items():
        if len(past) < 3:
            train += past
            continue
        train += past[:-2]
        later.append(past[-2])
        _foresee(relevant, user, past[:-1], past[-1:])
    return _checked(Split(train, later, relevant))


SPLITS: dict[str, Callable[[Sequence[Interaction]], Split]] = {
    "per-user-time": per_user_time,
    "leave-last-out": leave_last_out,
}


def _by_user(events: Sequence[Interaction]) -> dict[str, list[Interaction]]:
    """Each user's interactions in order of time; those of the same moment keep their order."""
    users: dict[str, list[Interaction]] = {}
    for event in events:
        if event.user is not None and event.product is not None:
            users.setdefault(event.user, []).append(event)
    return {user: sorted(past, key=lambda event: event.at) for user, past in users.items()}


def _foresee(
    relevant: dict[str, frozenset[str]], user: str, known: Sequence[Interaction], held_out: Sequence[Interaction]
) -> None:
    """Note what is new to the user: products already seen are never recommended, so they cannot be foreseen."""
    met = {event.product for event in known}
    if new := frozenset(event.product for event in held_out if event.product and event.product not in met):
        relevant[user] = new


def _checked(split: Split) -> Split:
    if not split.train or not split.relevant:
        raise InvalidQuery(
            f"the split is empty: {len(split.train)} interactions to train on, {len(split.relevant)} users to ask; "
            "more interactions per user are needed, or another --split",
            code="empty_split",
        )
    return split
