"""A shop's own folder, without whatever the environment of the tests says."""

import os
from pathlib import Path

import pytest


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, and no variable set that Vitrine reads."""
    monkeypatch.chdir(tmp_path)
    for name in os.environ:
        if name.upper().startswith("VITRINE_") or name.upper() in ("DATABASE_URL", "QDRANT_URL", "QDRANT_API_KEY"):
            monkeypatch.delenv(name)
    return tmp_path
