"""The formats the loader knows, read from ``config/formats``: which column holds what, and what a row must hold."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import Any

from indexer.load.kinds import Kind
from indexer.load.layouts import Layout, to_layout
from indexer.load.reasons import Reason
from service.core.errors import InvalidQuery

NATIVE = "native"

Columns = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Format:
    """One table layout.

    Attributes
    ----------
    detect : a header with all of these columns is this format.
    headers : headers that are this format when no other column stands beside.
    layouts : how its files without a header look.
    columns : field -> columns that hold it: the first that is not empty counts; `category` and `tags` take all.
    attributes : attribute name -> columns.
    ignore : known columns that are not stored.
    currency : of prices that carry no sign.
    id_column, id_pattern : where an id is found if its columns are empty: the pattern's first group.
    pad_id : length to which numeric product ids are filled up with leading zeros.
    not_products : ids of postage, discounts and the like, whose rows are rejected.
    positive : columns that must be above zero -> the reason to reject the row if they are not.
    warnings : what a person should know of every such file.
    images : folder of photos named after the ids, beside the file.
    whole_numbers : attributes (of events: fields) whose ``2011.0`` means ``2011``.
    joins_last_column : unquoted commas in the last column belong to it.
    replace : `category` or `tags` -> what is replaced in their cells.
    flags : columns that hold 1 where a product has the tag of this name.
    tag_from_name : pattern at the end of names and what its match says as a tag.
    name_from : fields a name is made of where there is none.
    is_log : rows are events about products: that ids come again is normal and not listed row by row.
    types : type in the file -> event type, or ``reject``; those of the native format if there are none.
    type : event type of every row, without a column.
    times : patterns of times that are not ISO 8601.
    """

    name: str
    about: str
    columns: Columns
    attributes: Columns = field(default_factory=dict)
    detect: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    currency: str | None = None
    id_column: str | None = None
    id_pattern: re.Pattern[str] | None = None
    pad_id: int = 0
    images: str | None = None
    whole_numbers: tuple[str, ...] = ()
    joins_last_column: bool = False
    headers: tuple[tuple[str, ...], ...] = ()
    layouts: tuple[Layout, ...] = ()
    not_products: tuple[str, ...] = ()
    positive: Mapping[str, Reason] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    replace: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    tag_from_name: tuple[re.Pattern[str], str] | None = None
    name_from: tuple[str, ...] = ()
    is_log: bool = False
    types: Mapping[str, str] = field(default_factory=dict)
    type: str | None = None
    times: tuple[str, ...] = ()


@cache
def all_formats(kind: Kind) -> Mapping[str, Format]:
    """Every format of a kind by name.

    Examples
    --------
    >>> from indexer.load.kinds import PRODUCTS
    >>> sorted(all_formats(PRODUCTS))
    ['amazon', 'fashion', 'hm', 'movielens', 'native', 'online-retail', 'rees46', 'titles']
    """
    folder: Traversable = files("config") / "formats"
    if kind.folder:
        folder = folder / kind.folder
    texts = {each.name[:-5]: each.read_text("utf-8") for each in folder.iterdir() if each.name.endswith(".toml")}
    return MappingProxyType({name: _to_format(name, tomllib.loads(text)) for name, text in sorted(texts.items())})


def get_format(kind: Kind, name: str) -> Format:
    """The format of this name.

    Raises
    ------
    InvalidQuery : there is none.
    """
    try:
        return all_formats(kind)[name]
    except KeyError as error:
        known = ", ".join(all_formats(kind))
        raise InvalidQuery(f"unknown format {name[:80]!r}; known formats: {known}", code="unknown_format") from error


def detect_format(kind: Kind, columns: Iterable[str]) -> Format:
    """The format whose header this is or whose tell-tale columns are all there, else the native one.

    Examples
    --------
    >>> from indexer.load.kinds import EVENTS
    >>> detect_format(EVENTS, ["article_id", "t_dat", "customer_id", "price"]).name
    'hm'
    """
    there = {column.casefold() for column in columns}
    for each in all_formats(kind).values():
        is_header = any(there == set(map(str.casefold, header)) for header in each.headers)
        if is_header or (each.detect and there >= set(map(str.casefold, each.detect))):
            return each
    return all_formats(kind)[NATIVE]


def _to_format(name: str, raw: dict[str, Any]) -> Format:
    id_from, tag_from = raw.pop("id_from", {}), raw.pop("tag_from_name", {})
    known = {each.name for each in fields(Format)}
    if unknown := raw.keys() - known:
        raise ValueError(f"config/formats: {name} has unknown keys: {', '.join(sorted(unknown))}")
    values: dict[str, Any] = {key: tuple(v) if isinstance(v, list) else v for key, v in raw.items()}
    values |= {"columns": _columns(raw["columns"]), "attributes": _columns(raw.get("attributes", {}))}
    values["headers"] = tuple(map(tuple, raw.get("headers", ())))
    values["layouts"] = tuple(map(to_layout, raw.get("layouts", ())))
    values["positive"] = {column: Reason(reason) for column, reason in raw.get("positive", {}).items()}
    if id_from:
        values |= {"id_column": id_from["column"], "id_pattern": re.compile(id_from["pattern"])}
    if tag_from:
        values["tag_from_name"] = (re.compile(tag_from["pattern"]), tag_from["tag"])
    return Format(name=name, **values)


def _columns(table: Mapping[str, str | list[str]]) -> Columns:
    return {name: (value,) if isinstance(value, str) else tuple(value) for name, value in table.items()}
