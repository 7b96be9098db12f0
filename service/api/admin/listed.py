"""A list as JSON or as CSV."""

import csv
import io
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any

import orjson
from fastapi import Query, Response
from pydantic import BaseModel


class Format(StrEnum):
    """How a list is answered."""

    JSON = "json"
    CSV = "csv"


AsFormat = Annotated[Format, Query(alias="format", description="csv: the rows alone, one line each, with a heading")]
Days = Annotated[int, Query(ge=1, le=90, description="so far back")]
CSV_TOO: dict[int | str, dict[str, Any]] = {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}}

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def listed(answer: BaseModel, rows: Sequence[BaseModel], form: Format, name: str) -> Response:
    """The whole answer as JSON, or its rows as CSV under this name."""
    if form is Format.JSON:
        return Response(answer.model_dump_json(), media_type="application/json")
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    fields = list(type(answer).model_fields["rows"].annotation.__args__[0].model_fields)  # type: ignore[union-attr]
    return Response(to_csv(fields, rows), media_type="text/csv; charset=utf-8", headers=headers)


def to_csv(fields: Sequence[str], rows: Sequence[BaseModel]) -> str:
    r"""Lines of comma separated values; text that a spreadsheet would run as a formula begins with an apostrophe.

    Examples
    --------
    >>> class Row(BaseModel):
    ...     name: str
    ...     n: int | None
    >>> to_csv(["name", "n"], [Row(name="=1+1", n=None)])
    "name,n\r\n'=1+1,\r\n"
    """
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(fields)
    for row in rows:
        told = row.model_dump(mode="json")
        writer.writerow([_cell(told[name]) for name in fields])
    return out.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, dict | list):
        return orjson.dumps(value).decode()
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value
