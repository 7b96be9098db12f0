"""The products that pins name: checked as every other product is, whether a signal finds them or not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from service.candidates import Wanted, forbidden
from service.core.rules import Pin, Rule
from service.ranking.eligibility import EXCLUDED, FILTERED, GONE, HIDDEN, SOLD_OUT, why_not
from service.store.database import Database
from service.store.lookup import product_ids
from service.store.serving import ServingRow, serving_rows

_WORDS = {
    GONE: "is not in the shop",
    HIDDEN: "is hidden",
    SOLD_OUT: "is sold out",
    FILTERED: "does not meet the filter of the request",
    EXCLUDED: "is excluded by the request, or its user has hidden or had it",
}


@dataclass(frozen=True, slots=True)
class Pinned:
    """Pinned products as they are right now.

    Attributes
    ----------
    ids : the merchant's id -> internal id, of those that may be shown. rows : of these, by internal id.
    why_not : the merchant's id -> why the others may not.
    """

    ids: Mapping[str, int]
    rows: Mapping[int, ServingRow]
    why_not: Mapping[str, str]


NONE_PINNED = Pinned({}, {}, {})


def look_at_pins(database: Database, places: Sequence[Rule], wanted: Wanted, n: int) -> Pinned:
    """Which pinned products may be shown in the first `n` slots, and why the others may not."""
    pins = [rule.consequence for rule in places if isinstance(rule.consequence, Pin)]
    names = [name for pin in pins for position, name in pin.places if position <= n]
    if not names:
        return NONE_PINNED
    with database.session() as session:
        ids = product_ids(session, wanted.tenant, names)
        rows = serving_rows(session, wanted.tenant, ids.values())
    dropped = why_not(ids.values(), rows, wanted.filter, in_stock_only=wanted.in_stock_only)
    dropped |= dict.fromkeys(wanted.never.intersection(ids.values()), EXCLUDED)
    dropped |= forbidden([row for key, row in rows.items() if key not in dropped], wanted.required)
    complaints = {name: f"{name!r} {_WORDS[GONE]}" for name in names if name not in ids}
    for name, key in ids.items():
        if key in dropped:
            complaints[name] = f"{name!r} {_WORDS.get(dropped[key], f'is left out by {dropped[key]}')}"
    shown = {name: key for name, key in ids.items() if key not in dropped}
    return Pinned(shown, {key: rows[key] for key in shown.values()}, complaints)
