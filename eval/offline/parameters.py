"""The parameters a measurement was made with, and where each comes from."""

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from config.params import packaged_defaults

SHOWN = ("history", "training", "surfaces.home")
"""Tables that decide what the home feed shows."""


def parameters(overlay: Path | None) -> list[tuple[str, str, str]]:
    """Key, value in force and origin (a file) of each parameter in `SHOWN`.

    Examples
    --------
    >>> next(row for row in parameters(None) if row[0] == "training.seed")
    ('training.seed', '7', 'recommender.toml')
    """
    own = dict(_flat(tomllib.loads(overlay.read_text("utf-8")))) if overlay is not None else {}
    packaged = dict(_flat(packaged_defaults()))
    name = "" if overlay is None else overlay.name
    rows = [(key, own.get(key, value), name if key in own else "recommender.toml") for key, value in packaged.items()]
    return [(key, str(value), origin) for key, value, origin in rows if key.startswith(tuple(f"{t}." for t in SHOWN))]


def _flat(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
