"""``vitrine worker`` where it has no place; the worker itself has a journey."""

from collections.abc import Callable
from pathlib import Path
from typing import Any


def test_a_worker_beside_the_embedded_engine_is_refused_with_the_way_out(
    vitrine: Callable[..., Any], tmp_path: Path
) -> None:
    outcome = vitrine("worker")
    assert outcome.code == 1
    assert "`vitrine serve` already does what a worker does" in outcome.complaint
    assert "VITRINE_QDRANT_URL" in outcome.complaint
    assert not (tmp_path / "vitrine-data").exists()
