"""`vitrine config`: the value in force, where it came from, and never a secret."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Vitrine = Callable[..., Any]


def test_each_setting_says_where_it_came_from(
    vitrine: Vitrine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("VITRINE_PORT=8123\nVITRINE_HOST=0.0.0.0\n")
    monkeypatch.setenv("VITRINE_HOST", "127.0.0.2")
    settings = vitrine("config", "--json", "--data-dir", "shop").json["settings"]
    assert settings["VITRINE_DATA_DIR"] == {"value": "shop", "source": "command line"}
    assert settings["VITRINE_HOST"] == {"value": "127.0.0.2", "source": "environment VITRINE_HOST"}
    assert settings["VITRINE_PORT"] == {"value": "8123", "source": ".env VITRINE_PORT"}
    assert settings["VITRINE_TEXT_MODEL"] == {"value": "bundled", "source": "default"}


def test_no_secret_is_shown(vitrine: Vitrine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://anna:s3cret/@x@db:5432/shop?sslpassword=s3cret")
    monkeypatch.setenv("QDRANT_URL", "https://anna:s3cret@qdrant:6333")
    monkeypatch.setenv("QDRANT_API_KEY", "s3cret")
    for options in ([], ["--json"]):
        outcome = vitrine("config", *options)
        assert outcome.code == 0
        assert "s3cret" not in outcome.out
        assert "postgresql://anna:***@db:5432/shop" in outcome.out
        assert "https://anna:***@qdrant:6333" in outcome.out


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://anna:s3cret@127.0.0.1:1/shop",
        "postgresql://127.0.0.1:1/shop?user=anna&password=s3cret",
        "postgres//anna:s3cret@db/shop",
        "mysql://anna:s3cret@db/shop",
    ],
)
def test_no_error_shows_the_password(vitrine: Vitrine, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    assert "s3cret" not in vitrine("config").out
    for command in ("status", "index"):
        outcome = vitrine(command)
        assert outcome.code == 1
        assert "s3cret" not in outcome.complaint
        assert "DATABASE_URL" in outcome.complaint


def test_values_are_not_cut_to_the_width_of_a_terminal(vitrine: Vitrine, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = "/" + "long-" * 40
    monkeypatch.setenv("VITRINE_TEXT_MODEL", folder)
    assert f"VITRINE_TEXT_MODEL = {folder}  (environment VITRINE_TEXT_MODEL)\n" in vitrine("config").out


def test_behaviour_that_differs_from_the_packaged_one_is_listed(vitrine: Vitrine, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("[surfaces.search]\nn = 7\n")
    result = vitrine("config", "--json", "--config", "mine.toml").json
    assert result["behaviour_changed"] == {"surfaces.search.n": 7}
    assert result["behaviour"]["surfaces"]["search"]["n"] == 7


def test_a_misspelt_variable_is_named(vitrine: Vitrine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VITRINE_DATADIR", "shop")
    assert "VITRINE_DATADIR is set, but no such setting is known" in vitrine("config").out


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("[surfaces.search]\nbogus = 1\n", "surfaces.search.bogus: there is no such key"),
        ("[surfaces.search]\nn = 0\n", "surfaces.search.n"),
        ("[surfaces.search.weights]\nmagic = 1\n", "magic"),
        ("[surfaces", "not valid TOML"),
    ],
)
def test_a_behaviour_file_that_makes_no_sense_is_one_line(
    vitrine: Vitrine, tmp_path: Path, content: str, says: str
) -> None:
    (tmp_path / "mine.toml").write_text(content)
    for command in ("config", "index"):
        outcome = vitrine(command, "--config", "mine.toml")
        assert outcome.code == 1
        assert says in outcome.complaint


@pytest.mark.parametrize(
    ("name", "value"), [("VITRINE_PORT", "99999"), ("VITRINE_LOG_LEVEL", "chatty"), ("VITRINE_CONFIG_FILE", "no.toml")]
)
def test_a_setting_that_makes_no_sense_is_one_line(
    vitrine: Vitrine, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    outcome = vitrine("config")
    assert outcome.code == 1
    assert name in outcome.complaint
    assert value in outcome.complaint
