"""From a real database to an estimate, and one sentence where there can be none."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eval.offpolicy.logged import LoggedSlate, are_as_logged, read_pools
from eval.offpolicy.report import offpolicy_report
from eval.offpolicy.run import Options, offpolicy
from eval.offpolicy.sample import plan
from service.context import Request
from service.core.errors import InvalidQuery
from service.core.impression import Impression
from service.core.types import EventType, Interaction, Product
from service.pipeline import recommend
from service.runtime import Runtime
from service.store.catalog import upsert_products
from service.store.database import Database, open_database
from service.store.events import record_events
from service.store.impressions import write_impressions
from service.variety import Known, diversify

START = datetime(2026, 3, 1, tzinfo=UTC)
SLATES = 1500


def never(*_: object) -> Any:
    pytest.fail("there is no MMR here")


@pytest.fixture(scope="module")
def logged(world: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """Slates of the world as the service writes them, and the clicks they got."""
    random = np.random.default_rng(11)
    impressions, clicks = [], []
    for number, context in enumerate(random.integers(0, 60, SLATES).tolist()):
        slate, user = world.draw(context, number), f"u{number // 2}"
        at = START + timedelta(minutes=number)
        impressions.append(
            Impression(f"r{number}", "default", "home", None, {}, None, user, None, at, "personal", slate.items,
                       slate.draw)
        )  # fmt: skip
        for item in slate.items:
            place = world.products[context].tolist().index(item.product_id)
            if random.random() < world.clicks[context, item.rank - 1, place]:
                clicks.append(Interaction(EventType.CLICK, at, user=user, product=f"p{item.product_id:03}",
                                          request_id=f"r{number}", position=item.rank))  # fmt: skip
    database = open_database(f"sqlite:///{tmp_path_factory.mktemp('log')}/shop.db")
    with database.session() as session:
        upsert_products(session, [Product(f"p{number:03}", f"Product {number}") for number in range(1, 201)])
        write_impressions(session, impressions)
        record_events(session, clicks, unknown_products="refuse", now=START)
    yield database
    database.close()


def test_the_log_in_the_database_gives_the_truth(world: Any, logged: Database, tmp_path: Path) -> None:
    found = offpolicy(logged, "default", world.candidate, Options("home"), never)
    assert (found["slates"], found["visitors"], found["left_out"]) == (SLATES, SLATES // 2, {})
    for name in ("ips", "snips", "dr"):
        assert found[name]["low"] <= world.value(world.candidate) <= found[name]["high"]
    assert found["verdict"] == "better"
    page, text = offpolicy_report(tmp_path, found, "vitrine eval offpolicy --surface home")
    assert "doubly robust" in text.read_text()
    assert "plotly" in page.read_text()


def test_the_same_seed_gives_the_same_numbers(world: Any, logged: Database) -> None:
    options = Options("home", most=300)
    first, second = (offpolicy(logged, "default", world.candidate, options, never) for _ in range(2))
    assert first == second
    assert (first["slates"], first["usable"]) == (300, SLATES)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"fuse": "rrf"}, "not_reweighable"),
        ({"weights": {"image": 0.5}}, "not_reweighable"),
        ({"temperature": 0.0, "weights": {"cf": 0.0, "text": 50.0}}, "little_overlap"),
    ],
)
def test_what_the_log_cannot_say_is_refused(world: Any, logged: Database, changes: dict, code: str) -> None:
    candidate = world.logging.changed(changes)
    with pytest.raises(InvalidQuery) as refusal:
        offpolicy(logged, "default", candidate, Options("home", most=200, min_ess=150), never)
    assert refusal.value.code == code


def test_what_the_service_draws_with_mmr_can_be_weighed_anew(runtime: Runtime) -> None:
    surface = runtime.params.surfaces["search"].changed({"temperature": 0.3, "mmr_lambda": 0.7})
    params = runtime.params.model_copy(update={"surfaces": {"search": surface}})
    services = replace(runtime.services, params=params)
    shown = [recommend(services, Request("search", f"r{i}", "default", text="red mug lamp", n=4)) for i in range(20)]
    slates = [LoggedSlate(i, slate.draw, slate.items) for i, slate in enumerate(shown) if slate.draw]
    pools = read_pools(slates)
    assert (len(slates), are_as_logged(pools).all()) == (20, True)

    def diversified(fused: Any, surface: Any, n: int) -> Any:
        return diversify(Known(services.vectors), fused, surface, n, 0).fused.ids

    # what is served is deterministic up to chance: the candidate's first order is what it would serve without any
    candidate = surface.changed({"weights": {"text": 0.9}, "temperature": 0.0})
    planned = plan(slates, pools, candidate, diversified)
    services = replace(services, params=params.model_copy(update={"surfaces": {"search": candidate}}))
    served = recommend(services, Request("search", "r", "default", text="red mug lamp", n=4))
    first = [pools.products[0][np.flatnonzero(planned.ranks[0] == place)[0]] for place in range(4)]
    assert first == [item.product_id for item in served.items]


def test_without_randomness_there_is_nothing_to_say(world: Any, tmp_path: Path) -> None:
    slate = world.draw(0, 1)
    certain = tuple(replace(item, propensity=1.0) for item in slate.items)
    shown = Impression("r", "default", "home", None, {}, None, "u", None, START, "personal", certain)
    database = open_database(f"sqlite:///{tmp_path}/shop.db")
    with pytest.raises(InvalidQuery, match="nothing was shown on home"):
        offpolicy(database, "default", world.candidate, Options("home"), never)
    with database.session() as session:
        write_impressions(session, [shown])
    with pytest.raises(InvalidQuery, match="there is no randomness in the log") as refusal:
        offpolicy(database, "default", world.candidate, Options("home"), never)
    assert refusal.value.code == "no_randomness"
    database.close()
