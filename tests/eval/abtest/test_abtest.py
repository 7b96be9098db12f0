"""An experiment from assignment to read-out, through the database and the command."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from config.params import Params, load_params
from eval.abtest.report import abtest_report, warning
from eval.abtest.run import Options, abtest
from service.cli.main import main
from service.core.errors import InvalidQuery, NotFound
from service.core.impression import Impression
from service.core.types import EventType, Interaction, Product, RankedItem
from service.experiments import assign
from service.store.catalog import upsert_products
from service.store.database import Database, open_database
from service.store.events import record_events
from service.store.impressions import write_impressions
from service.store.lookup import product_ids

START = datetime(2026, 3, 1, tzinfo=UTC)
RATES = {"control": 0.10, "varied": 0.20}
TOML = """
[experiments.variety]
surfaces = ["home", "search"]
[experiments.variety.variants]
control = { share = 0.5 }
varied = { share = 0.5, changes = { mmr_lambda = 0.7 } }
"""


@pytest.fixture
def params(tmp_path: Path) -> Params:
    (tmp_path / "shop.toml").write_text(TOML)
    return load_params(tmp_path / "shop.toml")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = open_database(f"sqlite:///{tmp_path}/vitrine.db")
    yield database
    database.close()


def live(database: Database, params: Params, visitors: int, *, lost: float = 0.0) -> dict[str, int]:
    """Visitors as `assign` puts them, each sees two slates of three; `lost` of the varied are never logged."""
    random = np.random.default_rng(3)
    with database.session() as session:
        upsert_products(
            session, [Product(f"p{n}", f"Mug {n}", price_minor=1000 * n, currency="EUR") for n in (1, 2, 3)]
        )
        ids = product_ids(session, "default", ["p1", "p2", "p3"])
    shown, done, counts = [], [], dict.fromkeys(RATES, 0)
    for number in range(visitors):
        arms = assign(params, "home", visitor=f"default/user:u{number}").arms
        variant = arms["variety"]
        if variant == "varied" and random.random() < lost:
            continue
        counts[variant] += 1
        for visit, surface in enumerate(("home", "search")):
            at, request = START + timedelta(minutes=number, hours=visit), f"r{number}-{visit}"
            items = tuple(RankedItem(ids[f"p{n}"], n, 1.0, {}, 1.0, "cf", "global") for n in (1, 2, 3))
            shown.append(
                Impression(request, "default", surface, None, arms, None, f"u{number}", None, at, "global", items)
            )
            for n in (1, 2, 3):
                if random.random() < RATES[variant]:
                    who = {"user": f"u{number}", "product": f"p{n}", "at": at + timedelta(minutes=1)}
                    done.append(Interaction(EventType.CLICK, request_id=request, position=n, **who))
                    if random.random() < 0.3:
                        done.append(Interaction(EventType.PURCHASE, value=2, **who))  # names no request
    with database.session() as session:
        write_impressions(session, shown)
        record_events(session, done, unknown_products="refuse", now=START)
    return counts


def test_an_effect_is_found_on_every_surface(database: Database, params: Params, tmp_path: Path) -> None:
    counts = live(database, params, 1500)
    found = abtest(database, "default", params, Options("variety", planned=1500))
    assert found["sample_ratio"]["visitors"] == counts
    assert found["sample_ratio"]["trusted"]
    assert found["events"]["credited"] == sum(found["events"].values())
    assert list(found["surfaces"]) == ["all", "home", "search"]
    whole = found["surfaces"]["all"]
    assert whole["variants"]["control"]["slots"] == counts["control"] * 6
    assert whole["variants"]["control"]["ctr"]["low"] <= 0.10 <= whole["variants"]["control"]["ctr"]["high"]
    assert whole["effects"]["varied"]["ctr"]["always_low"] <= 0.10 <= whole["effects"]["varied"]["ctr"]["always_high"]
    # two pieces of 10, 20 or 30 EUR for 30 % of clicks: 6 slots x rate x .3 x 40
    revenue = whole["variants"]["varied"]["revenue_EUR"]
    assert revenue["low"] <= 6 * 0.2 * 0.3 * 40 <= revenue["high"]
    assert {surface: one["effects"]["varied"]["ctr"]["verdict"] for surface, one in found["surfaces"].items()} == {
        "all": "better", "home": "better", "search": "better",
    }  # fmt: skip
    page, text = abtest_report(tmp_path / "report", found, "vitrine eval abtest variety")
    assert "varied, ctr" in page.read_text()
    assert "Sample ratio: as configured" in text.read_text()


def test_lost_visitors_make_everything_untrustworthy(database: Database, params: Params) -> None:
    live(database, params, 1500, lost=0.3)
    found = abtest(database, "default", params, Options("variety"))
    assert not found["sample_ratio"]["trusted"]
    assert "SAMPLE-RATIO MISMATCH" in (warning(found) or "")
    effects = found["surfaces"]["all"]["effects"]["varied"]
    assert {one["verdict"] for one in effects.values()} == {"untrustworthy"}


def test_who_met_two_variants_is_left_out(database: Database, params: Params) -> None:
    live(database, params, 20)
    items = (RankedItem(1, 1, 1.0, {}, 1.0, "cf", "global"),)
    other = {"control": "varied", "varied": "control"}[
        assign(params, "home", visitor="default/user:u0").arms["variety"]
    ]
    again = Impression("x", "default", "home", None, {"variety": other}, None, "u0", None, START, "global", items)
    with database.session() as session:
        write_impressions(session, [again])
    found = abtest(database, "default", params, Options("variety"))["sample_ratio"]
    assert (found["mixed"], sum(found["visitors"].values())) == (1, 19)


def test_what_cannot_be_read_out_is_said_in_one_sentence(database: Database, params: Params) -> None:
    with pytest.raises(InvalidQuery, match="nobody was in variety"):
        abtest(database, "default", params, Options("variety"))
    with pytest.raises(NotFound, match="there are: variety"):
        abtest(database, "default", params, Options("other"))


def test_the_commands_print_json(
    database: Database, params: Params, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    live(database, params, 60)
    options = ["--data-dir", str(tmp_path), "--config", str(tmp_path / "shop.toml"), "--json"]
    again = ["eval", "abtest", "variety", "--since", "2026-02-01T00:00:00"]
    assert main([*again, "--report", str(tmp_path / "r"), *options]) == 0
    found = json.loads(capsys.readouterr().out)
    assert sum(found["sample_ratio"]["visitors"].values()) == 60
    assert {path.name for path in (tmp_path / "r").iterdir()} == {"report.html", "report.md"}
    assert " ".join(again) in (tmp_path / "r" / "report.md").read_text()
    # the slates of this test left nothing to chance
    assert main(["eval", "offpolicy", "--surface", "home", *options]) == 1
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "no_randomness"
    assert main(["eval", "abtest", "variety", *options[:-1]]) == 0
    assert "always" in capsys.readouterr().out
