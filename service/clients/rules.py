"""Requests about business rules, synonyms, and what people search for."""

from collections.abc import Iterable, Sequence
from typing import Literal, Unpack

from service.clients.answers.rules import (
    DryRunOut,
    LintOut,
    RuleAnswer,
    RuleList,
    RuleOut,
    SearchesOut,
    SynonymsOut,
)
from service.clients.asks.rules import RuleDraft, RuleFields, RulePut
from service.clients.call import Call, in_path, params
from service.clients.linked import given


def list_rules() -> Call[RuleList]:
    """All rules, by id."""
    return Call("GET", "/v1/rules", RuleList)


def get_rule(id: str, /) -> Call[RuleOut]:
    """One rule, and what it is doing now."""
    return Call("GET", _path(id), RuleOut)


def add_rule(**rule: Unpack[RuleDraft]) -> Call[RuleAnswer]:
    """Make a rule, in force from the next answer on; 409 if there is one of its id.

    Examples
    --------
    >>> add_rule(condition={"must": [{"field": "tags", "match": "sale"}]}, consequence={"kind": "boost", "weight": 0.5}
    ...     ).may_repeat
    False
    """
    return Call("POST", "/v1/rules", RuleAnswer, body=rule)


def put_rule(id: str, /, **rule: Unpack[RulePut]) -> Call[RuleAnswer]:
    """Make or replace a rule."""
    return Call("PUT", _path(id), RuleAnswer, body=rule)


def patch_rule(id: str, /, **fields: Unpack[RuleFields]) -> Call[RuleAnswer]:
    """Change some fields of a rule, such as `enabled`."""
    return Call("PATCH", _path(id), RuleAnswer, body=fields, repeats=True)


def delete_rule(id: str, /) -> Call[None]:
    """Delete a rule."""
    return Call("DELETE", _path(id), type(None))


def lint_rules(rules: Iterable[RuleDraft] = (), /) -> Call[LintOut]:
    """What looks wrong with the rules there are, and with these beside them."""
    return Call("POST", "/v1/rules/lint", LintOut, body={"rules": list(rules)}, repeats=True)


def dry_run(
    *, rules: Iterable[RuleDraft] = (), ids: Sequence[str] = (), limit: int | None = None, surface: str | None = None
) -> Call[DryRunOut]:
    """What rules would have changed in the newest logged requests; nothing is kept."""
    body = given({"rules": list(rules), "ids": list(ids), "limit": limit, "surface": surface})
    return Call("POST", "/v1/rules/dry-run", DryRunOut, body=body, repeats=True)


def get_synonyms() -> Call[SynonymsOut]:
    """The synonyms in force."""
    return Call("GET", "/v1/synonyms", SynonymsOut)


def put_synonyms(lines: Iterable[str], /) -> Call[SynonymsOut]:
    """Replace the synonyms: ``earbuds => earphones`` one way, ``tshirt, t-shirt, tee`` all ways."""
    return Call("PUT", "/v1/synonyms", SynonymsOut, body={"lines": list(lines)})


def searches(*, only: Literal["all", "nothing"] | None = None, n: int | None = None) -> Call[SearchesOut]:
    """What people search for, and what they do not find."""
    return Call("GET", "/v1/searches", SearchesOut, params({"only": only, "n": n}))


def _path(id: str) -> str:
    return f"/v1/rules/{in_path(id)}"
