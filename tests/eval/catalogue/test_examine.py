"""A small shop with known troubles is examined; every expected number can be counted by hand."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from config.settings import Settings
from eval.catalogue.run import Options, examine
from eval.catalogue.shop import Shop, open_to_look
from indexer.sync import index_stale
from service.core.errors import ConfigurationError, IndexNotReady, InvalidQuery, NotFound
from service.core.types import EventType, Interaction, Product
from service.runtime import open_database_only, open_runtime
from service.store.catalog import upsert_products
from service.store.record import record_events


@contextmanager
def quiet(what: str, total: int, unit: str) -> Iterator[Callable[[float], None]]:
    yield lambda _: None


@pytest.fixture(scope="module")
def folder(
    tmp_path_factory: pytest.TempPathFactory,
    settings_for: Callable[[Path], Settings],
    small_shop: Callable[[], list[Product]],
) -> Path:
    """Twelve products; a thirteenth repeats the first, has a dead picture and a text of 800 words."""
    folder = tmp_path_factory.mktemp("examined")
    first, *rest = small_shop()
    copy = replace(first, external_id="mug-1-again", name=f" {first.name.upper()}! ")
    wordy = replace(first, external_id="essay", name="Essay", description="word " * 800, image=str(folder / "gone.jpg"))
    with open_runtime(settings_for(folder)) as runtime:
        with runtime.database.session() as session:
            upsert_products(session, [first, copy, *rest, wordy])
        index_stale(runtime.outbox)
        moment = datetime.now(UTC) - timedelta(hours=1)
        with runtime.database.session() as session:
            viewed = Interaction(EventType.VIEW, moment, user="ann", product="mug-2")
            record_events(session, [viewed], unknown_products="refuse", now=datetime.now(UTC))
        runtime.count_popular()
    return folder


@pytest.fixture
def shop(folder: Path, settings_for: Callable[[Path], Settings]) -> Iterator[Shop]:
    with open_to_look(settings_for(folder)) as shop:
        yield shop


@pytest.fixture
def result(shop: Shop) -> dict[str, Any]:
    return examine(shop, Options(k=3), quiet)


def test_what_is_there_and_what_is_missing_is_counted(result: dict[str, Any]) -> None:
    assert result["products"] == {"total": 14, "hidden": 1, "sold_out": 1, "waiting_for_the_index": 0}
    shares = {entry["attribute"]: entry["products"] for entry in result["missing"]}
    assert shares["brand"] == 0
    assert (shares["image"], shares["rating"], shares["attributes.colour"]) == (13, 14, 0)


def test_the_same_name_in_other_letters_is_a_duplicate(result: dict[str, Any]) -> None:
    same = result["duplicates"]
    assert (same["groups"], same["products"], same["surplus"]) == (1, 2, 1)
    assert same["largest"][0]["ids"] == ["mug-1", "mug-1-again"]
    near = result["near_duplicates"]["text"]
    assert ["mug-1", "mug-1-again"] in [group["ids"] for group in near["largest"]]
    assert result["near_duplicates"]["image"] is None  # no picture model in tests


def test_a_text_that_goes_on_after_the_limits_is_named(result: dict[str, Any]) -> None:
    texts = result["texts"]
    assert (texts["max_chars"], texts["cut_by_chars"]) == (2000, 1)
    assert (texts["max_pieces"], texts["cut_by_pieces"], texts["longest"]) == (256, 1, ("essay",))
    assert 0 < texts["unread"] < 1


def test_a_picture_file_that_is_gone_is_named(result: dict[str, Any], folder: Path) -> None:
    assert result["pictures"]["kinds"] == {"none": 13, "file": 1, "data": 0, "url": 0}
    assert result["pictures"]["missing_files"]["examples"] == {str(folder / "gone.jpg"): "no such file"}


def test_hidden_and_sold_out_products_do_not_count_as_orphans(result: dict[str, Any]) -> None:
    reach = result["reachability"]
    similar = reach["surfaces"]["similar"]
    assert reach["may_be_shown"] == 12
    assert similar["lists"] == 13  # a sold-out product's page is visited, a hidden one's is not
    assert similar["reachable"] + similar["orphans"] == 12
    assert sum(hub["lists"] for hub in similar["hubs"]) <= 13 * 3
    assert reach["users"] == {"seen": 1, "asked": 1}
    assert reach["surfaces"]["home"]["reachable"] == 3  # one user, three slots
    popular = reach["surfaces"]["popular"]
    assert popular["hubs"][0]["id"] == "mug-2"  # the one that was viewed trends, overall and in both its categories


def test_everything_is_reachable_when_the_lists_are_as_long_as_the_shop(shop: Shop) -> None:
    reach = examine(shop, Options(k=13, users=0), quiet)["reachability"]
    assert (reach["any"]["share"], reach["any"]["orphans"]) == (1.0, 0)
    assert reach["any"]["gini"] < 0.4  # of two variants of a mug one stands for both on other products' pages


def test_a_sample_is_stated_and_the_same_every_time(shop: Shop) -> None:
    once, again = (examine(shop, Options(k=3, sample=5, seed=4), quiet) for _ in range(2))
    assert once["sampling"] == {"indexed": 14, "asked": 5, "seed": 4}
    assert {**once, "seconds": 0} == {**again, "seconds": 0}
    assert once["near_duplicates"]["text"]["looked_at"] == 5


def test_more_slots_than_a_surface_shows_is_one_line(shop: Shop) -> None:
    with pytest.raises(InvalidQuery, match="must be between 1 and 100, got 101"):
        examine(shop, Options(k=101), quiet)


def test_looking_at_a_shop_that_is_not_there_makes_none(
    tmp_path: Path, settings_for: Callable[[Path], Settings]
) -> None:
    with pytest.raises(ConfigurationError, match="there is no shop"), open_to_look(settings_for(tmp_path / "no")):
        pass
    assert not (tmp_path / "no").exists()


def test_a_shop_without_index_or_products_is_one_line(tmp_path: Path, settings_for: Callable[[Path], Settings]) -> None:
    settings = settings_for(tmp_path)
    with open_database_only(settings):
        pass
    with pytest.raises(IndexNotReady, match="vitrine index"), open_to_look(settings):
        pass
    with open_runtime(settings):
        pass
    with open_to_look(settings) as shop, pytest.raises(NotFound, match="catalogue is empty"):
        examine(shop, Options(), quiet)
