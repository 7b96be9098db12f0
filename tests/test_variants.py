"""Variants of a product: told by the shop's own groups or by names, one for all of them, each left out for a reason."""

from collections import Counter
from collections.abc import Hashable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from config.params import load_params
from service.context import Request, Services
from service.core.filters import Filter, Match, Range
from service.core.popular import Popular, TopList
from service.core.rules import Pin, Rule
from service.core.types import Slate
from service.listed import search_listed
from service.pipeline import recommend
from service.runtime import Runtime
from service.shelves import home_page
from service.store.serving import ServingRow, serving_rows
from service.store.tables import PRODUCT
from service.variants import VARIANT, bare_name, groups_of, spare_variants, variant_rules
from service.why_not import why_not_shown

RULES = variant_rules(load_params())
SHARED = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def row(category: str | None = "Home > Mugs", brand: str | None = "Alba", **attributes: object) -> ServingRow:
    made = datetime(2025, 1, 1, tzinfo=UTC)
    return ServingRow(
        1, "x", "default", True, None, 5.0, "EUR", 0.0, None, 0, made, brand, category, [], dict(attributes)
    )


def group(name: str, **about: object) -> Hashable | None:
    (found,) = groups_of([row(**about)], {1: name}, RULES)  # type: ignore[arg-type]
    return found


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Redmi 10 (Sea Blue, 4GB RAM, 64GB Storage)", "Redmi 10 (Shadow Black, 6 GB RAM, 128 GB Storage)"),
        ("Nokia 105 Single SIM | Charcoal", "Nokia 105 Single SIM | Pink"),
        ("Ball Pen Refill - Blue", "Ball Pen Refill (Black)"),
        ("Dog Food, Chicken, 3kg", "Dog Food, Chicken, 800 g"),
        ("Alkaline Batteries, Pack of 6", "Alkaline Batteries, pack of 20"),
        ("Crew Tee, XL", "Crew Tee (S)"),
        ("Crew Tee XXL", "Crew Tee XL"),
        ("Crème Mug", "creme mug"),
    ],
)
def test_other_sizes_and_colours_are_one_product(one: str, other: str) -> None:
    assert group(one) == group(other) is not None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("realme 10 Pro 5G (Nebula Blue, 128 GB)", "realme 10 Pro+ 5G (Nebula Blue, 128 GB)"),
        ("Note 11 4G", "Note 11 5G"),
        ("Galaxy A13", "Galaxy A23"),
        ("Filter kit for 14 L purifier", "Filter kit for 23 L purifier"),
        ("Power bank 10000mAh", "Power bank 20000mAh"),
        ("Green Tea", "Black Tea"),
        ("iPhone X case", "iPhone XS case"),
        ("Phone", "Phone XS"),
        ("Split AC 1.5 Ton 3 Star", "Split AC 1.5 Ton 5 Star"),
    ],
)
def test_other_models_are_not(one: str, other: str) -> None:
    assert group(one) != group(other)


def test_a_colour_of_its_own_is_left_out_wherever_it_stands_in_the_name() -> None:
    assert group("Basics Men Navy Blue Shirt", colour="Navy Blue") == group("Basics Men Red Shirt", colour="Red")
    assert group("Basics Men Blue Shirt") != group("Basics Men Red Shirt")


def test_names_tell_nothing_across_brands_kinds_and_patterns() -> None:
    assert group("Mug", brand="Alba") == group("mug", brand="ALBA")
    assert group("Mug", brand="Alba") != group("Mug", brand="Quill")
    assert group("Mug", category="Home > Mugs") != group("Mug", category="Home > Cups")
    assert group("Mug", pattern="dots") != group("Mug", pattern="stripes")


def test_a_name_that_was_cut_off_may_end_in_a_model_and_tells_nothing() -> None:
    assert bare_name("Split AC with Anti-Virus Protectio...", (), frozenset()) is None
    assert group("Split AC with Anti-Virus Protectio...") is None
    assert group("(XL)") is not None  # all there is
    assert group("...") is None


def test_a_name_that_comes_twice_in_one_colour_tells_nothing() -> None:
    colours = ("black", "black", "red")
    rows = [row(colour=colour)._replace(id=place) for place, colour in enumerate(colours)]
    names = {place: f"Men's watch {colour}" for place, colour in enumerate(colours)}
    assert groups_of(rows, names, RULES) == [None, None, None]
    one, other = groups_of(rows[1:], names, RULES)
    assert one == other is not None


def test_the_groups_of_the_shop_go_before_names() -> None:
    assert group("Strap top", product_code=108775) == group("Strap top (1)", product_code=108775)
    assert group("Strap top", product_code=108775) != group("Strap top", product_code=1)
    assert group("Mug", group="") == group("Mug")


@given(st.lists(st.sampled_from(["mug", "lamp", "bag", None]), max_size=20), st.booleans())
def test_one_of_each_group_stays_and_it_is_the_first(groups: list[str | None], is_lamp_shown: bool) -> None:
    products = list(range(1, len(groups) + 1))
    taken: dict[Hashable, int] = {"lamp": 99} if is_lamp_shown else {}
    spare = spare_variants(products, groups, taken)
    left = Counter(group for product, group in zip(products, groups, strict=True) if product not in spare)
    assert left[None] == groups.count(None)
    for name in ("mug", "lamp", "bag"):
        is_shown_already = name == "lamp" and is_lamp_shown
        assert left[name] == (0 if is_shown_already else min(1, groups.count(name)))
    for product, why in spare.items():
        first = int(why.removeprefix(VARIANT))
        assert first == 99 or (first < product and groups[first - 1] == groups[product - 1] and first not in spare)


