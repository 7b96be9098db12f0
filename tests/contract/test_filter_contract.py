"""A filter means the same to every engine as to `service.core.filters.matches`."""

import random

import pytest

from service.core.filters import Condition, Filter, HasId, Match, Range, matches
from service.store.vectors import Point, Space, VectorStore

VALUES: dict[str, tuple[str | int | bool, ...]] = {
    "brand": ("LG", "Sony", "Bosch", "nobody"),
    "tags": ("sale", "new", "eco", "gift", ""),
    "stock": (0, 1, 2, 3, -1, 2**40),
    "visible": (True, False),
    "attributes.colour": ("red", "blue", "green"),
    "attributes.shoe size": ("36", "37", "99"),
    "unindexed": ("x",),
}


@pytest.fixture(params=["as written", "optimised"])
def filled(request: pytest.FixtureRequest, store: VectorStore, space: Space, points: list[Point]) -> VectorStore:
    """The small shop, with fresh indexes and with those an optimiser has built."""
    # more of the same, so that the optimiser has reason to build
    more = [Point(p.id + 300 * k, p.vectors, p.payload) for k in range(4) for p in points]
    store.upsert(space.name, more)
    if request.param == "optimised":
        if "memory" in request.node.name:
            pytest.skip("untrue in memory: there is nothing to optimise")
        store.optimize(space.name)
    return store


def test_hundreds_of_random_filters_choose_what_they_mean(
    filled: VectorStore, space: Space, points: list[Point]
) -> None:
    draw = random.Random(20)
    shop = {p.id + 300 * k: p.payload for k in range(4) for p in points}
    sizes = set()
    for _ in range(200):
        condition = Filter(must=(_condition(draw, depth=0),))
        wanted = [i for i in sorted(shop) if matches(condition, shop[i], i)]
        assert [r.id for r in filled.scroll(space.name, filter=condition, batch=5000)] == wanted, condition
        assert filled.count(space.name, condition) == len(wanted), condition
        sizes.add(len(wanted))
    assert len(sizes) > 50


@pytest.mark.parametrize("bound", ["gte", "gt", "lte", "lt"])
@pytest.mark.parametrize("field", ["stock", "price"])
@pytest.mark.parametrize("value", [2, 2.5, 3.0, -0.5])
def test_ranges_over_whole_numbers_and_decimals_agree_at_the_edges(
    store: VectorStore, space: Space, bound: str, field: str, value: float
) -> None:
    payloads = {i: {"stock": i, "price": i if i % 2 else float(i)} for i in range(6)}
    store.upsert(space.name, [Point(i, {}, payload) for i, payload in payloads.items()])
    condition = Filter(must=(Range(field, **{bound: value}),))
    assert [r.id for r in store.scroll(space.name, filter=condition)] == [
        i for i, payload in payloads.items() if matches(condition, payload)
    ]


def test_a_list_matches_by_any_of_its_values_and_an_empty_one_by_none(store: VectorStore, space: Space) -> None:
    store.upsert(space.name, [Point(1, {}, {"tags": ["new", "sale"]}), Point(2, {}, {"tags": []}), Point(3, {}, {})])
    assert store.count(space.name, Filter(must=(Match("tags", ("sale", "eco")),))) == 1
    assert store.count(space.name, Filter(must_not=(Match("tags", ("sale",)),))) == 2
    assert store.count(space.name, Filter(must=(Match("tags", ()),))) == 0


def test_empty_filters_and_groups_mean_everything(store: VectorStore, space: Space) -> None:
    store.upsert(space.name, [Point(1, {}, {})])
    for condition in (Filter(), Filter(must=(Filter(),)), Filter(should=(Filter(),))):
        assert store.count(space.name, condition) == 1
    assert store.count(space.name, Filter(must_not=(Filter(),))) == 0
    assert store.count(space.name, Filter(must=(HasId(frozenset()),))) == 0


def _condition(draw: random.Random, depth: int) -> Condition:
    kind = draw.choice(["match", "match", "range", "id", "group", "group"] if depth < 3 else ["match", "range"])
    if kind == "match":
        field = draw.choice(list(VALUES))
        return Match(field, tuple(draw.sample(VALUES[field], draw.randint(1, min(3, len(VALUES[field]))))))
    if kind == "range":
        field, top = draw.choice([("price", 100.0), ("stock", 6.0)])
        bounds = draw.sample(["gte", "gt", "lte", "lt"], draw.randint(0, 2))
        return Range(field, **{b: draw.choice([round(draw.uniform(0, top), 1), draw.randint(0, 6)]) for b in bounds})
    if kind == "id":
        return HasId(frozenset(draw.sample(range(1, 1600), draw.choice([0, 3, 700]))))
    parts = {
        part: tuple(_condition(draw, depth + 1) for _ in range(draw.randint(0, 3)))
        for part in ("must", "should", "must_not")
        if draw.random() < 0.6
    }
    return Filter(**parts)
