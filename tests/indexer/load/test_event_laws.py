"""Laws of the event loader: any file is refused in one line, or every row of it ends in exactly one place."""

import json
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer.load import load_events
from indexer.load.times import AHEAD, EARLIEST, read_time
from service.core.errors import InvalidQuery

NOW = datetime(2025, 6, 1, tzinfo=UTC)
HEADER = "event_id,user,session,type,product,query,value,at,request_id,position\n"
NAMES = HEADER.strip().split(",")

cells = st.one_of(
    st.text(max_size=20),
    st.sampled_from(["", "1", "u", "P1", "view", "rating", "search", "purchase", "-5", "4", "nan", "2025-01-01", "\0"]),
)
lines = st.lists(cells, min_size=9, max_size=11).map(",".join)
mostly_csv = st.lists(lines, max_size=12).map(lambda rows: (HEADER + "\n".join(rows)).encode("utf-8", "surrogatepass"))
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | cells,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def check(content: bytes, name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        stored = {}

        def write(events):
            outcomes = []
            for event in events:
                is_new = event.event_id not in stored
                stored.setdefault(event.event_id, event)
                outcomes.append(SimpleNamespace(status="recorded" if is_new else "duplicate", reason=None))
            return outcomes

        refusal, first, second = "", None, None
        try:
            first = load_events(path, write, now=NOW, report_folder=Path(folder) / "reports", batch=3)
            second = load_events(path, write, now=NOW, batch=5)
        except InvalidQuery as error:
            refusal = error.message
        if refusal:
            assert "\n" not in refusal
            return
        assert first.rows == first.loaded + first.rejected + first.duplicates
        assert sum(first.types.values()) == first.loaded == len(stored)
        assert (second.loaded, second.rejected) == (0, first.rejected)
        for event in stored.values():
            assert event.user or event.session
            assert event.query if event.type == "search" else event.product
            assert EARLIEST <= event.at <= NOW + AHEAD
            assert event.type != "rating" or 0 <= event.value <= 5


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.one_of(st.binary(max_size=300), mostly_csv, st.binary(max_size=200).map(HEADER.encode().__add__)),
    st.sampled_from(["events.csv", "u.data", "sequences.txt"]),
)
def test_any_bytes_are_refused_in_one_line_or_accounted_for(content, name):
    check(content, name)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.dictionaries(st.sampled_from([*NAMES, "colour"]), anything), max_size=6))
def test_any_json_objects_are_refused_in_one_line_or_accounted_for(rows):
    head = {"user": "u", "type": "view", "product": "P1", "at": 1735689600}
    check("\n".join(map(json.dumps, [head, *rows])).encode(), "events.jsonl")


@given(st.datetimes(datetime(1995, 1, 2), datetime(2025, 5, 31)), st.integers(-14, 14))
def test_a_moment_is_the_same_however_it_is_written(moment, hours):
    whole = moment.replace(microsecond=0, tzinfo=UTC)
    seconds = int(whole.timestamp())
    zone = whole.astimezone(tz=datetime.now().astimezone().tzinfo) + timedelta(0)
    writings = [
        whole, whole.replace(tzinfo=None), whole.isoformat(), f"{whole:%Y-%m-%d %H:%M:%S}", zone.isoformat(),
        f"{whole:%Y-%m-%d %H:%M:%S} UTC", f"{whole:%Y-%m-%dT%H:%M:%SZ}", f"{whole:%Y-%m-%dT%H:%M:%S.000000000Z}",
        (whole + timedelta(hours=hours)).replace(tzinfo=None).isoformat() + f"{hours:+03d}:00",
        seconds, float(seconds), str(seconds), seconds * 1000, str(seconds * 1000),
    ]  # fmt: skip
    assert [read_time(each, NOW) for each in writings] == [(whole, ())] * len(writings)


@given(anything)
def test_anything_is_a_time_within_bounds_or_a_reason(raw):
    moment, reasons = read_time(raw, NOW)
    assert (moment is None and reasons) or EARLIEST <= moment <= NOW + AHEAD
