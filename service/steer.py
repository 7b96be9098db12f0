"""Business rules on the candidates of a request: boosts add up before variety, pins and quotas have their way after."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from service.core.columns import Columns
from service.core.rules import Pin, Quota, Rule, RuleAct
from service.core.types import Ids
from service.pins import Pinned
from service.ranking.fuse import Fused
from service.ranking.rules import PinAt, Share, add_boosts, land, place
from service.rule_acts import joined, rule_acts
from service.rules_for import Ruled
from service.store.serving import ServingRow
from service.store.serving_columns import RowReader
from service.variety import Diversified


@dataclass(frozen=True, slots=True, eq=False)
class Steered:
    """A list with boosts added, and what is left to do after variety.

    Attributes
    ----------
    fused : the candidates, best first, without those that pins have put in a slot. pinned : the latter.
    landed : slot, 0 for the first -> place in `pinned`. shares : masks over `pinned`, then `fused`, as they are here.
    why_not : rule -> what of it could not be done.
    """

    fused: Fused
    pinned: Fused
    landed: Mapping[int, int]
    shares: Sequence[Share]
    slots: int
    why_not: Mapping[str, list[str]]

    def by_score(self) -> Ids:
        """All of them by their scores, best first."""
        ids = np.concatenate([self.pinned.ids, self.fused.ids])
        scores = np.concatenate([self.pinned.scores, self.fused.scores])
        return np.asarray(ids[np.lexsort((ids, -scores))], np.int64)


def steer(ruled: Ruled, fused: Fused, rows: Mapping[int, ServingRow], pinned: Pinned, n: int) -> Steered:
    """Add boosts to the scores, and take pinned products out of the list.

    Parameters
    ----------
    rows : of every product in the list. n : slots asked for.
    """
    if ruled.is_nothing:
        return Steered(fused, _part(fused, slice(0)), {}, (), min(n, len(fused.ids)), {})
    fused = _with_pinned(fused, pinned)
    ids = fused.ids.tolist()
    known = {**rows, **pinned.rows}
    slots = min(n, len(ids))
    columns = Columns(fused.ids, RowReader([known[product] for product in ids]))
    boosts = [(label, weight, columns.mask(condition)) for label, weight, condition in ruled.boosts]
    boosted = add_boosts(fused, boosts) if boosts else fused
    places = {name: ids.index(key) for name, key in pinned.ids.items()}
    demands, missing = _demands(ruled.places, columns, places, pinned.why_not, slots)
    landed = land(demands, {at: name for name, at in places.items()}, slots, n)
    held = np.array(list(landed.slots.values()), np.int64)
    order = np.lexsort((boosted.ids, -boosted.scores))
    order = np.concatenate([held, order[~np.isin(order, held)]])
    both = boosted.take(order)
    return Steered(
        _part(both, slice(len(held), None)),
        _part(both, slice(len(held))),
        {slot: at for at, slot in enumerate(landed.slots)},
        [replace(demand, mask=demand.mask[order]) for demand in demands if isinstance(demand, Share)],
        slots,
        joined(missing, landed.why_not),
    )


def _with_pinned(fused: Fused, pinned: Pinned) -> Fused:
    """The list, and behind it pinned products that no signal has found."""
    new = np.setdiff1d(np.array(list(pinned.ids.values()), np.int64), fused.ids)
    if not len(new):
        return fused
    nothing = np.zeros((len(fused.signals), len(new)))
    return _behind(fused, Fused(new, np.zeros(len(new)), fused.signals, nothing))


def _demands(
    rules: Sequence[Rule], columns: Columns, places: Mapping[str, int], why_not: Mapping[str, str], slots: int
) -> tuple[list[PinAt | Share], dict[str, list[str]]]:
    """What rules want of the slots, the one first that has its way, and what cannot be wanted."""
    demands: list[PinAt | Share] = []
    missing: dict[str, list[str]] = {}
    for rule in rules:
        if isinstance(rule.consequence, Quota) and rule.condition:
            quota = rule.consequence
            demands.append(Share(rule.id, quota.least(slots), quota.most(slots), columns.mask(rule.condition)))
        for position, name in rule.consequence.places if isinstance(rule.consequence, Pin) else ():
            if name in places:
                demands.append(PinAt(rule.id, places[name], position))
            else:
                why = why_not.get(name, f"slot {position} is not in this slate: {name!r} is not pinned")
                missing.setdefault(rule.id, []).append(why)
    return demands, missing


def settle(
    steered: Steered, drawn: Diversified, ruled: Ruled, pinned: Pinned
) -> tuple[Diversified, tuple[RuleAct, ...]]:
    """Put pinned products into their slots and keep to quotas, and tell what each rule did; chance has no part in it.

    Parameters
    ----------
    drawn : `steered.fused` with its first slots in slate order.
    """
    if ruled.is_nothing:
        return drawn, ()
    if not steered.landed and not steered.shares:
        return drawn, rule_acts(ruled.rules, _part(drawn.fused, slice(steered.slots)), {}, pinned.ids, steered.why_not)
    pins, shown = len(steered.pinned.ids), len(drawn.propensities)
    both = _behind(steered.pinned, drawn.fused)
    now = np.concatenate([np.arange(pins), pins + _places(drawn.fused.ids, steered.fused.ids)])
    shares = [replace(share, mask=share.mask[now]) for share in steered.shares]
    placed = place(np.arange(len(both.ids)), steered.landed, shares, steered.slots)
    slate = placed.order[: steered.slots]
    chances = np.ones(len(both.ids))
    chances[pins : pins + shown] = drawn.propensities
    guests = dict(enumerate(drawn.guests, pins))
    settled = Diversified(
        both.take(placed.order),
        np.where(placed.is_free, chances[slate], 1.0),
        tuple(guests.get(at) if free else None for at, free in zip(slate.tolist(), placed.is_free, strict=True)),
        drawn.draw,
    )
    matching = {share.rule: share.mask[slate] for share in shares}
    why_not = joined(steered.why_not, placed.why_not)
    slots = _part(settled.fused, slice(steered.slots))
    return settled, rule_acts(ruled.rules, slots, matching, pinned.ids, why_not)


def _places(ids: Ids, among: Ids) -> Ids:
    """Where each of `ids` stands in the other list, which has them all."""
    ascending = np.argsort(among)
    return np.asarray(ascending[np.searchsorted(among, ids, sorter=ascending)], np.int64)


def _behind(first: Fused, second: Fused) -> Fused:
    return Fused(
        np.concatenate([first.ids, second.ids]),
        np.concatenate([first.scores, second.scores]),
        second.signals,
        np.hstack([first.contributions, second.contributions]),
    )


def _part(fused: Fused, where: slice) -> Fused:
    """A stretch of the list, without copying it."""
    return Fused(fused.ids[where], fused.scores[where], fused.signals, fused.contributions[:, where])
