"""Behaviour as columns, and as JSON Lines."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

KINDS = ("view", "cart", "wishlist", "purchase", "search")
VIEW, CART, WISHLIST, PURCHASE, SEARCH = range(len(KINDS))


@dataclass(frozen=True, slots=True, eq=False)
class DemoEvents:
    """E events in order of time.

    Parameters
    ----------
    at_ms : int64[E], milliseconds since 1970, UTC.
    session : int32[E], numbered by start. kind : int8[E], index into `KINDS`.
    shopper : int32[E], row of the shopper, or -1 if the session is anonymous.
    hidden_shopper : int32[E], who it was in truth; for evaluation only, never written.
    product : int32[E], row of the product; for a search, the one in mind.
    queries : one per event, None unless it is a search.
    shopper_ids, product_ids : external ids by row.
    """

    at_ms: NDArray[np.int64]
    session: NDArray[np.int32]
    kind: NDArray[np.int8]
    shopper: NDArray[np.int32]
    hidden_shopper: NDArray[np.int32]
    product: NDArray[np.int32]
    queries: tuple[str | None, ...]
    shopper_ids: tuple[str, ...]
    product_ids: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.at_ms)


def event_rows(events: DemoEvents) -> Iterator[dict[str, Any]]:
    """One mapping per event, as a shop would send it: a search has a query and no product, others a product.

    What is viewed right after a search for it came from that search, and carries its query too.
    """
    searched: dict[int, tuple[int, str | None]] = {}  # session -> product in mind and query, until something follows
    columns = (events.at_ms, events.session, events.kind, events.shopper, events.product)
    rows = zip(*(column.tolist() for column in columns), events.queries, strict=True)
    for number, (at_ms, session, kind, shopper, product, query) in enumerate(rows, start=1):
        in_mind, asked = searched.pop(session, (-1, None))
        if kind == SEARCH:
            searched[session] = (product, query)
        elif kind == VIEW and product == in_mind:
            query = asked
        yield {
            "event_id": f"E-{number:07d}",
            "user_id": events.shopper_ids[shopper] if shopper >= 0 else None,
            "session_id": f"S-{session + 1:06d}",
            "type": KINDS[kind],
            "product_id": None if kind == SEARCH else events.product_ids[product],
            "query": query,
            "timestamp": datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds"),
        }


def write_events(events: DemoEvents, path: Path) -> None:
    """Write JSON Lines; the file appears whole or not at all."""
    unfinished = path.with_name(path.name + ".part")
    with unfinished.open("wb") as file:
        file.writelines(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in event_rows(events))
    unfinished.replace(path)