def grouping(runtime: Runtime, surface: str, rules: tuple[Rule, ...] = ()) -> Services:
    """The shop with a surface that shows one variant of each product."""
    one = runtime.params.surfaces[surface].changed({"one_per_group": True})
    params = runtime.params.model_copy(update={"surfaces": {**runtime.params.surfaces, surface: one}})
    return replace(runtime.services, params=params, rules=lambda _: rules, record=lambda *_: None)


def grouped(runtime: Runtime, rules: tuple[Rule, ...] = (), surface: str = "search", **wanted: object) -> Slate:
    """A slate of that surface."""
    request = Request(surface, "request-1", "default", **wanted)  # type: ignore[arg-type]
    return recommend(grouping(runtime, surface, rules), request)


def groups_shown(runtime: Runtime, slate: Slate) -> list[Hashable | None]:
    with runtime.database.session() as session:
        rows = serving_rows(session, "default", [item.product_id for item in slate.items])
    return groups_of(list(rows.values()), names_shown(runtime, slate), RULES)


def names_shown(runtime: Runtime, slate: Slate) -> dict[int, str]:
    shown = select(PRODUCT.c.id, PRODUCT.c.name).where(PRODUCT.c.id.in_([item.product_id for item in slate.items]))
    with runtime.database.session() as session:
        return {row.id: row.name for row in session.connection().execute(shown)}


FILTERS = st.sampled_from([None, Filter(must=(Match("brand", ("Alba",)),)), Filter(must=(Range("price", gte=10),))])


# mugs 1 and 3 are of one brand, so are 2 and 4, as with lamps and bags: six products in twelve variants
@SHARED
@given(n=st.integers(1, 12), wanted=FILTERS, surface=st.sampled_from(["search", "similar"]))
def test_no_slate_has_two_variants_and_every_candidate_ends_in_one_place(
    runtime: Runtime, n: int, wanted: Filter | None, surface: str
) -> None:
    asked: dict[str, Any] = {"text": "a red or blue mug"} if surface == "search" else {"product": "bag-1"}
    slate = grouped(runtime, surface=surface, n=n, filter=wanted, **asked)
    groups = groups_shown(runtime, slate)
    assert len(set(groups)) == len(groups)
    shown = {item.product_id for item in slate.items}
    assert not shown & set(slate.trace.dropped) | shown & set(slate.trace.outranked)
    assert not set(slate.trace.dropped) & set(slate.trace.outranked)
    most = (3 if wanted and isinstance(wanted.must[0], Match) else 6) - (surface == "similar")
    assert len(shown) == min(n, most) or wanted is not None
    for why in slate.trace.dropped.values():
        assert not why.startswith(VARIANT) or int(why.removeprefix(VARIANT)) not in slate.trace.dropped


def test_a_short_slate_says_that_the_rest_are_variants(runtime: Runtime) -> None:
    slate = grouped(runtime, text="mug", n=12)
    assert len(slate.items) == 6
    assert slate.shortfall == "6 of 12 asked for: no more products match; 4 more are variants of these"
    assert len(grouped(runtime, text="mug", n=12, all_variants=True).items) == 10


def test_lists_and_pages_of_such_a_surface_have_no_two_variants_either(runtime: Runtime) -> None:
    asked = Request("search", "r", "default", text="mug", n=12)
    slate = search_listed(grouping(runtime, "search"), asked, facets=("brand",), after=None).slate
    shown = {item.product_id for item in slate.items}
    assert len(set(groups_shown(runtime, slate))) == len(shown)
    assert not set(slate.trace.dropped) & (shown | set(slate.trace.outranked))
    every = TopList(np.arange(1, 13), np.linspace(1, 0.5, 12, dtype=np.float32))
    popular = Popular(datetime.now(UTC), every, {}, every, every, ())
    services = replace(grouping(runtime, "home"), popular=lambda _: popular)
    shelves = home_page(services, Request("home", "r", "default", n=4), ("for_you", "new_arrivals"))
    groups = [group for shelf in shelves for group in groups_shown(runtime, shelf.slate)]
    assert len(set(groups)) == len(groups) == 6


def test_search_and_home_show_every_variant_unless_configured_otherwise(runtime: Runtime) -> None:
    assert not any(runtime.params.surfaces[name].one_per_group for name in ("search", "home"))
    assert runtime.params.surfaces["similar"].one_per_group


def test_a_pinned_variant_is_the_one_that_is_shown(runtime: Runtime) -> None:
    first = grouped(runtime, text="red mug", n=3)
    assert names_shown(runtime, first)[first.items[0].product_id] == "Red Mug"
    pinned = grouped(runtime, (Rule("r", Pin(((2, "mug-3"),))),), text="red mug", n=5)
    names = names_shown(runtime, pinned)
    assert names[pinned.items[1].product_id] == "Green Mug"
    assert "Red Mug" not in names.values()


def test_why_not_names_the_variant_that_stands_for_a_product(runtime: Runtime) -> None:
    similar = Request("similar", "r", "default", product="bag-1", n=5)
    found, slate = why_not_shown(runtime.services, similar, "bag-3")
    assert (found.cause, found.says) == ("variant", "it is a variant of the product that others should resemble")
    with runtime.database.session() as session:
        rows = serving_rows(session, "default", [item.product_id for item in slate.items])
    shown = {rows[item.product_id].external_id: item.rank for item in slate.items}
    one, other = ("mug-1", "mug-3") if "mug-1" in shown else ("mug-3", "mug-1")
    found, _ = why_not_shown(runtime.services, similar, other)
    assert (found.cause, found.says) == ("variant", f"it is a variant of '{one}', which stands in slot {shown[one]}")
    assert why_not_shown(runtime.services, replace(similar, all_variants=True, n=9), other)[0].cause == "shown"
