"""What is wrong with rules that are each valid: contradictions, no effect, pins and quotas that cannot be met."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations

from sqlalchemy import literal, select
from sqlmodel import Session

from config.params import Params
from service.core.filters import Filter, Match, all_of, matches
from service.core.rules import Exclude, IncludeOnly, Pin, Quota, Rule, by_precedence, lies_in
from service.served_rules import LISTS
from service.store.lookup import product_ids
from service.store.serving import ServingRow, serving_rows
from service.store.sql_filters import where
from service.store.tables import PRODUCT

MOST_PAIRS = 2_000  # of rules that are compared in the database


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is probably not meant.

    Attributes
    ----------
    rules : ids of those it is about. code : stable: programs may switch on it.
    """

    rules: tuple[str, ...]
    code: str
    message: str


def lint(
    session: Session, tenant: str, rules: Sequence[Rule], params: Params, now: datetime, *, about: str | None = None
) -> list[Finding]:
    """Everything that looks wrong with these rules together, as the catalogue is now.

    Disabled rules are looked at alone: they contradict nobody.

    Parameters
    ----------
    about : only what concerns the rule with this id.
    """
    shop = _Shop(session, tenant)
    found = [
        finding for rule in rules if about in (None, rule.id) for finding in _alone(shop, rule, params, now)
    ]  # fmt: skip
    current = [rule for rule in rules if rule.status(now) in ("active", "scheduled")]
    pairs = [pair for pair in combinations(current, 2) if about in (None, *(rule.id for rule in pair)) and _meet(*pair)]
    for one, other in pairs[:MOST_PAIRS]:
        for check in _PAIRS:
            found += check(shop, one, other)
    found += _sums(current, params)
    if about is None or any(rule.id == about and rule.required() for rule in current):
        found += _nothing_left(shop, current, params)
    return [one for one in dict.fromkeys(found) if about is None or about in one.rules]


class _Shop:
    """The catalogue as it is now."""

    def __init__(self, session: Session, tenant: str) -> None:
        self._session, self._tenant = session, tenant

    def has(self, *conditions: Filter | None) -> bool:
        """Whether a product meets all of them."""
        query = select(literal(1)).where(
            PRODUCT.c.tenant == self._tenant, PRODUCT.c.deleted_at.is_(None), where(all_of(*conditions))
        )
        return self._session.connection().execute(query.limit(1)).first() is not None

    def products(self, names: Sequence[str]) -> Mapping[str, ServingRow]:
        """Rows by the merchant's ids."""
        ids = product_ids(self._session, self._tenant, names)
        rows = serving_rows(self._session, self._tenant, ids.values())
        return {name: rows[key] for name, key in ids.items() if key in rows}


def _alone(shop: _Shop, rule: Rule, params: Params, now: datetime) -> Iterator[Finding]:
    if rule.end is not None and rule.end <= now:
        yield Finding((rule.id,), "expired", f"it ended at {rule.end.isoformat()}")
    if rule.condition is not None and not shop.has(rule.condition):
        yield Finding((rule.id,), "dead", "no product of the catalogue matches its condition now")
    if isinstance(rule.consequence, Pin):
        yield from _pins(shop, rule, rule.consequence, params)
    beside = set(rule.scope.surfaces) & set(LISTS)
    if beside and not isinstance(rule.consequence, Exclude | IncludeOnly):
        yield Finding(
            (rule.id,), "no_effect", f"on {', '.join(sorted(beside))} only exclude and include_only have an effect"
        )


def _pins(shop: _Shop, rule: Rule, pin: Pin, params: Params) -> Iterator[Finding]:
    surfaces = [params.surfaces[name] for name in rule.scope.surfaces or params.surfaces if name in params.surfaces]
    rows = shop.products([name for _, name in pin.places])
    for position, name in pin.places:
        row = rows.get(name)
        if row is None:
            yield Finding((rule.id,), "pin_unknown", f"there is no product {name!r}")
        elif not row.visible:
            yield Finding((rule.id,), "pin_hidden", f"{name!r} is hidden")
        elif not row.in_stock and all(surface.in_stock_only for surface in surfaces):
            yield Finding((rule.id,), "pin_sold_out", f"{name!r} is sold out")
        if position > (usual := max((surface.n for surface in surfaces), default=position)):
            why = f"slot {position} of {name!r} is only there for requests that want more than the usual {usual}"
            yield Finding((rule.id,), "pin_out_of_reach", why)


