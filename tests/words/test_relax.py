"""Where nothing matches, what is popular is shown instead."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from service.context import Request, Services
from service.core.popular import Popular, TopList
from service.pipeline import recommend
from service.runtime import Runtime
from service.store.catalog import product_ids
from service.words.relax import NEAREST, POPULAR, SOME_WORDS


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
