"""``/v1/rules``: business rules, what is wrong with them, and what they would change."""

from collections.abc import Callable, Sequence
from secrets import token_hex
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Path, Response
from pydantic import ValidationError
from sqlmodel import Session

from service.api.clock import Now
from service.api.dependencies import AppState, State, Tenant
from service.api.documented_problems import Responses, problem_answer
from service.api.problems import describe
from service.api.rule_schemas import (
    DryRunIn,
    DryRunOut,
    LintIn,
    LintOut,
    RuleAnswer,
    RuleDraft,
    RuleFields,
    RuleId,
    RuleList,
    RuleOut,
    RulePatch,
    Warning_,
)
from service.core.errors import InvalidQuery
from service.core.rule_parse import parse_rule
from service.core.rules import Rule
from service.rule_lint import lint
from service.rule_trial import dry_run
from service.served_rules import rule_surfaces
from service.store import rules as store
from service.store.catalog import get_products

T = TypeVar("T")

router = APIRouter(prefix="/v1/rules", tags=["rules"])

Id = Annotated[RuleId, Path(description="letters, digits and ._-, at most 64 of them")]
_DRAFT = "draft"
_MOST_NAMED = 20
_FULL: Responses = {409: problem_answer("there are as many rules as there can be")}
_TAKEN: Responses = {409: problem_answer("there is a rule of this id, or as many rules as there can be")}


@router.get("", summary="All rules")
async def list_rules(state: State, tenant: Tenant, now: Now) -> RuleList:
    """By id, with what each is doing now."""
    stored = await _in_session(state, lambda session: store.list_rules(session, tenant))
    return RuleList(rules=[RuleOut.of(one, now) for one in stored])


@router.post("", status_code=201, summary="Make a rule", responses=_TAKEN)
async def post_rule(body: RuleDraft, state: State, tenant: Tenant, now: Now) -> RuleAnswer:
    """In force from the next answer on; the answer says what looks wrong with it."""
    data = _checked(state, body.id or f"r-{token_hex(4)}", body)
    return await _write(state, tenant, now, data["id"], lambda session: store.add_rule(session, tenant, data, now=now))


@router.post("/lint", summary="What looks wrong with the rules")
async def post_lint(state: State, tenant: Tenant, now: Now, body: LintIn | None = None) -> LintOut:
    """Contradictions, dead and expired rules, pins and quotas that cannot be met; `rules` join the stored."""
    drafts = _drafts(state, body.rules if body else [])

    def work(session: Session) -> LintOut:
        rules = {one.id: one for one in (*_usable(state, session, tenant), *drafts)}
        found = lint(session, tenant, list(rules.values()), state.runtime.params, now)
        return LintOut(checked=len(rules), warnings=[Warning_.of(one) for one in found])

    return await _in_session(state, work)


@router.post("/dry-run", summary="What rules would have changed lately")
async def post_dry_run(body: DryRunIn, state: State, tenant: Tenant) -> DryRunOut:
    """The newest logged requests are asked again, with and without these rules; nothing is kept."""
    if body.surface is not None and body.surface not in state.runtime.params.surfaces:
        known = ", ".join(state.runtime.params.surfaces)
        raise InvalidQuery(f"there is no surface {body.surface!r}; there are: {known}", code="unknown_surface")
    drafts = _drafts(state, body.rules)

    def work() -> DryRunOut:
        runtime = state.runtime
        with runtime.database.session() as session:
            named = [_parsed(state, store.get_rule(session, tenant, rule_id).data) for rule_id in body.ids]
        tried = list({rule.id: rule for rule in (*named, *drafts)}.values())
        trial = dry_run(runtime.services, tenant, tried, limit=body.limit, surface=body.surface)
        most = [dict(sorted(one.items(), key=lambda p: (-p[1], p[0]))[:_MOST_NAMED]) for one in
                (trial.comes, trial.leaves, trial.moves)]  # fmt: skip
        with runtime.database.session() as session:
            rows = get_products(session, {product for one in most for product in one})
        names = {key: row.product.external_id for key, row in rows.items()}
        return DryRunOut.of(trial, names, most)

    return await state.call(work)


