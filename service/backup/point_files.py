"""A collection as a file: its schema in the first line, then one line for each point, by id."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import orjson

from service.backup.points import PAGE, DescribedStore, OnPoints, check_points, every_point, point_line, point_of
from service.backup.rows import Counted, Tally
from service.core.errors import ConfigurationError
from service.store.edge_folder import parsed_space
from service.store.qdrant_payload import chunks
from service.store.vectors import Point, Record, Space

_ENDING = ".jsonl"


def write_points(store: DescribedStore, name: str, folder: Path, on_points: OnPoints) -> Counted:
    """Write a collection to a file of its name."""
    tally = Tally()
    with (folder / f"{name}{_ENDING}").open("wb") as file:
        file.write(orjson.dumps(asdict(store.space(name))) + b"\n")
        for record in every_point(store, name):
            line = point_line(record)
            tally.add([line])
            file.write(line + b"\n")
            if tally.rows % PAGE == 0:
                on_points(name, PAGE)
    return tally.counted()


def load_points(folder: Path, name: str, store: DescribedStore, on_points: OnPoints) -> None:
    """Fill a collection from its file, in place of what it holds, and see that every point is there.

    Raises
    ------
    Conflict : it is not. ConfigurationError : the store cannot hold such a collection.
    """
    file = folder / f"{name}{_ENDING}"
    store.drop(name)
    store.create(_space(file))
    page: list[bytes] = []
    for line in _lines(file):
        page.append(line)
        if len(page) == PAGE:
            _upsert(store, name, page, on_points)
            page = []
    _upsert(store, name, page, on_points)
    store.optimize(name)
    check_points(_records(file), store, name)


def _upsert(store: DescribedStore, name: str, page: list[bytes], on_points: OnPoints) -> None:
    for part in chunks([point_of(line) for line in page], PAGE):
        store.upsert(name, [Point(one.id, one.vectors, one.payload) for one in part])
        on_points(name, len(part))


def _space(file: Path) -> Space:
    with file.open("rb") as lines:
        try:
            return parsed_space(orjson.loads(lines.readline()))
        except (ValueError, KeyError, TypeError) as error:
            raise ConfigurationError(f"{file} holds no collection that this vitrine knows ({error})") from error


def _lines(file: Path) -> Iterator[bytes]:
    with file.open("rb") as lines:
        next(lines)
        yield from lines


def _records(file: Path) -> Iterator[Record]:
    return map(point_of, _lines(file))
