"""``vitrine eval load`` on a shop made by the commands themselves, with a real service."""

import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from config.settings import load_settings
from eval.load.service import serving
from service.store.database import open_database
from service.store.edge_folder import lock_folder
from service.store.tables import IMPRESSION


@pytest.fixture
def shop(vitrine: Callable[..., Any], feed: Path, tmp_path: Path) -> None:
    """Three products, two users and a search, indexed."""
    events = [
        {"type": "view", "user": user, "product": product, "at": "2025-01-02T00:00:00Z"}
        for user, product in (("u1", "mug"), ("u1", "lamp"), ("u2", "kettle"))
    ]
    search = {"type": "search", "user": "u2", "query": "red mug", "at": "2025-01-02T00:00:00Z"}
    lines = "".join(json.dumps(event) + "\n" for event in [*events, search])
    (tmp_path / "events.jsonl").write_text(lines)
    assert vitrine("load", "products", feed).code == 0
    assert vitrine("load", "events", tmp_path / "events.jsonl").code == 0
    assert vitrine("index").code == 0


def impressions() -> int:
    with closing(open_database(load_settings().sql_url)) as database, database.session() as session:
        return len(session.connection().execute(IMPRESSION.select()).all())


def test_a_mixed_load_is_measured_and_leaves_the_shop_as_it_is(vitrine: Callable[..., Any], shop: None) -> None:
    options = ("--rate", 40, "--seconds", 2, "--warmup", 0, "--engine", 20, "--report", "report")
    with capture_logs():  # pytest would have them on stdout, where the command has none
        found = vitrine("eval", "load", *options, "--json").json
    assert (found["surface"], found["offered"], found["errors"]) == ("mix", 40.0, 0)
    assert 0 < found["p50_ms"] <= found["p95_ms"] <= found["p99_ms"] <= found["max_ms"]
    assert set(found["by_surface"]) == {"home", "similar", "search", "events"}
    assert found["engine_ratio"] == found["engine"]["wall_ratio"] > 1
    assert found["engine"]["by_surface"]["search"]["round_trips"] == 1
    assert found["rss_mb"] > 50
    assert found["cpu_s"] > 0
    assert impressions() == 0
    assert "| similar |" in Path("report/report.md").read_text("utf-8")
    assert "plotly" in Path("report/report.html").read_text("utf-8")


def test_a_running_service_is_loaded_by_its_address_and_gets_no_events(
    vitrine: Callable[..., Any], shop: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(load_settings(), background=False) as served:
        url = f"http://{served.address.name}"
        options = ("--url", url, "--rate", 40, "--seconds", 1, "--warmup", 0)
        found = vitrine("eval", "load", *options, "--json").json
        assert set(found["by_surface"]) == {"home", "similar", "search"}
        assert found["engine_ratio"] is None
        assert "no events were sent" in found["notes"][0]
        shown = vitrine("eval", "load", "--surface", "home", *options)
        assert "home" in shown.out
        assert "is in use by another process" in vitrine("eval", "load").complaint
        assert "--write-events" in vitrine("eval", "load", "--surface", "events", *options).complaint
        (elsewhere := Path("elsewhere")).mkdir()
        strange = vitrine("eval", "load", "--surface", "home", *options, "--json", "--data-dir", elsewhere).json
        assert any("no users are known" in note for note in strange["notes"])
        monkeypatch.setattr("eval.load.run._FEWEST", 20)
        monkeypatch.setattr("eval.load.find_rate._HIGHEST", 50)
        find = ("--url", url, "--surface", "similar", "--rate", 20, "--seconds", 1, "--warmup", 0, "--find-rate")
        best = vitrine("eval", "load", *find, "--goal-p99", 5000, "--json").json
        assert (best["found"]["rate"], best["rate"]) == (40, 40)
        assert [step["rate"] for step in best["found"]["steps"] if not step["why_not"]] == [20, 40]


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ((), "there is no shop in vitrine-data"),
        (("--surface", "front"), "no surface 'front'"),
        (("--url", "https://shop.example"), "plain http"),
        (("--url", "http://127.0.0.1:9"), "does not answer"),
    ],
)
def test_what_cannot_be_loaded_is_one_line(vitrine: Callable[..., Any], options: tuple[str, ...], why: str) -> None:
    assert why in vitrine("eval", "load", *options).complaint
    assert not Path("vitrine-data").exists()


def test_a_shop_held_by_somebody_else_is_one_line(vitrine: Callable[..., Any], feed: Path) -> None:
    vitrine("load", "products", feed)
    vitrine("index")
    with lock_folder(Path("vitrine-data/vectors")):
        assert "in use by another process" in vitrine("eval", "load").complaint
