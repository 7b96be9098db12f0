"""The demo's shoppers, whom a visitor of the demo may become."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from config.settings import Settings

_MOST = 60


@dataclass(frozen=True, slots=True)
class Shopper:
    """One of them, and what they like."""

    id: str
    interests: tuple[str, ...]


def demo_shoppers(settings: Settings) -> tuple[Shopper, ...]:
    """The first of them; none unless `vitrine demo` made this shop."""
    return _read(settings.data_dir.absolute() / "demo" / "shoppers.jsonl")


@cache
def _read(path: Path) -> tuple[Shopper, ...]:
    try:
        with path.open(encoding="utf-8") as lines:
            rows = [json.loads(line) for line, _ in zip(lines, range(_MOST), strict=False)]
        return tuple(Shopper(row["id"], tuple(row["interests"])) for row in rows)
    except (OSError, ValueError, KeyError, TypeError):
        return ()  # not a demo, or half a one
