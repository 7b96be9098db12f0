"""Where nothing matches, less is asked for, step by step, and said so; in slates and in lists."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from config.surface import Surface
from service.context import Request, Services
from service.core.filters import Filter, Match, Range
from service.core.popular import Popular, TopList
from service.core.types import Slate
from service.core.understood import Trait
from service.hydrate import Hydrated, hydrate
from service.listed import Listed, SearchList
from service.pipeline import recommend
from service.runtime import Runtime
from service.store.catalog import product_ids
from service.words.relax import DEMANDS, MEETING, NEAREST, POPULAR, SOME_WORDS


@pytest.fixture
def services(runtime: Runtime) -> Services:
    """A shop where bag-2 is popular, then lamp-1."""
    with runtime.database.session() as session:
        found = product_ids(session, "default", ["bag-2", "lamp-1"])
    top = TopList(np.array([found["bag-2"], found["lamp-1"]]), np.array([1.0, 0.5], np.float32))
    popular = Popular(datetime.now(UTC), top, {}, top, top, (), None)
    return replace(runtime.services, popular=lambda _: popular, record=lambda *_: None)


@pytest.fixture
def ask(runtime: Runtime) -> Callable[..., tuple[list[str], str | None, str]]:
    """What is shown for a text, why, and what it builds on."""

    def run(services: Services, text: str, **more: object) -> tuple[list[str], str | None, str]:
        slate = recommend(services, Request("search", "r", "default", text=text, may_relax=True, **more))  # type: ignore[arg-type]
        with runtime.database.session() as session:
            names = {key: name for name, key in product_ids(session, "default", ALL).items()}
        return [names[item.product_id] for item in slate.items], slate.fallback, slate.level

    return run


@pytest.fixture
def names(runtime: Runtime) -> Callable[[Slate], list[str]]:
    """The ids of what is shown."""

    def of(slate: Slate) -> list[str]:
        with runtime.database.session() as session:
            found = {key: name for name, key in product_ids(session, "default", ALL).items()}
        return [found[item.product_id] for item in slate.items]

    return of


Names = Callable[[Slate], list[str]]

ALL = [f"{kind}-{number}" for kind in ("mug", "lamp", "bag") for number in range(1, 5)]


def test_nonsense_gets_what_is_popular(services: Services, ask: Callable[..., object]) -> None:
    assert ask(services, "qwxyz vbnmk") == (["bag-2", "lamp-1"], POPULAR, "global")


def test_a_filter_still_holds(services: Services, ask: Callable[..., object]) -> None:
    assert ask(services, "qwxyz vbnmk", exclude=("bag-2",)) == (["lamp-1"], POPULAR, "global")


def test_where_nothing_is_popular_the_nearest_are_shown(
    services: Services, ask: Callable[..., tuple[list[str], str | None, str]]
) -> None:
    shown, why, level = ask(replace(services, popular=lambda _: None), "qwxyz vbnmk")
    assert (len(shown), why, level) == (10, NEAREST, "content")


def test_words_that_are_known_have_their_way(
    services: Services, ask: Callable[..., tuple[list[str], str | None, str]]
) -> None:
    shown, why, level = ask(services, "qwxyz vbnmk lamp")
    assert (set(shown), why, level) == ({"lamp-1", "lamp-2", "lamp-3"}, SOME_WORDS, "content")


@pytest.mark.parametrize("text", ["red mug", "grean lamp", "mug-1", "home lighting"])
def test_what_matches_is_left_alone(services: Services, ask: Callable[..., object], text: str) -> None:
    answer = ask(services, text)
    assert answer[1:] == (None, "content")


def test_only_who_allows_it_is_answered_with_less(services: Services) -> None:
    assert recommend(services, Request("search", "r", "default", text="qwxyz vbnmk")).fallback is None


def test_the_floor_can_be_switched_off(services: Services, ask: Callable[..., object]) -> None:
    params = services.params
    off = params.model_copy(update={"search": params.search.model_copy(update={"floor": -1.0})})
    assert ask(replace(services, params=off), "qwxyz vbnmk")[1:] == (None, "content")


def search(text: str, **more: object) -> Request:
    return Request("search", "r", "default", text=text, may_relax=True, **more)  # type: ignore[arg-type]


def costs_less(than: float) -> Trait:
    return Trait("price", f"under {than:g}", Filter(must=(Range("price", lt=than),)))


def demanding(services: Services, request: Request, *traits: Trait) -> Hydrated:
    """A request whose words also demand something."""
    surface: Surface = services.params.surfaces["search"]
    known = hydrate(services, request, surface)
    assert known.understood is not None
    return replace(known, understood=replace(known.understood, traits=traits))


def listed(services: Services, request: Request, *traits: Trait, sort: str = "relevance", after: str | None = None,
           facets: tuple[str, ...] = ("category",)) -> Listed:  # fmt: skip
    asked = SearchList(services, request, sort)
    asked.known = demanding(services, request, *traits)
    return asked.page(facets, after)


def test_a_price_that_nothing_meets_is_given_up(services: Services, names: Names) -> None:
    request = search("mug", n=3)
    slate = recommend(services, request, demanding(services, request, costs_less(2)))
    assert set(names(slate)) == {"mug-1", "mug-2", "mug-3"}
    assert slate.fallback == 'nothing that matches these words is "under 2"; shown is what matches without that'
    assert slate.understood is not None
    assert slate.understood.traits == ()  # what is shown does not meet it
    page = listed(services, request, costs_less(2))
    assert (names(page.slate), page.slate.fallback, page.total) == (names(slate), slate.fallback, 3)


def test_only_the_demand_that_nothing_meets_is_given_up(services: Services, names: Names) -> None:
    alba = Trait("brand", "Alba", Filter(must=(Match("brand", ("Alba",)),)))
    request = search("mug", n=3)
    slate = recommend(services, request, demanding(services, request, costs_less(2), alba))
    assert names(slate)[0] == "mug-2"  # the only mug of that brand that is in stock
    assert slate.fallback is not None
    assert '"under 2"' in slate.fallback
    assert "Alba" not in slate.fallback
    assert names(listed(services, request, costs_less(2), alba).slate) == ["mug-2"]


def test_a_demand_that_something_meets_holds(services: Services, names: Names) -> None:
    request = search("mug")
    page = listed(services, request, costs_less(12))
    assert (sorted(names(page.slate)), page.slate.fallback) == (["mug-1", "mug-2"], None)


def test_some_of_the_words_within_what_is_demanded(services: Services, names: Names) -> None:
    request = search("qwxyz vbnmk lamp")
    slate = recommend(services, request, demanding(services, request, costs_less(12)))
    assert (sorted(names(slate)), slate.fallback) == (["lamp-1", "lamp-2"], SOME_WORDS)
    page = listed(services, request, costs_less(12))
    assert (sorted(names(page.slate)), page.slate.fallback) == (["lamp-1", "lamp-2"], SOME_WORDS)


def test_where_nothing_helps_the_demand_is_given_up_too(services: Services, names: Names) -> None:
    request = search("qwxyz vbnmk")
    slate = recommend(services, request, demanding(services, request, costs_less(2)))
    assert (names(slate), slate.level) == (["bag-2", "lamp-1"], "global")
    assert slate.fallback == f'{POPULAR}; none of that is "under 2", so it was given up'


def test_words_that_only_demand_something_are_answered_by_all_that_meets_it(services: Services, names: Names) -> None:
    request = search("under 12", n=3)
    slate = recommend(services, request, demanding(services, request, costs_less(12)))
    assert (names(slate), slate.fallback, slate.level) == (["bag-2", "lamp-1"], DEMANDS, "global")
    nothing_popular = replace(services, popular=lambda _: None)
    slate = recommend(nothing_popular, request, demanding(services, request, costs_less(12)))
    assert (len(slate.items), slate.fallback) == (3, MEETING)
    assert set(names(slate)) <= {"bag-1", "lamp-1", "mug-1", "bag-2", "lamp-2", "mug-2"}
    first = listed(services, request, costs_less(12), sort="price")
    assert (first.total, first.facets_over, first.slate.fallback) == (6, "catalogue", None)
    second = listed(services, request, costs_less(12), sort="price", after=first.next_cursor)
    shown = names(first.slate) + names(second.slate)
    assert (sorted(shown[:3]), sorted(shown[3:])) == (["bag-1", "lamp-1", "mug-1"], ["bag-2", "lamp-2", "mug-2"])


def test_the_filter_of_the_request_is_never_given_up(services: Services, names: Names) -> None:
    request = search("mug", filter=Filter(must=(Range("price", lt=2),)))
    slate = recommend(services, request)
    assert (slate.items, slate.fallback) == ((), None)
    assert slate.shortfall is not None
    page = listed(services, request)
    assert (page.slate.items, page.slate.fallback, page.total, page.next_cursor) == ((), None, 0, None)
    assert page.slate.shortfall is not None


def test_a_list_of_what_is_popular_is_counted_and_paged(services: Services, names: Names) -> None:
    request = search("qwxyz vbnmk", n=1)
    for sort, order in (("relevance", ["bag-2", "lamp-1"]), ("price", ["lamp-1", "bag-2"])):
        first = listed(services, request, sort=sort)
        assert (first.slate.fallback, first.slate.level, first.total) == (POPULAR, "global", 2)
        assert first.facets is not None
        assert [(one.value, one.count) for one in first.facets["category"].values] == [("Bags", 1), ("Home", 1)]
        second = listed(services, request, sort=sort, after=first.next_cursor)
        assert (second.slate.fallback, second.slate.level) == (POPULAR, "global")
        assert second.next_cursor is None
        assert names(first.slate) + names(second.slate) == order


def test_a_list_under_a_filter_that_no_match_passes_shows_others_that_do(services: Services, names: Names) -> None:
    bags = Filter(must=(Match("category", ("Bags",)),))
    page = listed(services, search("qwxyz", filter=bags))
    assert (names(page.slate), page.slate.fallback) == (["bag-2"], POPULAR)


@pytest.mark.parametrize("text", ["red mug", "lamp", "something to carry things in", "blue", "mug lamp bag"])
def test_the_first_page_of_a_list_has_the_order_of_the_slate(services: Services, names: Names, text: str) -> None:
    slate, page = names(recommend(services, search(text, n=12))), listed(services, search(text, n=12)).slate
    shown = names(page)
    assert shown
    assert shown == [name for name in slate if name in shown]
