"""The formats the loader knows, read from ``config/formats/*.toml``: which column holds what."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from service.core.errors import InvalidQuery

NATIVE = "native"

FIELDS = (
    "id", "name", "description", "brand", "category", "price", "original_price", "currency", "rating", "review_count",
    "image", "link", "stock", "visible", "tags", "created_at",
)  # fmt: skip
"""The fields a column can be mapped to, beside ``attributes.<name>`` and ``ignore``."""

Columns = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Format:
    """One table layout.

    Attributes
    ----------
    detect : a header with all of these columns is this format.
    columns : field -> columns that hold it: the first that is not empty counts; `category` and `tags` take all.
    attributes : attribute name -> columns.
    ignore : known columns that are not stored.
    currency : of prices that carry no sign.
    id_column, id_pattern : where an id is found if its columns are empty: the pattern's first group.
    pad_id : length to which numeric ids are filled up with leading zeros.
    images : folder of photos named after the ids, beside the file.
    whole_numbers : attributes whose ``2011.0`` means ``2011``.
    joins_last_column : unquoted commas in the last column belong to it.
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


@cache
def all_formats() -> Mapping[str, Format]:
    """Every format by name.

    Examples
    --------
    >>> sorted(all_formats())
    ['amazon', 'fashion', 'hm', 'native']
    """
    folder = files("config") / "formats"
    texts = {path.name.removesuffix(".toml"): path.read_text("utf-8") for path in folder.iterdir()}
    return MappingProxyType({name: _to_format(name, tomllib.loads(text)) for name, text in sorted(texts.items())})


def get_format(name: str) -> Format:
    """The format of this name.

    Raises
    ------
    InvalidQuery : there is none.
    """
    try:
        return all_formats()[name]
    except KeyError as error:
        known = ", ".join(all_formats())
        raise InvalidQuery(f"unknown format {name[:80]!r}; known formats: {known}", code="unknown_format") from error


def detect_format(columns: Iterable[str]) -> Format:
    """The format whose tell-tale columns are all there, else the native one.

    Examples
    --------
    >>> detect_format(["article_id", "prod_name", "product_type_name"]).name
    'hm'
    """
    there = {column.casefold() for column in columns}
    matches = (f for f in all_formats().values() if f.detect and {c.casefold() for c in f.detect} <= there)
    return next(matches, all_formats()[NATIVE])


def _to_format(name: str, raw: dict[str, Any]) -> Format:
    id_from = raw.pop("id_from", {})
    known = {each.name for each in fields(Format)}
    values: dict[str, Any] = {key: tuple(v) if isinstance(v, list) else v for key, v in raw.items() if key in known}
    values |= {"columns": _columns(raw["columns"]), "attributes": _columns(raw.get("attributes", {}))}
    if id_from:
        values |= {"id_column": id_from["column"], "id_pattern": re.compile(id_from["pattern"])}
    return Format(name=name, **values)


def _columns(table: Mapping[str, str | list[str]]) -> Columns:
    return {name: (value,) if isinstance(value, str) else tuple(value) for name, value in table.items()}
