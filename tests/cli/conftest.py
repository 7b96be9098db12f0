"""The command line in this process: what `vitrine …` would print and return, without starting Python each time."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from service.cli.main import main


@dataclass(frozen=True)
class Outcome:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Everything on stdout, which must be one JSON value and nothing else."""
        return json.loads(self.out)

    @property
    def complaint(self) -> str:
        """The one line a failed command may print."""
        assert self.out == ""
        assert self.err.startswith("vitrine: ")
        assert self.err.count("\n") == 1, self.err
        return self.err


@pytest.fixture
def clean_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fresh folder to work in and none of the settings this machine happens to have."""
    for name in [name for name in os.environ if name.startswith(("VITRINE_", "QDRANT_", "DATABASE_URL"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("VITRINE_IMAGE_MODEL", "none")
    monkeypatch.chdir(tmp_path)
    # pytest has its own ideas about logging, and its streams are gone after the test
    monkeypatch.setattr("config.log.configure_logging", lambda *_: None)


@pytest.fixture
def vitrine(clean_environment: None, capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Run one command, as `vitrine("load", "products", "feed.csv")`."""

    def run(*arguments: object) -> Outcome:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return Outcome(code, printed.out, printed.err)

    return run


@pytest.fixture
def feed(tmp_path: Path) -> Path:
    """Three good products."""
    path = tmp_path / "feed.csv"
    path.write_text(
        "id,name,price,currency\nkettle,Purple elephant kettle,25,EUR\nmug,Red mug,5,EUR\nlamp,Desk lamp,40,EUR\n"
    )
    return path