def _meet(one: Rule, other: Rule) -> bool:
    """Whether there can be a request that falls under both."""
    a, b = one.scope, other.scope
    if a.surfaces and b.surfaces and not set(a.surfaces) & set(b.surfaces):
        return False
    if {a.who, b.who} == {"newcomer", "known"}:
        return False
    if a.categories and b.categories:
        paths = [(x, y) for x in a.categories for y in b.categories]
        if not any(lies_in(x, y) or lies_in(y, x) for x, y in paths):
            return False
    is_after = one.end is not None and other.start is not None and one.end <= other.start
    is_before = other.end is not None and one.start is not None and other.end <= one.start
    return not (is_after or is_before)


def _boosted_and_buried(shop: _Shop, one: Rule, other: Rule) -> Iterator[Finding]:
    if {one.kind, other.kind} == {"boost", "bury"} and shop.has(one.condition, other.condition):
        yield _pair("contradiction", one, other, "one boosts, the other buries the same products: the sum counts")


def _included_and_excluded(shop: _Shop, one: Rule, other: Rule) -> Iterator[Finding]:
    kinds = {one.kind, other.kind}
    if kinds == {"include_only", "exclude"} and shop.has(one.condition, other.condition):
        yield _pair("contradiction", one, other, "one excludes what the other includes only: it is not shown")
    if kinds == {"include_only"} and not shop.has(one.condition, other.condition):
        yield _pair("contradiction", one, other, "they include only different products: none is left")


def _lifted_and_left_out(shop: _Shop, one: Rule, other: Rule) -> Iterator[Finding]:
    for rule, by in ((one, other), (other, one)):
        needed = by.required()
        if needed is None or rule.required() is not None:
            continue
        if isinstance(rule.consequence, Pin):
            rows = shop.products([name for _, name in rule.consequence.places])
            for name, row in rows.items():
                if not matches(needed, row.payload()):
                    yield _pair("pin_excluded", rule, by, f"the second leaves out {name!r}, which the first pins")
        elif shop.has(rule.condition) and not shop.has(rule.condition, needed):
            yield _pair("dead", rule, by, "the second leaves out all products the first is about")


def _same_slot(shop: _Shop, one: Rule, other: Rule) -> Iterator[Finding]:
    if not (isinstance(one.consequence, Pin) and isinstance(other.consequence, Pin)):
        return
    first, second = by_precedence([one, other])
    slots = dict(one.consequence.places)
    for position, name in other.consequence.places:
        if position in slots and slots[position] != name:
            why = f"both pin a product to slot {position}: the first has it, the second gets the next free one"
            yield _pair("pin_slot_shared", first, second, why)
        elif position not in slots and name in slots.values():
            yield _pair("pin_twice", first, second, f"both pin {name!r}, to different slots: the first counts")


def _pair(code: str, one: Rule, other: Rule, why: str) -> Finding:
    return Finding((one.id, other.id), code, f"{one.id!r} and {other.id!r}: {why}")


_PAIRS: tuple[Callable[[_Shop, Rule, Rule], Iterator[Finding]], ...] = (
    _boosted_and_buried,
    _included_and_excluded,
    _lifted_and_left_out,
    _same_slot,
)


def _sums(rules: Sequence[Rule], params: Params) -> Iterator[Finding]:
    """Quotas that promise more than all slots of a surface."""
    for surface in params.surfaces:
        quotas = [(rule, rule.consequence) for rule in _unconditional(rules, surface)]
        minima = [(rule, quota.min_percent) for rule, quota in quotas if isinstance(quota, Quota) and quota.min_percent]
        total = sum(percent for _, percent in minima)
        if total > 100:
            why = f"on {surface} these quotas want {total:g} % of the slots together"
            yield Finding(tuple(rule.id for rule, _ in minima), "quota_sum", why)


def _nothing_left(shop: _Shop, rules: Sequence[Rule], params: Params) -> Iterator[Finding]:
    alone = [rule for rule in rules if (needed := rule.required()) and _is_empty(shop, [needed])]
    for rule in alone:
        yield Finding((rule.id,), "excludes_everything", "it leaves no product to be shown")
    for surface in params.surfaces:
        both = [rule for rule in _unconditional(rules, surface) if rule.required() and rule not in alone]
        if len(both) > 1 and _is_empty(shop, [rule.required() for rule in both]):
            why = f"on {surface} these rules together leave no product to be shown"
            yield Finding(tuple(rule.id for rule in both), "excludes_everything", why)


def _unconditional(rules: Sequence[Rule], surface: str) -> list[Rule]:
    """Those that every request to a surface falls under."""
    return [rule for rule in rules if not rule.scope.is_personal and rule.scope.is_about(surface, ())]


def _is_empty(shop: _Shop, needed: Sequence[Filter | None]) -> bool:
    visible = Filter(must=(Match("visible", (True,)),))
    return shop.has(visible) and not shop.has(visible, *needed)
