"""What is known while training, what becomes known afterwards, and what is to be foreseen."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from service.core.errors import InvalidQuery
from service.core.types import Interaction

VISIT_GAP_S = 1800  # as training counts visits


@dataclass(frozen=True, slots=True)
class Split:
    """Interactions in three parts.

    Attributes
    ----------
    train : what models see. later : told to the service after training, before it is asked.
    relevant : user -> the products to be foreseen; users without an entry are not asked.
    asked_at : when everybody comes back; None: each user at the moment of their own last known interaction, so that
        whoever was active years ago is greeted as somebody who never left.
    rules : business rules of the shop, in their JSON form.
    """

    train: Sequence[Interaction]
    later: Sequence[Interaction]
    relevant: Mapping[str, frozenset[str]]
    asked_at: datetime | None = None
    rules: Sequence[Mapping[str, Any]] = ()


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


def global_time(events: Sequence[Interaction], *, share: float = 0.2) -> Split:
    """One cut in time for all: what came before is known, the newest `share` of interactions is to be foreseen.

    Users with nothing before the cut are asked too, as the newcomers they are. Everybody comes back at the cut.

    Parameters
    ----------
    share : 0-1, rounded down; interactions of the very moment of the cut are to be foreseen.
    """
    events = sorted((event for event in events if event.product is not None), key=lambda event: event.at)
    if not events:
        raise _empty(0, 0)
    cut = events[-max(1, int(len(events) * share))].at
    train = [event for event in events if event.at < cut]
    known, relevant = _by_user(train), dict[str, frozenset[str]]()
    for user, future in _by_user([event for event in events if event.at >= cut]).items():
        _foresee(relevant, user, known.get(user, []), future)
    return _checked(Split(train, [], relevant, asked_at=cut))


def session_prefix(events: Sequence[Interaction], *, share: float = 0.2, prefix: float = 0.5) -> Split:
    """Each visit after a cut in time is told up to its middle, and the rest of it is to be foreseen.

    A visit is a session, or, where there is none, what a user did without half an hour of silence; nobody is
    recognised from one visit to the next: every visit is a user of its own (Hidasi et al. 2016, arXiv:1511.06939).
    Models see the visits that ended before the cut. Visits that lie across it are left out: they are neither past nor
    future.

    Parameters
    ----------
    share : of interactions after the cut, 0-1. prefix : of a visit's interactions that is told, 0-1, at least one.
    """
    events = sorted((event for event in events if event.product is not None), key=lambda event: event.at)
    if not events:
        raise _empty(0, 0)
    cut = events[-max(1, int(len(events) * share))].at
    train: list[Interaction] = []
    later: list[Interaction] = []
    relevant: dict[str, frozenset[str]] = {}
    for name, visit in visits(events).items():
        if visit[-1].at < cut:
            train += visit
        elif visit[0].at >= cut and len(visit) > 1:
            told = min(max(1, int(len(visit) * prefix)), len(visit) - 1)
            _foresee(relevant, name, visit[:told], visit[told:])
            later += visit[:told] if name in relevant else []
    return _checked(Split(train, later, relevant))


def visits(events: Sequence[Interaction]) -> dict[str, list[Interaction]]:
    """Visits by name, each in order of time, with the visit's name as the user; `events` are in order of time.

    Examples
    --------
    >>> from datetime import UTC, timedelta
    >>> from service.core.types import EventType
    >>> start = datetime(2025, 1, 1, tzinfo=UTC)
    >>> minutes = (0, 10, 60)
    >>> list(visits([Interaction(EventType.VIEW, start + timedelta(minutes=m), "anna", product="p") for m in minutes]))
    ['user:anna:1', 'user:anna:2']
    """
    found: dict[str, list[Interaction]] = {}
    last: dict[str, tuple[datetime, int]] = {}
    for event in events:
        name = f"session:{event.session}"
        if event.session is None:
            at, number = last.get(event.user or "", (event.at, 1))
            number += (event.at - at).total_seconds() > VISIT_GAP_S
            last[event.user or ""] = event.at, number
            name = f"user:{event.user}:{number}"
        found.setdefault(name, []).append(replace(event, user=name, session=None))
    return found


SPLITS: dict[str, Callable[[Sequence[Interaction]], Split]] = {
    "per-user-time": per_user_time,
    "leave-last-out": leave_last_out,
    "global-time": global_time,
    "session-prefix": session_prefix,
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
        raise _empty(len(split.train), len(split.relevant))
    return split


def _empty(train: int, users: int) -> InvalidQuery:
    return InvalidQuery(
        f"the split is empty: {train} interactions to train on, {users} users to ask; "
        "more interactions per user are needed, or another --split",
        code="empty_split",
    )
