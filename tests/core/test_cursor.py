"""A cursor comes back as it was, or not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.cursor import MAX_IDS, MAX_LENGTH, Cursor, read_cursor, write_cursor
from service.core.errors import InvalidQuery

CURSORS = st.builds(
    Cursor, st.text(max_size=12), st.none() | st.text(max_size=20), st.integers(0, 2**40), st.booleans(),
    st.none() | st.text(max_size=20), st.frozensets(st.integers(0, 2**63 - 1)),
)  # fmt: skip


@given(CURSORS)
def test_what_is_written_is_read(cursor: Cursor) -> None:
    assert read_cursor(write_cursor(cursor)) == cursor


@given(CURSORS, st.data())
def test_a_changed_or_shortened_cursor_is_refused(cursor: Cursor, data: st.DataObject) -> None:
    text = write_cursor(cursor)
    place = data.draw(st.integers(0, len(text) - 2))
    other = data.draw(st.sampled_from("AbZ09_-").filter(lambda letter: letter != text[place]))
    for broken in (text[:place] + other + text[place + 1 :], text[:place]):
        with pytest.raises(InvalidQuery, match="the cursor is broken"):
            read_cursor(broken)


@pytest.mark.parametrize("text", ["", "x", "é", "\x00", "null", "W10", "=" * 50, "A" * 8000])
def test_what_was_never_a_cursor_is_refused(text: str) -> None:
    with pytest.raises(InvalidQuery, match="leave it out to start again"):
        read_cursor(text)


def test_the_largest_cursor_of_a_large_shop_fits() -> None:
    spread = frozenset(range(10**9, 10**9 + 10**7, 10**7 // MAX_IDS))
    assert len(write_cursor(Cursor("0" * 12, "20250101-120000-abcdef", 10**6, True, ids=spread))) < MAX_LENGTH
