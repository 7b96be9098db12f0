"""Pictures that come with a request: as an upload in a form, as a ``data:`` URL, or as an http(s) URL."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import ValidationError
from starlette.datastructures import UploadFile
from starlette.requests import ClientDisconnect
from starlette.routing import Match
from starlette.types import Scope

from service.api.dependencies import AppState
from service.api.list_schemas import ListRequest
from service.api.slate_schemas import MAX_PICTURE_URL, BoostIn
from service.core.errors import InvalidQuery, PayloadTooLarge
from service.core.types import Picture

UPLOAD = "image"
_PLAIN = frozenset(("query", UPLOAD, "product", "user", "session", "sort", "cursor"))
_LISTS = frozenset(("facets", "exclude_ids", "ignore"))

_OBJECTS = ("filter", "terms", "weights", "variants", "boost")


def _in_form(field: dict[str, Any]) -> dict[str, Any]:
    # what is null in JSON is left out of a form
    return dict(field["anyOf"][0]) if "anyOf" in field else {key: field[key] for key in field if key != "default"}


_FORM_FIELDS: dict[str, dict[str, Any]] = {
    **{name: _in_form(field) for name, field in ListRequest.model_json_schema()["properties"].items()},
    UPLOAD: {"type": "string", "format": "binary", "description": "the picture's file"},
    "boost": {"type": "array", "items": BoostIn.model_json_schema()},
}
FORM_DOCS: dict[str, Any] = {
    "requestBody": {
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "description": "The same fields: objects, and lists of them, as JSON text; lists of texts repeated "
                    "or as JSON text.",
                    "properties": _FORM_FIELDS,
                    "additionalProperties": False,
                },
                "encoding": {name: {"contentType": "application/json"} for name in _OBJECTS},
            }
        }
    }
}


class FormRoute(APIRoute):
    """Matches forms only, so that one path takes JSON bodies and uploads."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """As every route, where the body is a multipart form."""
        match, child = super().matches(scope)
        kind = dict(scope.get("headers", ())).get(b"content-type", b"").lower()
        return (match, child) if kind.startswith(b"multipart/form-data") else (Match.NONE, {})


async def read_form(request: Request) -> tuple[ListRequest, bytes | None]:
    """What a form asks, and the file it brings.

    Raises
    ------
    InvalidQuery : a field is sent twice, or a file under another name. RequestValidationError : as for a JSON body.
    """
    try:
        async with request.form(max_files=1, max_fields=100, max_part_size=MAX_PICTURE_URL) as form:
            fields: dict[str, list[str]] = {}
            upload = None
            for name, value in form.multi_items():
                if isinstance(value, UploadFile):
                    upload = await _read_upload(name, value)
                else:
                    fields.setdefault(name, []).append(value)
    except ClientDisconnect as error:  # the caller is gone, or has sent more than is read
        raise PayloadTooLarge("the body ended too early or is too large; send a smaller picture") from error
    if upload is not None and UPLOAD in fields:
        raise InvalidQuery(f"{UPLOAD} is sent twice, as a file and as text; send one of them", code="invalid_request")
    try:
        return ListRequest.model_validate(_body(fields)), upload
    except ValidationError as error:
        raise RequestValidationError([{**one, "loc": ("body", *one["loc"])} for one in error.errors()]) from error


async def _read_upload(name: str, upload: UploadFile) -> bytes:
    if name != UPLOAD:
        raise InvalidQuery(f"the file {name[:80]!r} is not known here; send it as {UPLOAD!r}", code="invalid_request")
    return await upload.read()


def _body(fields: Mapping[str, list[str]]) -> dict[str, Any]:
    """A form's texts as the JSON body they stand for."""
    body: dict[str, Any] = {}
    for name, values in fields.items():
        if name in _LISTS and not values[0].lstrip().startswith("["):
            body[name] = [value for value in values if value]
        elif len(values) > 1:
            raise InvalidQuery(f"{name[:80]} is sent {len(values)} times; send it once", code="invalid_request")
        elif name in _PLAIN:
            body[name] = values[0]
        elif values[0]:
            body[name] = _parsed(values[0])
    return body


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text  # whoever checks the field says what it should be


async def picture_of(state: AppState, source: str | bytes | None) -> Picture | None:
    """A picture as a vector; None without one.

    Raises
    ------
    InvalidQuery : no image model, or no picture that can be had. DependencyUnavailable : too many wait already.
    """
    if source is None:
        return None
    return await asyncio.wrap_future(state.runtime.pictures.ask(source))
