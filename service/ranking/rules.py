"""Business rules on a list: pinned products land in their slots, quotas hold in the others."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from service.core.columns import Mask
from service.core.types import Ids
from service.ranking.fuse import Fused


def add_boosts(fused: Fused, boosts: Sequence[tuple[str, float, Mask]]) -> Fused:
    """The list, still in its order, with `weight` added to the scores of the products of each mask bool[C].

    A boost that is about none of them is left out.

    Examples
    --------
    >>> fused = Fused(np.array([7, 8]), np.array([1.0, 0.5]), ("text",), np.array([[1.0, 0.5]]))
    >>> boosted = add_boosts(fused, [("rule:a", 2.0, np.array([False, True]))])
    >>> boosted.scores.tolist(), boosted.signals, boosted.contributions.tolist()
    ([1.0, 2.5], ('text', 'rule:a'), [[1.0, 0.5], [0.0, 2.0]])
    """
    masks = np.array([mask for _, _, mask in boosts]).reshape(len(boosts), len(fused.ids))
    acting = np.flatnonzero(masks.any(axis=1))
    weights = np.array([weight for _, weight, _ in boosts])[acting]
    gains = masks[acting] * weights[:, None]
    return Fused(
        fused.ids,
        fused.scores + gains.sum(axis=0),
        (*fused.signals, *(boosts[number][0] for number in acting.tolist())),
        np.vstack([fused.contributions, gains]),
    )


@dataclass(frozen=True, slots=True)
class PinAt:
    """A rule wants the product at `place` of the list in slot `position`; 1 is the first."""

    rule: str
    place: int
    position: int


@dataclass(frozen=True, slots=True, eq=False)
class Share:
    """A rule wants at least `least` and at most `most` of the slots for the products of `mask`, bool[C]."""

    rule: str
    least: int
    most: int
    mask: Mask


@dataclass(frozen=True, slots=True)
class Landed:
    """Where pins go.

    Attributes
    ----------
    slots : slot, 0 for the first -> place in the list. why_not : rule -> what could not be done as it says.
    """

    slots: Mapping[int, int]
    why_not: Mapping[str, list[str]]


def land(demands: Sequence[PinAt | Share], names: Mapping[int, str], slots: int, asked: int) -> Landed:
    """Give each pin its slot, or the next free one; the first demand has its way.

    Parameters
    ----------
    demands : the one that has its way first. names : place -> what the product is called in complaints.
    slots : of the slate, at most as many as there are products. asked : slots asked for.

    Examples
    --------
    >>> landed = land([PinAt("a", 7, 1), PinAt("b", 8, 1)], {7: "mug", 8: "pan"}, slots=3, asked=3)
    >>> landed.slots, landed.why_not["b"]
    ({0: 7, 1: 8}, ["slot 1 is taken by a rule that comes first: 'pan' stands in slot 2"])
    """
    landed: dict[int, int] = {}
    shares: list[Share] = []
    why_not: dict[str, list[str]] = {}
    for demand in demands:
        if isinstance(demand, Share):
            shares.append(demand)
            continue
        slot, complaint = _slot_for(demand, repr(names[demand.place]), landed, shares, slots, asked)
        if slot is not None:
            landed[slot] = demand.place
        if complaint:
            why_not.setdefault(demand.rule, []).append(complaint)
    return Landed(landed, why_not)


def _slot_for(
    pin: PinAt, name: str, landed: Mapping[int, int], shares: Sequence[Share], slots: int, asked: int
) -> tuple[int | None, str | None]:
    """The slot, if any, and what is not as the rule says."""
    if pin.position > asked:
        return None, f"slot {pin.position} is not in a slate of {asked}: {name} is not pinned"
    if pin.place in landed.values():
        return None, f"{name} is pinned by a rule that comes first"
    if full := _broken_by(pin.place, list(landed.values()), shares, slots):
        return None, f"{name} is not pinned: the quota of {full} comes first"
    want = min(pin.position, slots) - 1
    free = [*range(want, slots), *range(want - 1, -1, -1)]
    slot = next((one for one in free if one not in landed), None)
    if slot is None:
        return None, f"all slots are taken by rules that come first: {name} is not pinned"
    if slot == pin.position - 1:
        return slot, None
    why = f"there are only {slots} products" if pin.position > slots else (
        f"slot {pin.position} is taken by a rule that comes first"
    )  # fmt: skip
    return slot, f"{why}: {name} stands in slot {slot + 1}"


def _broken_by(place: int, landed: Sequence[int], shares: Sequence[Share], slots: int) -> str | None:
    """The rule whose quota one more pinned product would make impossible."""
    after = [*landed, place]
    needed = 0
    for share in shares:
        have = int(share.mask[after].sum())
        if share.mask[place] and have > share.most:
            return share.rule
        needed += max(0, share.least - have)
        if needed > slots - len(after) and not share.mask[place]:
            return share.rule
    return None


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """A list with its slots filled.

    Attributes
    ----------
    order : int64[C], places in the list; the first `slots` of them are the slate.
    is_free : bool[slots], whether the slot was filled by the list's own order, not by a pin or a minimum.
    why_not : rule -> which quota is not met, and why.
    """

    order: Ids
    is_free: Mask
    why_not: Mapping[str, list[str]]


def place(order: Ids, pins: Mapping[int, int], shares: Sequence[Share], slots: int) -> Placed:
    """Fill a slate in the order given, around pinned products and within quotas.

    A slot is never left empty for a quota's sake: where nothing else is left, the quota that comes last gives way,
    and says so.

    Parameters
    ----------
    order : int64[C], every place of the list, best first. pins : slot, 0 for the first -> place.
    shares : the one that has its way first. slots : at most C.

    Examples
    --------
    >>> quota = Share("quota", least=1, most=1, mask=np.array([False, False, False, True]))
    >>> place(np.arange(4), {0: 2}, [quota], slots=3).order.tolist()
    [2, 0, 3, 1]
    """
    slate = np.full(slots, -1, dtype=np.int64)
    is_free = np.ones(slots, dtype=bool)
    for slot, pinned in pins.items():
        slate[slot] = pinned
        is_free[slot] = False
    open_ = ~np.isin(order, slate)
    filling = _Filling(order, open_, shares, slate[slate >= 0].tolist(), int((slate < 0).sum()))
    for slot in np.flatnonzero(slate < 0).tolist():
        slate[slot], is_free[slot] = filling.next()
    rest = order[open_]
    return Placed(np.concatenate([slate, rest]), is_free, dict(filling.complaints()))


class _Filling:
    """A slate on its way: what is open in the order, and how far each quota is."""

    def __init__(self, order: Ids, open_: Mask, shares: Sequence[Share], pinned: Sequence[int], left: int) -> None:
        self.order, self.open, self.shares, self.left = order, open_, shares, left
        self.masks = np.array([share.mask[order] for share in shares])
        self.by_pins = [int(share.mask[pinned].sum()) for share in shares]
        self.have = list(self.by_pins)
        self.available = [int((mask & open_).sum()) for mask in self.masks]
        self.allowed = open_ & ~self._full(len(shares))  # kept up to date: this runs once per slot

    def next(self) -> tuple[int, bool]:
        """The place that comes next, and whether its turn had come anyway."""
        if not self.shares:
            return self._take(int(self.open.argmax())), True
        first = int(self.allowed.argmax())
        needy = self._needy()
        found = self._wanted(needy) if needy else None
        if found is None:
            found = first if self.allowed[first] else self._any()
        return self._take(found), found == first

    def _take(self, found: int) -> int:
        self.open[found] = self.allowed[found] = False
        self.left -= 1
        for number in self.masks[:, found].nonzero()[0].tolist() if self.shares else ():
            self.have[number] += 1
            self.available[number] -= 1
            if self.have[number] == self.shares[number].most:
                self.allowed &= ~self.masks[number]
        return int(self.order[found])

    def _needy(self) -> list[int]:
        """Quotas that need all slots that are left; where that is not enough, those that come first."""
        needy, room = [], self.left
        for number, share in enumerate(self.shares):
            need = min(share.least - self.have[number], self.available[number], room)
            if need > 0:
                needy.append(number)
                room -= need
        return needy if room <= 0 else []

    def _full(self, before: int) -> Mask:
        """bool[C]: what the quotas before this one have no more room for."""
        full = [n for n in range(before) if self.have[n] >= self.shares[n].most]
        blocked = np.zeros(len(self.order), dtype=bool)
        for number in full:
            blocked |= self.masks[number]
        return blocked

    def _wanted(self, needy: Sequence[int]) -> int | None:
        found = self.allowed & self.masks[list(needy)].any(axis=0)
        if found.any():
            return int(found.argmax())
        for number in needy:  # a quota that comes later does not keep this one from being met
            found = self.open & self.masks[number] & ~self._full(number)
            if found.any():
                return int(found.argmax())
        return None

    def _any(self) -> int:
        """The next one when every quota is full: the last of them gives way first."""
        for before in range(len(self.shares) - 1, -1, -1):
            found = self.open & ~self._full(before)
            if found.any():
                break
        return int(found.argmax())

    def complaints(self) -> Iterator[tuple[str, list[str]]]:
        """What quotas are not met."""
        for number, (share, have) in enumerate(zip(self.shares, self.have, strict=True)):
            if have < share.least:
                why = "rules that come first have the others" if self.available[number] else "no more products match"
                yield share.rule, [f"{have} slots instead of at least {share.least}: {why}"]
            elif have > share.most:
                why = "pins have more" if self.by_pins[number] > share.most else "nothing else is left for them"
                yield share.rule, [f"{have} slots instead of at most {share.most}: {why}"]
