"""Business rules on the candidates of a request: boosts add up, pins land, quotas hold, and each says what it did."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from service.core.rules import Boost, Pin, Quota, Rule, RuleAct
from service.core.types import Ids
from service.pins import Pinned
from service.ranking.adjust import add_contributions
from service.ranking.columns import Columns
from service.ranking.fuse import Fused
from service.ranking.rules import Landed, PinAt, Share, land, place
from service.rules_for import Ruled
from service.store.serving import ServingRow
from service.store.serving_columns import column_reader
from service.variety import Diversified


@dataclass(frozen=True, slots=True, eq=False)
class Steered:
    """A list with boosts added, and what is left to do after variety.

    Attributes
    ----------
    fused : the candidates, without those that pins have put in a slot. pinned : the latter.
    landed : slot, 0 for the first -> place in `pinned`. shares : masks over `pinned`, then `fused`, as they are here.
    touched : label of a boost or a pin -> the products it is about. why_not : rule -> what of it could not be done.
    """

    fused: Fused
    pinned: Fused
    landed: Mapping[int, int]
    shares: Sequence[Share]
    slots: int
    touched: Mapping[str, frozenset[int]]
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
        nobody = fused.take(np.empty(0, np.int64))
        return Steered(fused, nobody, {}, (), min(n, len(fused.ids)), {}, {})
    fused = _with_pinned(fused, pinned)
    known = {**rows, **pinned.rows}
    slots = min(n, len(fused.ids))
    columns = Columns(fused.ids, column_reader([known[product] for product in fused.ids.tolist()]))
    gains: dict[str, NDArray[np.float64]] = {}
    touched: dict[str, frozenset[int]] = {}
    for name, weight, condition in ruled.boosts:
        mask = columns.mask(condition)
        if mask.any():
            gains[name] = np.where(mask, weight, 0.0)
            touched[name] = frozenset(fused.ids[mask].tolist())
    for rule in ruled.places:
        if isinstance(rule.consequence, Pin):
            names = [name for _, name in rule.consequence.places]
            touched[rule.label] = frozenset(pinned.ids[name] for name in names if name in pinned.ids)
    places = {product: position for position, product in enumerate(fused.ids.tolist())}
    demands, missing = _demands(ruled.places, columns, pinned, places, slots)
    landed = land(demands, {places[key]: name for name, key in pinned.ids.items() if key in places}, slots, n)
    held = fused.ids[list(landed.slots.values())]
    shares = [demand for demand in demands if isinstance(demand, Share)]
    return _split(fused, gains, held, landed, shares, slots, touched, missing)


def _with_pinned(fused: Fused, pinned: Pinned) -> Fused:
    """The list, and behind it pinned products that no signal has found."""
    new = np.setdiff1d(np.array(sorted(pinned.ids.values()), np.int64), fused.ids)
    if not len(new):
        return fused
    nothing = np.zeros((len(fused.signals), len(new)))
    order_ids = np.concatenate([fused.ids, new])
    scores = np.concatenate([fused.scores, np.zeros(len(new))])
    return Fused(order_ids, scores, fused.signals, np.hstack([fused.contributions, nothing]))


def _demands(
    rules: Sequence[Rule], columns: Columns, pinned: Pinned, places: Mapping[int, int], slots: int
) -> tuple[list[PinAt | Share], dict[str, list[str]]]:
    """What rules want of the slots, the one first that has its way, and what cannot be wanted."""
    demands: list[PinAt | Share] = []
    missing: dict[str, list[str]] = {}
    for rule in rules:
        if isinstance(rule.consequence, Quota) and rule.condition:
            quota = rule.consequence
            demands.append(Share(rule.id, quota.least(slots), quota.most(slots), columns.mask(rule.condition)))
        for position, name in rule.consequence.places if isinstance(rule.consequence, Pin) else ():
            if name in pinned.ids:
                demands.append(PinAt(rule.id, places[pinned.ids[name]], position))
            else:
                why = pinned.why_not.get(name, f"slot {position} is not in this slate: {name!r} is not pinned")
                missing.setdefault(rule.id, []).append(why)
    return demands, missing


def _split(
    fused: Fused,
    gains: Mapping[str, NDArray[np.float64]],
    held: NDArray[np.int64],
    landed: Landed,
    shares: Sequence[Share],
    slots: int,
    touched: Mapping[str, frozenset[int]],
    missing: Mapping[str, list[str]],
) -> Steered:
    boosted = add_contributions(fused, gains) if gains else fused
    # where each product stood before, because that is what the masks of quotas go by
    before = np.argsort(fused.ids)[np.searchsorted(np.sort(fused.ids), boosted.ids)]
    is_held = np.isin(boosted.ids, held)
    pinned_at, free_at = np.flatnonzero(is_held), np.flatnonzero(~is_held)
    order = np.concatenate([pinned_at, free_at])
    pinned = boosted.take(pinned_at)
    number = {product: place for place, product in enumerate(pinned.ids.tolist())}
    return Steered(
        boosted.take(free_at),
        pinned,
        {slot: number[int(fused.ids[at])] for slot, at in landed.slots.items()},
        [replace(share, mask=share.mask[before[order]]) for share in shares],
        slots,
        touched,
        _joined(missing, landed.why_not),
    )


def _joined(*complaints: Mapping[str, list[str]]) -> dict[str, list[str]]:
    joined: dict[str, list[str]] = {}
    for one in complaints:
        for rule, texts in one.items():
            joined.setdefault(rule, []).extend(texts)
    return joined


def settle(steered: Steered, drawn: Diversified, rules: Sequence[Rule]) -> tuple[Diversified, tuple[RuleAct, ...]]:
    """Put pinned products into their slots and keep to quotas, and tell what each rule did; chance has no part in it.

    Parameters
    ----------
    drawn : `steered.fused` with its first slots in slate order.
    """
    if not steered.landed and not steered.shares:
        return drawn, tuple(_acts(steered, rules, drawn.fused.ids[: steered.slots].tolist(), {}, {}))
    pins, shown = len(steered.pinned.ids), len(drawn.propensities)
    both = _behind(steered.pinned, drawn.fused)
    # masks were made for the list as it stood before variety
    stood = np.argsort(steered.fused.ids)[np.searchsorted(np.sort(steered.fused.ids), drawn.fused.ids)] + pins
    now = np.concatenate([np.arange(pins), stood])
    shares = [replace(share, mask=share.mask[now]) for share in steered.shares]
    placed = place(np.arange(len(both.ids)), steered.landed, shares, steered.slots)
    chances = np.concatenate([np.ones(pins), drawn.propensities, np.ones(len(drawn.fused.ids) - shown)])
    guests = (*[None] * pins, *drawn.guests, *[None] * (len(drawn.fused.ids) - shown))
    slate = placed.order[: steered.slots]
    settled = Diversified(
        both.take(placed.order),
        np.where(placed.is_free, chances[slate], 1.0),
        tuple(guests[at] if free else None for at, free in zip(slate.tolist(), placed.is_free.tolist(), strict=True)),
        drawn.draw,
    )
    matching = {share.rule: frozenset(both.ids[share.mask].tolist()) for share in shares}
    acts = _acts(steered, rules, settled.fused.ids[: steered.slots].tolist(), matching, placed.why_not)
    return settled, tuple(acts)


def _behind(first: Fused, second: Fused) -> Fused:
    return Fused(
        np.concatenate([first.ids, second.ids]),
        np.concatenate([first.scores, second.scores]),
        second.signals,
        np.hstack([first.contributions, second.contributions]),
    )


def _acts(
    steered: Steered,
    rules: Sequence[Rule],
    slate: Sequence[int],
    matching: Mapping[str, frozenset[int]],
    unmet: Mapping[str, list[str]],
) -> Iterator[RuleAct]:
    why_not = _joined(steered.why_not, unmet)
    pinned = frozenset(steered.pinned.ids.tolist())
    for rule in rules:
        touched = matching.get(rule.id, frozenset())
        if isinstance(rule.consequence, Boost):
            if rule.label not in steered.touched:
                continue
            touched = steered.touched[rule.label]
        elif isinstance(rule.consequence, Pin):
            touched = steered.touched[rule.label] & pinned
        products = tuple(product for product in slate if product in touched)
        yield RuleAct(rule.id, rule.kind, products, tuple(why_not.get(rule.id, ())))
