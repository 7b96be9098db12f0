"""What somebody asked for, as it is kept with what was shown, so that it can be asked again."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import orjson

from service.context import Request
from service.core.fields import FieldKind
from service.core.filter_json import filter_json
from service.core.filters import Filter, parse_filter
from service.core.impression import Impression
from service.core.near import NOWHERE, Near

_MOST_EXCLUDED = 100
_PLAIN = ("text", "product", "n", "mmr_lambda", "mode", "affinity")


def asked_of(request: Request) -> dict[str, Any] | None:
    """A request without who asked; None where it is too long, has a picture, or holds what no database keeps."""
    if len(request.exclude) > _MOST_EXCLUDED or request.picture is not None:
        return None
    asked: dict[str, Any] = {name: value for name in _PLAIN if (value := getattr(request, name)) is not None}
    if request.filter:
        asked["filter"] = filter_json(request.filter)
    if request.exclude:
        asked["exclude"] = list(request.exclude)
    if request.weights:
        asked["weights"] = dict(request.weights)
    if request.boosts:
        asked["boosts"] = [[filter_json(wanted), weight] for wanted, weight in request.boosts]
    if request.terms:
        asked["terms"] = [list(term) for term in request.terms]
    if request.ignore:
        asked["ignore"] = sorted(request.ignore)
    if not request.correct:
        asked["correct"] = False
    if request.near != NOWHERE:
        asked["near"] = asdict(request.near)
    if request.all_variants:
        asked["all_variants"] = True
    if request.may_relax:
        asked["may_relax"] = True
    try:
        return None if rb"\u0000" in orjson.dumps(asked) else asked
    except (TypeError, ValueError):
        return None  # half a surrogate pair, or a number that JSON has not


def request_again(shown: Impression, fields: Mapping[str, FieldKind]) -> Request | None:
    """The request behind a slate; None where what it needs was not kept.

    Raises
    ------
    InvalidQuery : its filter is no longer possible.
    """
    asked = shown.asked
    if asked is None and shown.surface != "home":
        return None
    asked = asked or {"n": len(shown.items)}
    return Request(
        shown.surface, shown.request_id, shown.tenant, text=asked.get("text"), product=asked.get("product"),
        user=shown.user, session=shown.session, n=asked.get("n"), filter=parse_filter(asked.get("filter"), fields),
        exclude=tuple(asked.get("exclude", ())), weights=asked.get("weights"), mmr_lambda=asked.get("mmr_lambda"),
        boosts=tuple(
            (parse_filter(wanted, fields) or Filter(), weight) for wanted, weight in asked.get("boosts", ())
        ),
        shelf=shown.shelf, correct=asked.get("correct", True), may_relax=asked.get("may_relax", False),
        terms=tuple((text, weight) for text, weight in asked.get("terms", ())),
        ignore=frozenset(asked.get("ignore", ())), mode=asked.get("mode"), affinity=asked.get("affinity"),
        near=Near(**asked.get("near", {})), all_variants=asked.get("all_variants", False),
    )  # fmt: skip
