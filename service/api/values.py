"""The values that requests are made of: how each is written, and what is refused."""

import re
from datetime import datetime
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, Strict, StringConstraints, WithJsonSchema

ProductId = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f]+$")]
PersonId = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f]+$")]
SAYING = r"^[^\x00]*[^\x00\s][^\x00]*$"
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500, pattern=SAYING)]
Prose = Annotated[str, StringConstraints(max_length=100_000, pattern=r"^[^\x00]*$")]
Url = Annotated[str, StringConstraints(max_length=2_000_000, pattern=r"^(https?://|data:image/)[^\x00\s]+$")]
Link = Annotated[str, StringConstraints(max_length=4096, pattern=r"^[^\x00\s]+$")]
Flag = Annotated[bool, Strict()]
Number = Annotated[float, Strict(), Field(allow_inf_nan=False)]


def _whole(value: object) -> object:
    # 3.0 is a whole number in JSON; "3" and true are none
    if isinstance(value, bool | str):
        raise ValueError("not a whole number")
    return value


def _written(value: object) -> object:
    if isinstance(value, bool) or (isinstance(value, str) and not _DECIMAL.fullmatch(value)):
        raise ValueError("neither a number nor a decimal such as '12.99'")
    return value


def _moment(value: object) -> object:
    if not isinstance(value, str | datetime) or (isinstance(value, str) and _SECONDS.fullmatch(value)):
        raise ValueError("not a date and time such as 2026-03-01T12:00:00Z")
    return value


_DECIMAL = re.compile(r"[0-9]{1,12}(\.[0-9]{1,12})?")
_SECONDS = re.compile(r"\s*[-+]?[0-9.]*\s*")
WHOLE = BeforeValidator(_whole)
"""Behind the limits of an int: neither texts nor truth values are taken for one."""

Count = Annotated[int, Field(ge=0, lt=2**31), WHOLE]
Place = Annotated[int, Field(ge=1), WHOLE]
Money = Annotated[
    Decimal,
    BeforeValidator(_written),
    Field(ge=0, lt=10**12, allow_inf_nan=False),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "minimum": 0, "exclusiveMaximum": 10**12},
                {"type": "string", "pattern": f"^{_DECIMAL.pattern}$"},
            ]
        }
    ),
]
Moment = Annotated[datetime, BeforeValidator(_moment)]
NAMED = Field(json_schema_extra={"additionalProperties": False})
"""Of a dict whose keys have a pattern: there are no others."""
Attribute = Line | Flag | Annotated[int, Strict()] | Number | list[Line]


class Input(BaseModel):
    """What is sent: a name that nobody reads is refused."""

    model_config = ConfigDict(extra="forbid")