@router.get("/{id}", summary="One rule")
async def get_rule(id: Id, state: State, tenant: Tenant, now: Now) -> RuleOut:
    """The rule as it was given; 404 if there is none."""
    return RuleOut.of(await _in_session(state, lambda session: store.get_rule(session, tenant, id)), now)


@router.put("/{id}", summary="Make or replace a rule", responses=_FULL)
async def put_rule(id: Id, body: RuleFields, state: State, tenant: Tenant, now: Now) -> RuleAnswer:
    """In force from the next answer on."""
    data = _checked(state, id, body)
    return await _write(state, tenant, now, id, lambda session: store.put_rule(session, tenant, data, now=now))


@router.patch("/{id}", summary="Change some fields of a rule")
async def patch_rule(id: Id, body: RulePatch, state: State, tenant: Tenant, now: Now) -> RuleAnswer:
    """Only what is sent changes; `scope`, `condition` and `consequence` are replaced as a whole."""
    changes = body.model_dump(mode="json", exclude_unset=True)
    if not changes:
        raise InvalidQuery("nothing to change: send at least one field, such as enabled", code="empty_patch")

    def work(session: Session) -> store.StoredRule:
        before = store.get_rule(session, tenant, id)
        merged = {name: value for name, value in {**before.data, **changes}.items() if name != "id"}
        try:
            fields = RuleFields.model_validate(merged)
        except ValidationError as error:
            wrong = "; ".join(f"{e['field']}: {e['problem']}" for e in describe(error.errors()))
            raise InvalidQuery(wrong, code="invalid_rule") from error
        return store.put_rule(session, tenant, _checked(state, id, fields), now=now)

    return await _write(state, tenant, now, id, work)


@router.delete("/{id}", status_code=204, summary="Delete a rule")
async def delete_rule(id: Id, state: State, tenant: Tenant) -> Response:
    """Without effect from the next answer on."""
    await _in_session(state, lambda session: store.delete_rule(session, tenant, id))
    await state.call(lambda: state.runtime.rules.refresh(tenant))
    return Response(status_code=204)


async def _write(
    state: AppState, tenant: str, now: Now, rule_id: str, work: Callable[[Session], store.StoredRule]
) -> RuleAnswer:
    """Keep a rule, have it count at once, and look at it beside the others."""

    def run() -> RuleAnswer:
        runtime = state.runtime
        with runtime.database.session() as session:
            stored = work(session)
        runtime.rules.refresh(tenant)
        with runtime.database.session() as session:
            rules = _usable(state, session, tenant)
            found = lint(session, tenant, rules, runtime.params, now, about=rule_id)
        return RuleAnswer(rule=RuleOut.of(stored, now), warnings=[Warning_.of(one) for one in found])

    return await state.call(run)


async def _in_session(state: AppState, work: Callable[[Session], T]) -> T:
    def run() -> T:
        with state.runtime.database.session() as session:
            return work(session)

    return await state.call(run)


def _checked(state: AppState, rule_id: str, body: RuleFields) -> dict[str, Any]:
    """The rule as it is kept.

    Raises
    ------
    InvalidQuery : a field, a surface or a value that cannot be.
    """
    names = list(RuleFields.model_fields)
    data = {"id": rule_id} | body.model_dump(mode="json", include=set(names))
    store.check_storable(data)
    _parsed(state, data)
    return data


def _drafts(state: AppState, bodies: Sequence[RuleDraft]) -> list[Rule]:
    named = [(body.id or (_DRAFT if len(bodies) == 1 else f"{_DRAFT}-{number}"), body) for number, body in
             enumerate(bodies, 1)]  # fmt: skip
    return [_parsed(state, _checked(state, rule_id, body)) for rule_id, body in named]


def _usable(state: AppState, session: Session, tenant: str) -> list[Rule]:
    """Stored rules; those that a change of the configuration has made impossible are left out, as in answers."""
    rules = []
    for one in store.list_rules(session, tenant):
        try:
            rules.append(_parsed(state, one.data))
        except InvalidQuery:
            continue
    return rules


def _parsed(state: AppState, data: Any) -> Rule:
    runtime = state.runtime
    slots = {name: surface.max_n for name, surface in runtime.params.surfaces.items()}
    return parse_rule(data, runtime.fields, rule_surfaces(slots))
