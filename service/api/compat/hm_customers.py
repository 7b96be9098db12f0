"""``/api/profile`` and ``/api/interactions``: what customers say they like, and what they do."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlmodel import Session

from service.api.clock import Now
from service.api.compat.hm_ids import CustomerId, stored_id
from service.api.dependencies import AppState, State, Tenant
from service.api.documented_problems import problem_answer
from service.api.event_schemas import Price, Words
from service.api.events import Writer
from service.api.values import Line, PersonId, ProductId
from service.core.errors import InvalidQuery
from service.core.types import EventType, Interaction
from service.store.categories import categories_named
from service.store.events import EventStatus
from service.store.facet_counts import value_counts
from service.store.users import StoredUser, find_user, put_user

router = APIRouter(prefix="/api", tags=["hm"])

_PRIVATE = "private, no-store"
_SHOWN = 20  # values that an error names

Values = Annotated[list[Line], Field(max_length=100)]

ATTRIBUTES = {
    "colours": "colour", "departments": "department", "sections": "section", "garment_groups": "garment_group",
}  # fmt: skip
"""What a preference is called here -> the attribute it is about."""


class Preferences(BaseModel):
    """What a customer likes; each part that an article meets adds 0.3 to its score."""

    model_config = ConfigDict(extra="forbid")

    categories: Values = Field(default=[], description="paths, as 'Ladieswear > Shoes', or names of any level")
    colours: Values = Field(default=[], description="colour_group_name: Black, Light Pink ...")
    departments: Values = []
    sections: Values = []
    garment_groups: Values = []
    min_price: Price | None = None
    max_price: Price | None = None

    @model_validator(mode="after")
    def _ordered(self) -> "Preferences":
        if self.min_price is not None and self.max_price is not None and self.min_price > self.max_price:
            raise ValueError(f"min_price {self.min_price} is above max_price {self.max_price}")
        return self


class CustomerProfile(BaseModel):
    """A customer as known here."""

    customer_id: str
    is_known: bool = Field(description="whether the customer did something or told something")
    preferences: Preferences
    last_seen_at: datetime | None


class InteractionIn(BaseModel):
    """Something a customer did."""

    model_config = ConfigDict(extra="forbid", strict=True)

    customer_id: PersonId
    type: Literal["view", "click", "cart", "wishlist", "purchase", "search"]
    article_id: ProductId | None = Field(None, description="needed by every type but search")
    query: Words | None = Field(None, description="the words of a search, which needs them")
    event_id: ProductId | None = Field(None, description="the same id again is the same interaction")

    @model_validator(mode="after")
    def _is_about_something(self) -> "InteractionIn":
        needed = "query" if self.type == "search" else "article_id"
        if getattr(self, needed) is None:
            raise ValueError(f"a {self.type} needs {needed}")
        return self


class InteractionOut(BaseModel):
    """What became of it."""

    status: Literal["recorded", "duplicate"]
    customer_id: str
    article_id: str | None


@router.get("/profile/{customer_id}", summary="What a customer likes")
async def get_profile(customer_id: CustomerId, state: State, tenant: Tenant, response: Response) -> CustomerProfile:
    """The saved preferences; empty ones for a customer nobody knows."""
    response.headers["Cache-Control"] = _PRIVATE

    def work() -> CustomerProfile:
        with state.runtime.database.session() as session:
            return _profile(customer_id, find_user(session, tenant, customer_id))

    return await state.call(work)


@router.put(
    "/profile/{customer_id}", summary="Save what a customer likes",
    responses={409: problem_answer("whoever had this id was erased")},
)  # fmt: skip
async def put_profile(
    customer_id: CustomerId, body: Preferences, state: State, tenant: Tenant, now: Now, response: Response
) -> CustomerProfile:
    """Replaces what was saved; counts from the very next answer on. 422 names what the shop does not have."""
    response.headers["Cache-Control"] = _PRIVATE

    def work() -> CustomerProfile:
        with state.runtime.database.session() as session:
            told = _in_our_words(session, tenant, body)
            return _profile(customer_id, put_user(session, tenant, customer_id, preferences=told, now=now))

    return await state.call(work)


@router.post("/interactions", status_code=201, summary="Record what a customer did")
async def post_interaction(
    body: InteractionIn, state: State, tenant: Tenant, now: Now, writer: Writer
) -> InteractionOut:
    """Counts in the very next answer; 404 for an article that the shop does not have."""
    article = None
    if body.article_id is not None and body.type != "search":
        article = await _article(state, tenant, body.article_id)
    event = Interaction(EventType(body.type), now, body.customer_id, None, article, body.query,
                        event_id=body.event_id, tenant=tenant)  # fmt: skip
    (outcome,) = await writer.record([event])
    if outcome.status is EventStatus.REFUSED:
        raise InvalidQuery(f"the interaction was refused: {outcome.reason}")
    status: Literal["recorded", "duplicate"] = "recorded" if outcome.status is EventStatus.RECORDED else "duplicate"
    return InteractionOut(status=status, customer_id=body.customer_id, article_id=article)


async def _article(state: AppState, tenant: str, article_id: str) -> str:
    def work() -> str:
        with state.runtime.database.session() as session:
            return stored_id(session, tenant, article_id)

    return await state.call(work, quick=True)


def _profile(customer_id: str, user: StoredUser | None) -> CustomerProfile:
    told: Mapping[str, Any] = user.preferences if user else {}
    attributes = told.get("attributes", {})
    ours = {name: attributes.get(attribute, []) for name, attribute in ATTRIBUTES.items()}
    plain = {name: told[name] for name in ("categories", "min_price", "max_price") if name in told}
    return CustomerProfile(
        customer_id=customer_id,
        is_known=user is not None,
        preferences=Preferences(**ours, **plain),
        last_seen_at=user.last_seen_at if user else None,
    )


def _in_our_words(session: Session, tenant: str, asked: Preferences) -> dict[str, Any]:
    """The preferences as the pipeline reads them: paths of categories, and attributes as the catalogue spells them.

    Raises
    ------
    InvalidQuery : the shop has nothing of that name.
    """
    paths = categories_named(session, tenant, asked.categories)
    if unknown := [name for name in asked.categories if name not in paths]:
        known = sorted({path for values, _ in value_counts(session, tenant, None, "category") for path in values})
        raise _unknown("categories", unknown[0], known)
    told: dict[str, Any] = {
        "categories": list(dict.fromkeys(path for name in asked.categories for path in paths[name]))
    }
    attributes = {ATTRIBUTES[name]: _spelt(session, tenant, name, getattr(asked, name)) for name in ATTRIBUTES}
    told["attributes"] = {name: values for name, values in attributes.items() if values}
    prices = {"min_price": asked.min_price, "max_price": asked.max_price}
    return {name: value for name, value in (told | prices).items() if value not in (None, [], {})}


def _spelt(session: Session, tenant: str, name: str, asked: Sequence[str]) -> list[str]:
    if not asked:
        return []
    counts = value_counts(session, tenant, None, f"attributes.{ATTRIBUTES[name]}")
    known = {str(value).casefold(): str(value) for values, _ in counts for value in values}
    if unknown := [value for value in asked if value.casefold() not in known]:
        raise _unknown(name, unknown[0], sorted(known.values()))
    return list(dict.fromkeys(known[value.casefold()] for value in asked))


def _unknown(name: str, value: str, known: Sequence[str]) -> InvalidQuery:
    more = f" and {len(known) - _SHOWN} more, see /api/explore" if len(known) > _SHOWN else ""
    return InvalidQuery(
        f"{name}: the shop has no {value[:80]!r}; it has {', '.join(known[:_SHOWN])}{more}", code="unknown_preference"
    )
