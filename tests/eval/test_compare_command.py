"""``vitrine eval compare`` as people type it, on small shops."""

import json
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import structlog

from config.settings import Settings
from eval.comparison import comparison
from indexer.release.artifacts import remove_artifacts
from indexer.release.build import build_release
from service.cli.main import main
from service.core.types import EventType, Interaction, Product
from service.runtime import open_database_only
from service.store.catalog import upsert_products
from service.store.events import record_events

START = datetime(2025, 1, 1, tzinfo=UTC)
RING = 12
SMALL = (
    "[history]\nidle_days = 36500\n[training]\ndimensions = 4\n[training.events]\nhalf_life_days = 1e9\n"
    "[training.lightfm]\nepochs = 3\n[training.checks]\nheld_out_share = 1.0\n[surfaces.home]\nmmr_lambda = 1.0\n"
)


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """A fresh folder to work in, and a log that ends with the test."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("config.log.configure_logging", lambda *_: None)
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    yield
    structlog.configure(**before)


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Callable[..., dict[str, Any]]:
    """Type a command and read its JSON."""

    def run(*words: str) -> dict[str, Any]:
        main([*words, "--json"])
        found: dict[str, Any] = json.loads(capsys.readouterr().out)
        return found

    return run


@pytest.fixture
def ring(tmp_path: Path) -> Path:
    """Forty users who buy six products round a ring of twelve."""
    lines = [" ".join([f"u{u}", *(f"P{(u + step) % RING}" for step in range(6))]) for u in range(40)]
    (tmp_path / "sequences.txt").write_text("\n".join(lines) + "\n")
    return tmp_path


def toml(path: Path, weights: str) -> str:
    path.write_text(f"{SMALL}[surfaces.home.weights]\n{weights}\n")
    return str(path)


def test_a_better_configuration_is_called_better(ring: Path, ask: Callable[..., dict[str, Any]]) -> None:
    a = toml(ring / "a.toml", "cf = 0.01\ncovisit = 0.0\nsequence = 0.0\ntext = 0.0\ntrending = 1.0")
    b = toml(ring / "b.toml", "cf = 0.0\ncovisit = 0.0\nsequence = 1.0\ntext = 0.0\ntrending = 0.0")
    options = ["--dataset", "sequences", "--path", str(ring), "--report", "out"]
    found = ask("eval", "compare", a, b, *options)
    assert found["verdict"] == "better"
    assert (found["users"], found["metrics"]["hit@10"]["b"]) == (40, 1.0)
    assert found["difference"]["low"] > 0
    assert found["difference"]["p"] <= 0.05
    assert set(found["slices"]) == {"cold", "warm", "heavy"}
    assert "Verdict: better" in Path("out/report.md").read_text()


@pytest.fixture
def two_releases(tmp_path: Path, settings_for: Callable[[Path], Settings]) -> tuple[Settings, str, str]:
    """A shop with two trained releases that are alike."""
    from config.params import load_params

    overlay = tmp_path / "small.toml"
    overlay.write_text(SMALL)
    settings = settings_for(tmp_path / "shop")
    events = [
        Interaction(EventType.PURCHASE, START + timedelta(hours=u + s), user=f"u{u}", product=f"P{(u + s) % RING}")
        for u in range(40)
        for s in range(6)
    ]
    with open_database_only(settings) as database:
        with database.session() as session:
            upsert_products(session, [Product(f"P{n}", f"Thing {n}") for n in range(RING)])
            record_events(session, events, unknown_products="refuse", now=START + timedelta(days=3))
        params = load_params(overlay)
        ids = [build_release(database, params, settings.releases_dir, go_live=False) for _ in range(2)]
    return settings, *ids


def test_releases_are_compared_on_what_neither_saw(
    two_releases: tuple[Settings, str, str], ask: Callable[..., dict[str, Any]]
) -> None:
    settings, older, newer = two_releases
    found = ask("--data-dir", str(settings.data_dir), "eval", "compare", older, newer)
    assert found["tail"] == newer
    assert found["users"] == 40
    assert found["verdict"] == "no difference"  # trained alike
    assert found["metrics"]["hit@10"]["a"] > 0.9
    assert found["slices"]["known to both"]["users"] == 40


def test_a_release_that_is_gone_is_one_line(
    two_releases: tuple[Settings, str, str], ask: Callable[..., dict[str, Any]]
) -> None:
    settings, older, newer = two_releases
    shop = ["--data-dir", str(settings.data_dir), "eval", "compare"]
    assert "r-unknown" in ask(*shop, older, "r-unknown")["error"]["message"]
    assert "compared with itself" in ask(*shop, older, older)["error"]["message"]
    remove_artifacts(settings.releases_dir, older)
    assert f"the files of release {older} are not in" in ask(*shop, older, newer)["error"]["message"]


def test_a_missing_file_or_shop_is_one_line_and_makes_nothing(
    ask: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    assert "must both be files that exist" in ask("eval", "compare", "a.toml", "b.toml")["error"]["message"]
    assert "there is no shop in" in ask("--data-dir", "gone", "eval", "compare", "r1", "r2")["error"]["message"]
    assert not list(tmp_path.iterdir())


def test_a_slice_without_users_says_so() -> None:
    values = np.random.default_rng(1).random((30, 1))
    groups = {"cold": np.zeros(30, bool), "all": np.ones(30, bool)}
    found = comparison(values, values + 0.1, ["ndcg@10"], groups)
    assert found["slices"]["cold"] == {"users": 0}
    assert found["slices"]["all"] == found["difference"]
