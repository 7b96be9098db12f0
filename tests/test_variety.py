"""Caps, guests and the space of MMR, on the real engines."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from config.surface import GuestShares
from service.context import Request
from service.core.exposure import Exposure
from service.core.types import Slate
from service.pipeline import recommend
from service.runtime import Runtime
from service.store.catalog import get_products, product_ids
from service.store.serving import serving_rows
from service.variety import kind_vectors


def ask(runtime: Runtime, surface: str = "search", text: str | None = "mug lamp bag", **changes: object) -> Slate:
    changed = runtime.params.surfaces[surface].model_copy(update=changes)
    params = runtime.params.model_copy(update={"surfaces": runtime.params.surfaces | {surface: changed}})
    return recommend(replace(runtime.services, params=params), Request(surface, "r-1", "default", text=text, n=6))


def brands(runtime: Runtime, slate: Slate) -> list[str]:
    with runtime.database.session() as session:
        found = get_products(session, [item.product_id for item in slate.items])
    return [str(found[item.product_id].product.brand) for item in slate.items]


def test_no_brand_has_more_than_its_share(runtime: Runtime) -> None:
    first = Counter(brands(runtime, ask(runtime, text="red mug white mug green bag")))
    capped = Counter(brands(runtime, ask(runtime, text="red mug white mug green bag", caps={"brand": 0.5})))
    assert max(capped.values()) == 3
    assert sum(capped.values()) == 6
    assert max(first.values()) >= 3


def test_caps_count_categories_and_attributes_too(runtime: Runtime) -> None:
    colours = ask(runtime, caps={"attributes.colour": 0.34})
    with runtime.database.session() as session:
        found = get_products(session, [item.product_id for item in colours.items])
    assert max(Counter(found[i.product_id].product.attributes["colour"] for i in colours.items).values()) <= 3
    assert len(ask(runtime, caps={"category": 0.2}).items) == 6  # three categories, two each


def test_guests_are_named_with_their_chance_and_the_draw_is_kept(runtime: Runtime) -> None:
    slate = ask(runtime, text="mug", guests=GuestShares(balance=1.0, serendipity=0.0, explore=0.0), mmr_lambda=1.0)
    guests = [item for item in slate.items if item.guest]
    assert guests
    assert {item.guest for item in guests} == {"balance"}
    assert all(0 < item.propensity <= 1 for item in slate.items)
    assert slate.draw is not None
    assert [item.product_id for item in ask(runtime, text="mug").items] != [item.product_id for item in slate.items]


def test_the_bandit_shows_what_is_clicked(runtime: Runtime) -> None:
    everything = ask(runtime, surface="home", text=None)
    assert everything.shortfall  # nothing is popular here, so nothing is known to a newcomer
    slate = ask(runtime, text="mug")
    last = slate.items[-1].product_id
    exposure = Exposure(np.array([last]), np.array([50.0]), np.array([40.0]), np.array([0.1]), 0.1)
    assert exposure.of(np.array([last]))[1].tolist() == [40.0]


@pytest.mark.parametrize("space", ["category", "text", "image", "behaviour"])
def test_mmr_works_in_every_space_even_where_it_is_empty(runtime: Runtime, space: str) -> None:
    assert len(ask(runtime, mmr_lambda=0.5, mmr_space=space).items) == 6


def test_mmr_over_categories_mixes_them(runtime: Runtime) -> None:
    def kinds(slate: Slate) -> list[str | None]:
        with runtime.database.session() as session:
            rows = serving_rows(session, "default", [item.product_id for item in slate.items])
        return [rows[item.product_id].category_path for item in slate.items]

    plain = kinds(ask(runtime, text="mug", mmr_lambda=1.0))
    mixed = kinds(ask(runtime, text="mug", mmr_lambda=0.3, mmr_space="category"))
    assert plain[:3] == ["Home > Kitchen"] * 3
    assert set(mixed[:3]) == {"Home > Kitchen", "Home > Lighting", "Bags"}


def test_products_are_alike_by_the_kinds_they_share(runtime: Runtime) -> None:
    with runtime.database.session() as session:
        ids = product_ids(session, "default", ["mug-1", "mug-2", "lamp-1", "bag-1"])
        rows = serving_rows(session, "default", ids.values())
    vectors = kind_vectors([*(rows[ids[name]] for name in ("mug-1", "mug-2", "lamp-1", "bag-1")), None])
    assert np.allclose((vectors @ vectors.T)[0], [1, 1, 0.5, 0, 0])
