"""Facet counts equal counting by hand, on both engines."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from service.core.facets import PLAIN_FACETS, Counts, without
from service.core.filters import Filter, HasId, Match, Range, all_of, matches
from service.core.types import Product
from service.store.catalog import serving_rows, upsert_products
from service.store.database import Database
from service.store.facet_counts import value_counts
from service.store.row_counts import read_rows
from service.store.tables import PRODUCT

SAME_DATABASE = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
FIELDS = (*PLAIN_FACETS, "attributes.red")


def store(database: Database, products: Sequence[Product]) -> dict[int, dict[str, Any]]:
    with database.session() as session:
        session.connection().execute(delete(PRODUCT))
        upsert_products(session, products)
        keys = session.connection().execute(select(PRODUCT.c.id)).scalars().all()
        return {key: row.payload() for key, row in serving_rows(session, "default", keys).items()}


def by_hand(payloads: dict[int, dict[str, Any]], wanted: Filter | None, field: str) -> Counter[Any]:
    counts: Counter[Any] = Counter()
    for key, payload in payloads.items():
        if matches(wanted, payload, key):
            value = payload["attributes"].get("red") if field == "attributes.red" else payload[field]
            values = value if isinstance(value, list) else [value]
            is_text = field.startswith("attributes.")
            counts.update({one for one in values if one is not None and (not is_text or isinstance(one, str))})
    return counts


def filters(word: st.SearchStrategy[str]) -> st.SearchStrategy[Filter | None]:
    words = st.lists(word, min_size=1, max_size=3).map(tuple)
    bound = st.none() | st.floats(0, 10)
    one = st.one_of(
        st.builds(Match, st.sampled_from(["brand", "category", "tags", "currency", "attributes.red"]), words),
        st.builds(Match, st.just("in_stock"), st.sampled_from([(True,), (False,)])),
        st.builds(Range, st.sampled_from(["price", "rating"]), bound, bound),
        st.builds(HasId, st.frozensets(st.integers(0, 50))),
    )
    return st.lists(one, max_size=3).map(lambda parts: all_of(*parts))


@SAME_DATABASE
@given(data=st.data())
def test_counts_are_those_of_counting_by_hand(
    database: Database, any_product: st.SearchStrategy[Product], any_word: st.SearchStrategy[str], data: st.DataObject
) -> None:
    unique = st.lists(any_product, max_size=6, unique_by=lambda one: (one.tenant, one.external_id))
    payloads = store(database, data.draw(unique))
    wanted = data.draw(filters(any_word))
    with database.session() as session:
        read_once = read_rows(session, "default", payloads, FIELDS, None, [wanted])
        for field in FIELDS:
            narrowed = without(wanted, field)
            expected = by_hand(payloads, narrowed, field)
            assert added(value_counts(session, "default", narrowed, field)) == expected, field
            assert added(read_once.counts(field, read_once.mask(narrowed))) == expected, field


def added(counts: Counts) -> Counter[Any]:
    found: Counter[Any] = Counter()
    for values, count in counts:
        found.update(dict.fromkeys(values, count))
    return found


def test_rows_that_were_read_are_narrowed_by_ids_too(database: Database) -> None:
    shop = [Product(str(number), "Mug", brand=f"b{number % 2}", stock=number) for number in range(6)]
    keys = sorted(store(database, shop))
    odd = Filter(must=(Match("brand", ("b1",)),))
    with database.session() as session:
        rows = read_rows(session, "default", keys, ["brand"], Filter(must=(Match("in_stock", (True,)),)), [odd])
    assert sorted(rows.ids(rows.mask(odd))) == keys[1::2]
    assert rows.ids(rows.mask(odd, np.array(keys[1:3]))).tolist() == [keys[1]]
    few = rows.mask(None, np.array(keys[:3]))
    assert added(rows.counts("brand", few)) == {"b1": 1, "b0": 1}  # b0-0 is sold out
