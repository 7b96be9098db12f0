"""Golden queries from clicks: what enough people took after the same words is what these words should find."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import StringIO

from eval.golden.lines import parse_golden
from service.core.errors import InvalidQuery
from service.core.event_weights import EventWeights
from service.core.types import Product
from service.store.catalog import get_products
from service.store.database import Database
from service.store.search_counts import TakenProduct, products_taken, query_counts

_MOST_PAIRS = 200_000
_MOST_READ = 100_000
_PIECE = 500


@dataclass(frozen=True, slots=True)
class Proposed:
    """Golden lines, the most searched first.

    Attributes
    ----------
    unwritable : queries whose words or ids the format cannot hold. gone : products that nobody can buy now.
    """

    lines: tuple[str, ...]
    unwritable: int
    gone: int

    @property
    def text(self) -> str:
        """A file for `--golden`."""
        return "\n".join((*_REMARKS, *self.lines, ""))


_REMARKS = (
    "# Proposed from what people took after these words, the most searched first. Read it before you rely on it:",
    "# people take what they are shown, so a product that search never showed is not here. The signal `chosen` is made",
    "# from the same clicks: it knows these answers, and so in part does the fusion.",
)


def golden_from_clicks(
    database: Database, tenant: str, *, days: float, people: int, weights: EventWeights, limit: int, ids: int,
    now: datetime,
) -> Proposed:  # fmt: skip
    """Queries and products that at least so many different people took after them.

    Parameters
    ----------
    days : how far back. limit : queries at most. ids : products of one query at most, those of most worth.
    """
    since = now - timedelta(days=days)
    with database.session() as session:
        taken = products_taken(
            session, tenant, since=since, people=people, weights=weights.by_type, limit=_MOST_PAIRS
        )  # fmt: skip
        counts = query_counts(session, tenant, since=since, visitors=people, limit=_MOST_READ)
    names = _names(database, [one.product_id for one in taken])
    by_query: dict[str, list[TakenProduct]] = {}
    for one in sorted(taken, key=lambda one: (-one.worth, one.product_id)):
        if one.product_id in names:
            by_query.setdefault(one.query, []).append(one)
    searches = {one.query: one.searches for one in counts}
    # of those that only clicks tell of, at least so many people searched
    order = sorted(by_query, key=lambda query: (-searches.get(query, by_query[query][0].people), query))
    lines = [_line(query, [names[one.product_id] for one in by_query[query][:ids]]) for query in order]
    written = [line for line in lines if line is not None]
    gone = len({one.product_id for one in taken}) - len(names)
    return Proposed(tuple(written[:limit]), len(lines) - len(written), gone)


def _names(database: Database, keys: Sequence[int]) -> dict[int, str]:
    """External ids of the products that can be found now."""
    found: dict[int, str] = {}
    keys = sorted(set(keys))
    with database.session() as session:
        for start in range(0, len(keys), _PIECE):
            stored = get_products(session, keys[start : start + _PIECE])
            found |= {key: one.product.external_id for key, one in stored.items() if _can_be_found(one.product)}
    return found


def _can_be_found(product: Product) -> bool:
    return product.visible and product.stock != 0


def _line(query: str, ids: Sequence[str]) -> str | None:
    """One line; None where it would be read as something else.

    Examples
    --------
    >>> _line("red mug", ["a", "b,c"])
    'red mug => ids: a, "b,c"'
    >>> _line("# 1 mug", ["a"])
    """
    cells = [_cell(one) for one in ids]
    line = f"{query} => ids: {', '.join(cells)}"
    try:
        (read,) = parse_golden([line])
    except InvalidQuery:
        return None
    return line if (read.query, read.ids) == (query, tuple(ids)) else None


def _cell(text: str) -> str:
    written = StringIO()
    csv.writer(written, lineterminator="").writerow([text])
    return written.getvalue()
