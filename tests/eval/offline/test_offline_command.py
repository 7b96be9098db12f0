"""``vitrine eval offline`` as people type it."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from service.cli.main import main


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """A fresh folder to work in, and a log that ends with the test: its own would keep a stream that is gone then."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("config.log.configure_logging", lambda *_: None)
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    yield
    structlog.configure(**before)


@pytest.fixture
def bought(tmp_path: Path) -> Path:
    """Twenty users who buy five of eight products, one after the other."""
    lines = [" ".join([f"u{u}", *(f"P{(u + step) % 8}" for step in range(5))]) for u in range(20)]
    (tmp_path / "sequences.txt").write_text("\n".join(lines) + "\n")
    return tmp_path


@pytest.fixture
def overlay(tmp_path: Path) -> Path:
    """Parameters for so few products."""
    path = tmp_path / "small.toml"
    path.write_text(
        "[training]\ndimensions = 4\n[training.events]\nhalf_life_days = 1e9\n[training.lightfm]\nepochs = 3\n"
    )
    return path


def test_a_missing_folder_is_one_line_and_makes_nothing(
    quiet: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["eval", "offline", "--dataset", "ml-100k", "--path", "gone"]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert "gone has no file u.data" in printed.err
    assert not list(tmp_path.iterdir())


def test_the_same_rows_come_as_json_and_as_a_table_and_are_the_same_twice(
    quiet: None, bought: Path, overlay: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["--config", str(overlay), "eval", "offline", "--dataset", "sequences", "--path", str(bought)]
    assert main([*command, "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert {"dataset", "split", "users", "products", "rows", "seconds", "peak_mb"} <= set(result)
    assert result["users"] == 20
    assert main(command) == 0
    table = capsys.readouterr().out
    for name, row in result["rows"].items():
        assert name in table
        assert {"ndcg@10", "hit@10", "recall@10", "mrr@10", "map@10", "precision@5"} <= set(row)
        assert f"{row['ndcg@10']:.4f}" in table
