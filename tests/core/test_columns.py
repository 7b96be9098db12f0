"""Conditions on columns select what `core.filters.matches` selects product by product."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from service.core.columns import Columns, Texts
from service.core.filters import Condition, Filter, HasId, Match, Range, matches

WORD = st.sampled_from(["red", "blue", "", "Home", "Home > Mugs"])
NUMBER = st.sampled_from([0.0, -1.0, 2.5, 5.0, 1e17])
PAYLOAD = st.fixed_dictionaries(
    {
        "id": WORD,
        "brand": st.none() | WORD,
        "category": st.lists(WORD, max_size=3),
        "tags": st.lists(WORD, max_size=3),
        "price": st.none() | NUMBER,
        "stock": st.none() | st.integers(0, 5),
        "visible": st.booleans(),
        "attributes": st.dictionaries(
            st.just("colour"), WORD | st.lists(WORD, max_size=2) | st.integers(0, 2) | st.booleans()
        ),
    }
)
BOUND = st.none() | NUMBER
LEAF: st.SearchStrategy[Condition] = st.one_of(
    st.builds(
        Match,
        st.sampled_from(["id", "brand", "category", "tags", "attributes.colour"]),
        st.lists(WORD, min_size=1, max_size=6).map(tuple),
    ),
    st.builds(Match, st.just("visible"), st.lists(st.booleans(), min_size=1).map(tuple)),
    st.builds(Match, st.just("stock"), st.lists(st.integers(-1, 5), min_size=1).map(tuple)),
    st.builds(Range, st.sampled_from(["price", "stock"]), BOUND, BOUND, BOUND, BOUND),
    st.builds(HasId, st.frozensets(st.integers(0, 5))),
)
CONDITION = st.recursive(LEAF, lambda inner: st.builds(Filter, *[st.lists(inner, max_size=2).map(tuple)] * 3))


class Payloads:
    """Payloads as columns."""

    def __init__(self, payloads: list[dict]) -> None:
        self._payloads = payloads

    def texts(self, field: str) -> Texts:
        values = [
            payload["attributes"].get("colour") if field == "attributes.colour" else payload[field]
            for payload in self._payloads
        ]
        keys = [tuple(value) if isinstance(value, list) else value for value in values]
        return Texts(keys, lambda key: key if isinstance(key, tuple) else (key,))

    def numbers(self, field: str) -> list:
        return [payload[field] for payload in self._payloads]


@given(st.lists(PAYLOAD, max_size=6), st.lists(CONDITION, max_size=4))
def test_a_mask_is_what_matches_says_of_each_product(payloads: list[dict], conditions: list[Condition]) -> None:
    columns = Columns(np.arange(len(payloads)), Payloads(payloads))
    for condition in conditions:
        expected = [matches(condition, payload, number) for number, payload in enumerate(payloads)]
        assert columns.mask(condition).tolist() == expected
