"""Business rules on the real engines: what is excluded never appears, pins land or say why, contributions add up."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.context import Request
from service.core.filters import Filter, Match, Range, matches
from service.core.rules import Boost, Consequence, Exclude, IncludeOnly, Pin, Quota, Rule, Scope, by_precedence
from service.core.types import Slate
from service.experiments import Assignment
from service.pipeline import recommend
from service.rules_for import rules_for
from service.runtime import Runtime
from service.store.catalog import get_products, product_ids, serving_rows

SHARED = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
ALBA = Filter(must=(Match("brand", ("Alba",)),))
BAGS = Filter(must=(Match("category", ("Bags",)),))
CHEAP = Filter(must=(Range("price", lte=10),))
NOTHING = Filter(must=(Range("price", lt=0),))


def ask(runtime: Runtime, rules: Sequence[Rule], **wanted: object) -> Slate:
    services = replace(runtime.services, rules=lambda _: by_precedence(rules))
    asked: dict[str, object] = {"text": "a red or blue mug", "n": 10} | wanted
    return recommend(services, Request("search", "request-1", "default", **asked))  # type: ignore[arg-type]


def shown(runtime: Runtime, slate: Slate) -> list[str]:
    with runtime.database.session() as session:
        found = get_products(session, [item.product_id for item in slate.items])
    return [found[item.product_id].product.external_id for item in slate.items]


def rule(consequence: Consequence, condition: Filter | None = None, id: str = "r", **also: object) -> Rule:
    return Rule(id, consequence, condition=condition, **also)  # type: ignore[arg-type]


def pin(position: int, product: str, id: str = "r", **also: object) -> Rule:
    return rule(Pin(((position, product),)), id=id, **also)


def test_a_boost_lifts_what_it_is_about_and_is_a_contribution_of_its_own(runtime: Runtime) -> None:
    slate = ask(runtime, [rule(Boost(5.0), BAGS)])
    assert all(name.startswith("bag") for name in shown(runtime, slate)[:4])
    assert [item.contributions.get("rule:r") for item in slate.items] == [5.0] * 4 + [None] * 6
    assert [(act.kind, len(act.products)) for act in slate.trace.rules] == [("boost", 4)]
    assert slate.items[0].source in ("lexical", "text", "rule")


def test_a_bury_sinks_what_it_is_about(runtime: Runtime) -> None:
    slate = ask(runtime, [rule(Boost(-5.0), Filter(must=(Match("category", ("Home > Kitchen",)),)))])
    assert all(name.startswith("mug") for name in shown(runtime, slate)[-3:])
    assert slate.items[-1].score < 0


def test_excluded_products_are_replaced_by_others(runtime: Runtime) -> None:
    slate = ask(runtime, [rule(Exclude(), BAGS)], n=6)
    assert not any(name.startswith("bag") for name in shown(runtime, slate))
    assert (len(slate.items), slate.shortfall) == (6, None)


def test_include_only_leaves_nothing_else(runtime: Runtime) -> None:
    slate = ask(runtime, [rule(IncludeOnly(), BAGS, id="bags")])
    assert {name[:3] for name in shown(runtime, slate)} == {"bag"}
    assert slate.shortfall == "4 of 10 asked for: no more products match; products are left out by rule:bags"


def test_rules_that_exclude_everything_leave_an_empty_feed_that_says_why(runtime: Runtime) -> None:
    slate = ask(runtime, [rule(IncludeOnly(), NOTHING, id="oops"), pin(1, "mug-1", id="pin")])
    assert slate.items == ()
    assert slate.shortfall == "0 of 10 asked for: no more products match; products are left out by rule:oops"
    assert slate.trace.rules[1].why_not == ("'mug-1' is left out by rule:oops",)


def test_a_pin_stands_where_it_says_whether_a_signal_finds_it_or_not(runtime: Runtime) -> None:
    slate = ask(runtime, [pin(2, "bag-4")], n=3, weights={"text": 0.0}, text="red mug")
    assert shown(runtime, slate)[1] == "bag-4"
    assert (slate.items[1].source, slate.items[1].score, slate.items[1].propensity) == ("rule", 0.0, 1.0)
    assert shown(runtime, slate)[0] == "mug-1"


@pytest.mark.parametrize(
    ("product", "wanted", "why"),
    [
        ("mug-4", {}, "'mug-4' is sold out"),
        ("lamp-4", {}, "'lamp-4' is hidden"),
        ("nope", {}, "'nope' is not in the shop"),
        ("bag-1", {"filter": ALBA}, "'bag-1' does not meet the filter of the request"),
        ("bag-1", {"exclude": ("bag-1",)}, "'bag-1' is excluded by the request, or its user has hidden or had it"),
        ("bag-1", {"n": 0}, ""),
    ],
)
def test_a_pin_that_cannot_land_says_why(runtime: Runtime, product: str, wanted: dict[str, object], why: str) -> None:
    if not why:
        slate = ask(runtime, [pin(7, "bag-1")], n=6)
        assert slate.trace.rules[0].why_not == ("slot 7 is not in this slate: 'bag-1' is not pinned",)
        return
    slate = ask(runtime, [pin(1, product)], **wanted)
    assert slate.trace.rules[0].why_not == (why,)
    assert product not in shown(runtime, slate)


def test_of_two_pins_for_one_slot_the_higher_priority_has_it(runtime: Runtime) -> None:
    rules = [pin(1, "bag-1", id="a"), pin(1, "bag-2", id="b", priority=1)]
    slate = ask(runtime, rules)
    assert shown(runtime, slate)[:2] == ["bag-2", "bag-1"]
    assert slate.trace.rules[1].why_not == ("slot 1 is taken by a rule that comes first: 'bag-1' stands in slot 2",)


def test_a_quota_gives_a_share_of_the_slots(runtime: Runtime) -> None:
    at_least = ask(runtime, [rule(Quota(min_percent=75), BAGS)], n=4)
    assert [name[:3] for name in shown(runtime, at_least)].count("bag") == 3
    at_most = ask(runtime, [rule(Quota(max_percent=25), Filter(must=(Match("category", ("Home > Kitchen",)),)))], n=4)
    assert [name[:3] for name in shown(runtime, at_most)].count("mug") == 1


def test_a_boost_of_the_request_counts_for_it_alone(runtime: Runtime) -> None:
    slate = ask(runtime, [], boosts=((BAGS, 5.0),), n=4)
    assert {name[:3] for name in shown(runtime, slate)} == {"bag"}
    assert slate.items[0].contributions["boost:1"] == 5.0
    assert slate.trace.rules == ()


NOW = datetime.now(UTC)


@pytest.mark.parametrize(
    "also",
    [
        {"is_enabled": False},
        {"end": NOW - timedelta(hours=1)},
        {"start": NOW + timedelta(hours=1)},
        {"scope": Scope(surfaces=("home",))},
        {"scope": Scope(categories=("Bags",))},
        {"scope": Scope(who="known")},
        {"scope": Scope(audience=Filter(must=(Match("features.country", ("DE",)),)))},
    ],
)
def test_a_rule_that_is_not_for_this_request_changes_nothing(runtime: Runtime, also: dict[str, object]) -> None:
    plain = ask(runtime, [])
    slate = ask(runtime, [rule(Exclude(), BAGS, **also), pin(1, "bag-4", id="pin", **also)])
    assert (slate.items, slate.trace.rules) == (plain.items, ())


def test_a_rule_about_a_category_counts_where_the_filter_or_the_anchor_is_about_it(runtime: Runtime) -> None:
    scoped = rule(Exclude(), CHEAP, scope=Scope(categories=("Home",)))
    kitchen = Filter(must=(Match("category", ("Home > Kitchen",)),))
    assert shown(runtime, ask(runtime, [scoped], filter=kitchen)) == ["mug-3"]
    services = replace(runtime.services, rules=lambda _: (scoped,))
    for anchor, count in (("mug-1", 4), ("bag-1", 9)):
        slate = recommend(services, Request("similar", "r", "default", product=anchor, n=12, all_variants=True))
        assert len(slate.items) == count, anchor


def test_an_experiment_switches_rules_on_and_off(runtime: Runtime) -> None:
    rules = (rule(Exclude(), BAGS, id="a"), rule(Exclude(), ALBA, id="b", is_enabled=False))
    services = replace(runtime.services, rules=lambda _: rules)
    arm = Assignment({}, "x", runtime.params.surfaces["search"], frozenset({"b"}), frozenset({"a"}))
    found = rules_for(services, Request("search", "r", "default"), arm)
    assert [label for label, _ in found.required] == ["rule:b"]


CONDITIONS = st.sampled_from([ALBA, BAGS, CHEAP, NOTHING, Filter(must_not=(ALBA,))])
PRODUCTS = st.sampled_from([f"{kind}-{number}" for kind in ("mug", "lamp", "bag") for number in range(1, 5)])
WEIGHTS = st.floats(-10, 10).filter(lambda weight: abs(weight) > 1e-6)
PERCENT = st.integers(0, 100)
PINS = st.lists(
    st.tuples(st.integers(1, 12), PRODUCTS), min_size=1, max_size=3, unique_by=(lambda p: p[0], lambda p: p[1])
)
RULES = st.lists(
    st.one_of(
        st.builds(rule, st.builds(Boost, WEIGHTS), CONDITIONS),
        st.builds(rule, st.just(Exclude()), CONDITIONS),
        st.builds(rule, st.just(IncludeOnly()), CONDITIONS),
        st.builds(rule, PINS.map(tuple).map(Pin)),
        st.builds(rule, st.tuples(PERCENT, PERCENT).map(sorted).map(lambda both: Quota(*both)), CONDITIONS),
    ).flatmap(lambda one: st.builds(replace, st.just(one), priority=st.integers(0, 2), is_enabled=st.booleans())),
    max_size=6,
).map(lambda rules: [replace(one, id=f"r{number}") for number, one in enumerate(rules)])
FILTERS = st.sampled_from([None, ALBA, Filter(must_not=(BAGS,))])


@SHARED
@given(rules=RULES, n=st.integers(1, 12), wanted=FILTERS, lam=st.sampled_from([1.0, 0.5]), shuffle=st.randoms())
def test_every_steered_slate_obeys_the_laws(
    runtime: Runtime, rules: list[Rule], n: int, wanted: Filter | None, lam: float, shuffle: object
) -> None:
    slate = ask(runtime, rules, n=n, filter=wanted, mmr_lambda=lam)
    ids = [item.product_id for item in slate.items]
    with runtime.database.session() as session:
        rows = serving_rows(session, "default", ids)
        internal = product_ids(session, "default", [f"{k}-{i}" for k in ("mug", "lamp", "bag") for i in range(1, 5)])
    assert len(set(ids)) == len(ids) <= n
    assert len(ids) == n or slate.shortfall
    active = {one.id: one for one in rules if one.is_enabled}
    for item in slate.items:
        assert sum(item.contributions.values()) == pytest.approx(item.score, abs=1e-9)
        assert 0 < item.propensity <= 1
        payload = rows[item.product_id].payload()
        assert payload["visible"]
        assert payload["in_stock"]
        assert matches(wanted, payload)
        assert all(matches(one.required(), payload) for one in active.values())
    acts = {act.rule: act for act in slate.trace.rules}
    assert set(acts) <= set(active)
    for one in active.values():
        if isinstance(one.consequence, Pin):
            at = {
                ids.index(internal[name]) + 1 if internal[name] in ids else 0: p for p, name in one.consequence.places
            }
            missed = [place for place, wanted_at in at.items() if place != wanted_at]
            assert len(acts[one.id].why_not) >= len(missed)
        if isinstance(one.consequence, Quota):
            have = sum(matches(one.condition, rows[product].payload()) for product in ids)
            quota = one.consequence
            assert quota.least(len(ids)) <= have <= quota.most(len(ids)) or acts[one.id].why_not
    shuffle.shuffle(shuffled := list(rules))  # type: ignore[attr-defined]
    again = ask(runtime, shuffled, n=n, filter=wanted, mmr_lambda=lam)
    assert (again.items, again.trace.rules) == (slate.items, slate.trace.rules)
    without = ask(runtime, list(active.values()), n=n, filter=wanted, mmr_lambda=lam)
    assert without.items == slate.items


def test_quotas_leave_propensities_of_a_draw_in_place_and_forced_slots_certain(runtime: Runtime) -> None:
    surfaces = {"search": runtime.params.surfaces["search"].model_copy(update={"temperature": 0.5})}
    params = runtime.params.model_copy(update={"surfaces": surfaces})
    rules = (rule(Quota(min_percent=50), BAGS), pin(1, "lamp-1", id="pin"))
    services = replace(runtime.services, params=params, rules=lambda _: by_precedence(rules))
    slate = recommend(services, Request("search", "r", "default", text="red mug", n=6))
    assert slate.items[0].propensity == 1.0
    assert all(0 < item.propensity <= 1 for item in slate.items)
    assert recommend(services, Request("search", "r", "default", text="red mug", n=6)).items == slate.items
