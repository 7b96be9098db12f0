"""Laws of every slate, on the real engines."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.context import Request
from service.core.errors import InvalidQuery, NotFound
from service.core.filters import Filter, Match, Range
from service.core.types import Slate
from service.core.understood import TRAIT_KINDS
from service.pipeline import recommend
from service.runtime import Runtime
from service.store.catalog import get_products

SHARED = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def ask(runtime: Runtime, surface: str = "search", **wanted: object) -> Slate:
    return recommend(runtime.services, Request(surface, "request-1", "default", **wanted))  # type: ignore[arg-type]


def shown(runtime: Runtime, slate: Slate) -> list[str]:
    with runtime.database.session() as session:
        found = get_products(session, [item.product_id for item in slate.items])
    return [found[item.product_id].product.external_id for item in slate.items]


def test_words_find_their_product_first(runtime: Runtime) -> None:
    assert shown(runtime, ask(runtime, text="blue lamp", n=1)) == ["lamp-2"]


def test_sold_out_and_hidden_products_never_appear(runtime: Runtime) -> None:
    everything = shown(runtime, ask(runtime, text="white mug lamp bag", n=12))
    assert len(everything) == 10
    assert not {"mug-4", "lamp-4"} & set(everything)


def test_a_slate_that_falls_short_says_so(runtime: Runtime) -> None:
    assert ask(runtime, text="mug", n=12).shortfall == "10 of 12 asked for: no more products match"
    assert ask(runtime, text="mug", n=10).shortfall is None


def test_the_anchor_is_never_in_its_own_answer(runtime: Runtime) -> None:
    similar = shown(runtime, ask(runtime, "similar", product="mug-1", n=12, all_variants=True))
    assert len(similar) == 9
    assert "mug-1" not in similar


def test_excluded_products_never_appear(runtime: Runtime) -> None:
    assert "lamp-2" not in shown(runtime, ask(runtime, text="blue lamp", n=12, exclude=("lamp-2", "unknown")))


def test_an_unknown_anchor_is_not_found(runtime: Runtime) -> None:
    with pytest.raises(NotFound, match="no-such"):
        ask(runtime, "similar", product="no-such")


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        ({"n": 0}, "between 1 and 100"),
        ({"n": 101}, "between 1 and 100"),
        ({"weights": {"telepathy": 1.0}}, "lexical, text, image"),
        ({"weights": {"text": -1.0}}, "between 0 and 1000"),
        ({"weights": {"text": float("nan")}}, "between 0 and 1000"),
        ({"weights": dict.fromkeys(("text", "lexical", "image", "picture", "chosen"), 0.0)}, "all are 0"),
    ],
)
def test_impossible_requests_say_what_is_allowed(runtime: Runtime, wanted: dict[str, object], says: str) -> None:
    with pytest.raises(InvalidQuery, match=says):
        ask(runtime, text="mug", **wanted)


WEIGHTS = st.fixed_dictionaries({"lexical": st.floats(0.1, 10), "text": st.floats(0.1, 10)})
FILTERS = st.sampled_from(
    [
        None,
        Filter(must=(Match("brand", ("Alba",)),)),
        Filter(must=(Range("price", gte=6, lte=16),), must_not=(Match("category", ("Bags",)),)),
        Filter(should=(Match("attributes.colour", ("red",)), Match("category", ("Home > Kitchen",)))),
    ]
)


@SHARED
@given(weights=WEIGHTS, n=st.integers(1, 12), lam=st.floats(0, 1), wanted=FILTERS)
def test_every_slate_obeys_the_laws(
    runtime: Runtime, weights: dict[str, float], n: int, lam: float, wanted: Filter | None
) -> None:
    slate = ask(runtime, text="a red or blue mug", n=n, weights=weights, mmr_lambda=lam, filter=wanted)
    ids = [item.product_id for item in slate.items]
    assert len(set(ids)) == len(ids) <= n
    assert len(ids) == n or slate.shortfall
    assert [item.rank for item in slate.items] == list(range(1, len(ids) + 1))
    for item in slate.items:
        assert sum(item.contributions.values()) == pytest.approx(item.score, abs=1e-9)
        assert item.source in item.contributions or item.score == 0
        assert 0 < item.propensity <= 1
    # every candidate ends in exactly one place
    assert not set(ids) & set(slate.trace.dropped) | set(ids) & set(slate.trace.outranked)


@SHARED
@given(weights=WEIGHTS, factor=st.floats(0.1, 10))
def test_scaling_all_weights_keeps_the_order(runtime: Runtime, weights: dict[str, float], factor: float) -> None:
    scaled = {name: weight * factor for name, weight in weights.items()}
    asked = {"text": "green bag", "n": 5, "ignore": frozenset(TRAIT_KINDS)}  # a trait has a weight of its own
    one, other = (ask(runtime, **asked, weights={**w, "image": 0.0}) for w in (weights, scaled))
    assert [item.product_id for item in one.items] == [item.product_id for item in other.items]


def test_a_weight_of_zero_switches_a_signal_off(runtime: Runtime) -> None:
    slate = ask(runtime, text="green bag", weights={"text": 0.0}, ignore=frozenset(TRAIT_KINDS))
    assert set(slate.trace.retrieved) == {"lexical"}
    assert all(set(item.contributions) <= {"lexical", "words"} for item in slate.items)


def test_lambda_one_is_the_order_of_relevance(runtime: Runtime) -> None:
    scores = [item.score for item in ask(runtime, "similar", product="mug-1", mmr_lambda=1.0).items]
    assert scores == sorted(scores, reverse=True)


def test_the_same_request_gives_the_same_slate(runtime: Runtime) -> None:
    sampled = {"search": runtime.params.surfaces["search"].model_copy(update={"temperature": 0.5})}
    params = runtime.params.model_copy(update={"surfaces": sampled})
    from dataclasses import replace

    services = replace(runtime.services, params=params)
    slates = [
        [item.product_id for item in recommend(services, Request("search", id, "default", text="mug", n=8)).items]
        for id in ("a", "a", "b", "c", "d")
    ]
    assert slates[0] == slates[1]
    assert len({tuple(slate) for slate in slates}) > 1


def test_what_chance_drew_from_is_kept_and_gives_the_propensities(runtime: Runtime) -> None:
    from dataclasses import replace

    sampled = {"search": runtime.params.surfaces["search"].model_copy(update={"temperature": 0.5})}
    services = replace(runtime.services, params=runtime.params.model_copy(update={"surfaces": sampled}))
    slate = recommend(services, Request("search", "r", "default", text="mug", n=4))
    assert slate.draw is not None
    scores = sorted((sum(shares) for shares in zip(*slate.draw.contributions.values(), strict=True)), reverse=True)
    first = slate.draw.products.index(slate.items[0].product_id)
    logits = np.exp(np.array(scores) / slate.draw.surface["temperature"])
    assert slate.items[0].propensity == pytest.approx(logits[first] / logits.sum())
    assert ask(runtime, text="mug").draw is None


def test_a_broken_signal_is_named_and_the_others_answer(runtime: Runtime) -> None:
    from dataclasses import replace

    class Broken:
        def encode_query(self, text: str) -> object:
            raise RuntimeError("no model")

    encoders = replace(runtime.services.encoders, text=Broken())  # type: ignore[arg-type]
    services = replace(runtime.services, encoders=encoders)
    slate = recommend(services, Request("search", "r", "default", text="blue lamp", n=1))
    assert slate.degraded == {"text": "error"}
    assert shown(runtime, slate) == ["lamp-2"]
