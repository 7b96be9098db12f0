"""The SQL tables: the truth about products, users, what they did, releases and jobs."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, Table, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from service.store.column_types import Json, Key, PackedTime, PlainText, UtcTime

_LIVE = text("deleted_at IS NULL")
_ANONYMOUS = text("user_id IS NULL")
_HIDING = text("type = 'hide'")
_NAMED = text("event_id IS NOT NULL")
_UNRESOLVED = text("product_id IS NULL AND product_ref IS NOT NULL")
_BY_USER = text('"user" IS NOT NULL')
_BY_NOBODY = text('"user" IS NULL AND session IS NOT NULL')
_IS_LIVE = text("status = 'live'")
_IS_RUNNING = text("status = 'running'")


class ProductRow(SQLModel, table=True):
    """One product, live or waiting to be dropped from the index.

    `id` is the Qdrant point id and is never reused. Short columns come first: SQLite reads a row up to the last column
    asked for, and long ones (`description`) may lie on pages of their own.
    """

    __tablename__ = "product"
    __table_args__ = (
        UniqueConstraint("tenant", "external_id", name="uq_product_tenant_external_id"),
        Index("ix_product_newest", "tenant", "created_at", "id", sqlite_where=_LIVE, postgresql_where=_LIVE),
        Index("ix_product_stale", "id", sqlite_where=text("stale = 1"), postgresql_where=text("stale")),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=Key)
    external_id: str = Field(sa_type=PlainText)
    tenant: str = Field(sa_type=PlainText)
    visible: bool
    stock: int | None = Field(sa_type=Key)
    price: float | None  # major units, derived from price_minor for filters and sorting
    currency: str | None = Field(sa_type=PlainText)
    discount: float | None  # derived, 0 to 1
    rating: float | None
    review_count: int = Field(sa_type=Key)
    created_at: datetime = Field(sa_type=UtcTime)
    brand: str | None = Field(sa_type=PlainText)
    category: list[str] = Field(sa_type=Json)
    category_path: str | None = Field(sa_type=PlainText)  # "A > B > C" for prefix filters; NULL for no category
    tags: list[str] = Field(sa_type=Json)
    attributes: dict[str, Any] = Field(sa_type=Json)
    price_minor: int | None = Field(sa_type=Key)
    original_price_minor: int | None = Field(sa_type=Key)
    updated_at: datetime = Field(sa_type=UtcTime)
    deleted_at: datetime | None = Field(sa_type=UtcTime)  # stays until the index has dropped the point
    content_hash: str = Field(sa_type=PlainText)  # what encoders read
    payload_hash: str = Field(sa_type=PlainText)  # what filters read
    indexed_hash: str | None = Field(sa_type=PlainText)  # what the vectors in Qdrant were made from; set by the indexer
    stale: bool  # the index has something to do
    name: str = Field(sa_type=PlainText)
    link: str | None = Field(sa_type=PlainText)
    image: str | None = Field(sa_type=PlainText)
    description: str = Field(sa_type=PlainText)


class UserRow(SQLModel, table=True):
    """Someone the merchant knows by an id; made at the first event, or when told about."""

    __tablename__ = "users"  # `user` is a function in PostgreSQL: forgetting the quotes would silently ask for that
    __table_args__ = (
        UniqueConstraint("tenant", "external_id", name="uq_users_tenant_external_id"),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=Key)
    external_id: str = Field(sa_type=PlainText)
    tenant: str = Field(sa_type=PlainText)
    created_at: datetime = Field(sa_type=PackedTime)
    last_seen_at: datetime | None = Field(sa_type=PackedTime)  # at most an hour behind the newest interaction
    preferences: dict[str, Any] = Field(sa_type=Json)  # told on arrival: categories, brands, price range
    features: dict[str, Any] = Field(sa_type=Json)  # what training may know: country, age group


class InteractionRow(SQLModel, table=True):
    """Something a user, or an anonymous session, did.

    `product_id` is no foreign key: products are dropped without asking what refers to them, their ids are never used
    again, and readers leave out what is gone. `product_ref` stays, so that a product that comes (back) later finds
    its interactions: see `upsert_products` and `resolve_products`.
    """

    __tablename__ = "interaction"
    __table_args__ = (
        Index("uq_interaction_event", "tenant", "event_id", unique=True, sqlite_where=_NAMED, postgresql_where=_NAMED),
        Index("ix_interaction_user", "user_id", "at", "id"),
        Index(
            "ix_interaction_session", "session_key", "at", "id", sqlite_where=_ANONYMOUS, postgresql_where=_ANONYMOUS
        ),
        Index("ix_interaction_hidden", "user_id", "session_key", sqlite_where=_HIDING, postgresql_where=_HIDING),
        Index("ix_interaction_since", "tenant", "at"),
        Index(
            "ix_interaction_unresolved", "tenant", "product_ref",
            sqlite_where=_UNRESOLVED, postgresql_where=_UNRESOLVED,
        ),
    )  # fmt: skip

    id: int | None = Field(default=None, primary_key=True, sa_type=Key)
    tenant: str = Field(sa_type=PlainText)
    type: str = Field(sa_type=PlainText)
    user_id: int | None = Field(sa_type=Key, foreign_key="users.id", ondelete="CASCADE")
    session_key: int | None = Field(sa_type=Key)  # a number for the session, see `session_key`
    product_id: int | None = Field(sa_type=Key)
    value: float | None
    at: datetime = Field(sa_type=PackedTime)
    received_at: datetime = Field(sa_type=PackedTime)
    position: int | None = Field(sa_type=Key)
    event_id: str | None = Field(sa_type=PlainText)
    session: str | None = Field(sa_type=PlainText)
    product_ref: str | None = Field(sa_type=PlainText)  # the merchant's id as it was sent
    query: str | None = Field(sa_type=PlainText)
    request_id: str | None = Field(sa_type=PlainText)


class ReleaseRow(SQLModel, table=True):
    """One training run's result; at most one is live."""

    __tablename__ = "release"
    __table_args__ = (
        Index("uq_release_live", "status", unique=True, sqlite_where=_IS_LIVE, postgresql_where=_IS_LIVE),
    )

    id: str = Field(primary_key=True, sa_type=PlainText)
    status: str = Field(sa_type=PlainText)  # training, ready, failed, live, retired
    created_at: datetime = Field(sa_type=UtcTime)
    promoted_at: datetime | None = Field(sa_type=UtcTime)
    replaced: str | None = Field(sa_type=PlainText)  # the release that was live before this one
    message: str | None = Field(sa_type=PlainText)  # why it failed
    manifest: dict[str, Any] = Field(sa_type=Json)
    metrics: dict[str, Any] = Field(sa_type=Json)


class JobRow(SQLModel, table=True):
    """Something a worker does, did or is to do; of each name at most one is running."""

    __tablename__ = "job"
    __table_args__ = (
        UniqueConstraint("name", "scheduled_for", name="uq_job_name_scheduled_for"),
        Index("uq_job_running", "name", unique=True, sqlite_where=_IS_RUNNING, postgresql_where=_IS_RUNNING),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=Key)
    name: str = Field(sa_type=PlainText)
    status: str = Field(sa_type=PlainText)  # queued, running, done, failed
    scheduled_for: datetime = Field(sa_type=UtcTime)
    claimed_by: str | None = Field(sa_type=PlainText)
    heartbeat_at: datetime | None = Field(sa_type=UtcTime)
    started_at: datetime | None = Field(sa_type=UtcTime)
    finished_at: datetime | None = Field(sa_type=UtcTime)
    attempts: int = Field(sa_type=Key)  # workers that began it
    progress: float  # 0 to 1
    message: str | None = Field(sa_type=PlainText)
    error: str | None = Field(sa_type=PlainText)


class ImpressionRow(SQLModel, table=True):
    """One slate as somebody saw it; its slots are columns in JSON, for they are written and read together."""

    __tablename__ = "impression"
    __table_args__ = (
        Index("ix_impression_request", "request_id"),
        Index("ix_impression_since", "tenant", "at"),
        Index("ix_impression_user", "user", "at", sqlite_where=_BY_USER, postgresql_where=_BY_USER),
        Index("ix_impression_session", "session", "at", sqlite_where=_BY_NOBODY, postgresql_where=_BY_NOBODY),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=Key)
    tenant: str = Field(sa_type=PlainText)
    at: datetime = Field(sa_type=PackedTime)
    surface: str = Field(sa_type=PlainText)
    shelf: str | None = Field(sa_type=PlainText)
    level: str = Field(sa_type=PlainText)
    release: str | None = Field(sa_type=PlainText)
    request_id: str = Field(sa_type=PlainText)
    user: str | None = Field(sa_type=PlainText)  # external ids: who asks may be unknown
    session: str | None = Field(sa_type=PlainText)
    arms: dict[str, str] = Field(sa_type=Json)  # experiment -> variant
    slots: dict[str, Any] = Field(sa_type=Json)
    draw: dict[str, Any] | None = Field(sa_type=Json)  # `core.draw.Draw`, where chance had a part
    asked: dict[str, Any] | None = Field(sa_type=Json)  # what of the request is not in other columns


class SearchRow(SQLModel, table=True):
    """One search that was answered; kept no longer than suggestions and what others took look back."""

    __tablename__ = "search"
    __table_args__ = (
        Index("ix_search_request", "request_id"),
        Index("ix_search_since", "at", "tenant"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=Key)
    tenant: str = Field(sa_type=PlainText)
    at: datetime = Field(sa_type=PackedTime)
    query: str = Field(sa_type=PlainText)  # `core.searched.normalised`
    found: int = Field(sa_type=Key)
    is_narrowed: bool
    visitor: int | None = Field(sa_type=Key)
    request_id: str = Field(sa_type=PlainText)
    fallback: str | None = Field(sa_type=PlainText)


class SnapshotRow(SQLModel, table=True):
    """Something computed now and then for every request to use, such as what is trending."""

    __tablename__ = "snapshot"

    name: str = Field(primary_key=True, sa_type=PlainText)
    made_at: datetime = Field(sa_type=UtcTime)
    data: dict[str, Any] = Field(sa_type=Json)


class RuleRow(SQLModel, table=True):
    """A business rule in its JSON form, as `core.rule_parse` reads it."""

    __tablename__ = "rule"

    tenant: str = Field(primary_key=True, sa_type=PlainText)
    id: str = Field(primary_key=True, sa_type=PlainText)
    made_at: datetime = Field(sa_type=UtcTime)
    updated_at: datetime = Field(sa_type=UtcTime)
    data: dict[str, Any] = Field(sa_type=Json)


class AccountRow(SQLModel, table=True):
    """Somebody who signs in with an e-mail address and a password; what they do is done by a user of their own."""

    __tablename__ = "account"
    __table_args__ = (
        UniqueConstraint("tenant", "email", name="uq_account_tenant_email"),
        UniqueConstraint("user_id", name="uq_account_user_id"),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=Key)
    tenant: str = Field(sa_type=PlainText)
    email: str = Field(sa_type=PlainText)  # folded, so that nobody can sign up twice with other capitals
    name: str = Field(sa_type=PlainText)
    role: str = Field(sa_type=PlainText)  # shopper, merchant, operator
    user_id: int = Field(sa_type=Key, foreign_key="users.id", ondelete="CASCADE")
    password_hash: str = Field(sa_type=PlainText)
    epoch: int = Field(sa_type=Key)  # access tokens of an earlier one are void
    created_at: datetime = Field(sa_type=PackedTime)
    signed_in_at: datetime | None = Field(sa_type=PackedTime)
    disabled_at: datetime | None = Field(sa_type=PackedTime)


class RefreshTokenRow(SQLModel, table=True):
    """One refresh token; those that followed from one sign-in are a family. Used ones stay, to notice a second use."""

    __tablename__ = "refresh_token"
    __table_args__ = (
        Index("ix_refresh_token_family", "family"),
        Index("ix_refresh_token_account", "account_id", "expires_at"),
    )

    hash: str = Field(primary_key=True, sa_type=PlainText)  # SHA-256: the token itself is kept nowhere
    account_id: int = Field(sa_type=Key, foreign_key="account.id", ondelete="CASCADE")
    family: str = Field(sa_type=PlainText)
    made_at: datetime = Field(sa_type=PackedTime)
    expires_at: datetime = Field(sa_type=PackedTime)
    used_at: datetime | None = Field(sa_type=PackedTime)
    revoked_at: datetime | None = Field(sa_type=PackedTime)


class ApiKeyRow(SQLModel, table=True):
    """What a server, or a shop's pages, identify themselves with."""

    __tablename__ = "api_key"
    __table_args__ = (
        UniqueConstraint("hash", name="uq_api_key_hash"),
        Index("ix_api_key_tenant", "tenant", "id"),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=Key)
    tenant: str = Field(sa_type=PlainText)
    name: str = Field(sa_type=PlainText)
    hash: str = Field(sa_type=PlainText)  # SHA-256: the key itself is kept nowhere
    hint: str = Field(sa_type=PlainText)  # its first characters, to recognise it by
    scopes: list[str] = Field(sa_type=Json)
    created_at: datetime = Field(sa_type=PackedTime)
    expires_at: datetime | None = Field(sa_type=PackedTime)
    last_used_at: datetime | None = Field(sa_type=PackedTime)  # some minutes behind
    revoked_at: datetime | None = Field(sa_type=PackedTime)


class ErasureRow(SQLModel, table=True):
    """The receipt of somebody's erasure; says of whom only to who knows the id already."""

    __tablename__ = "erasure"
    __table_args__ = (Index("ix_erasure_subject", "subject"),)

    id: str = Field(primary_key=True, sa_type=PlainText)
    tenant: str = Field(sa_type=PlainText)
    subject: str = Field(sa_type=PlainText)  # salted hash of the user's id
    user_key: int | None = Field(sa_type=Key)  # what releases call the user; gone when these are
    begun_at: datetime = Field(sa_type=PackedTime)
    done_at: datetime | None = Field(sa_type=PackedTime)  # None: it was interrupted
    retrain: bool  # a training was asked for
    counts: dict[str, int] = Field(sa_type=Json)  # table or place -> what was erased there
    model_ended_at: datetime | None = Field(sa_type=PackedTime)  # since then no release knows the user


class ErasedRow(SQLModel, table=True):
    """Somebody, or a session, of whom nothing is kept that comes too late: salted hashes, see `store.erased`."""

    __tablename__ = "erased"
    __table_args__ = (Index("ix_erased_erasure", "erasure_id"),)

    hash: str = Field(primary_key=True, sa_type=PlainText)
    erasure_id: str = Field(sa_type=PlainText, foreign_key="erasure.id", ondelete="CASCADE")
    kind: str = Field(sa_type=PlainText)  # user, session, visitor, redis
    before: datetime = Field(sa_type=PackedTime)  # what is of an earlier moment is not kept
    until: datetime = Field(sa_type=PackedTime)  # then this row is forgotten


# the same tables for statements that read and write many rows at once
PRODUCT: Table = SQLModel.metadata.tables["product"]
USERS: Table = SQLModel.metadata.tables["users"]
INTERACTION: Table = SQLModel.metadata.tables["interaction"]
RELEASE: Table = SQLModel.metadata.tables["release"]
JOB: Table = SQLModel.metadata.tables["job"]
IMPRESSION: Table = SQLModel.metadata.tables["impression"]
SEARCH: Table = SQLModel.metadata.tables["search"]
SNAPSHOT: Table = SQLModel.metadata.tables["snapshot"]
RULE: Table = SQLModel.metadata.tables["rule"]
ACCOUNT: Table = SQLModel.metadata.tables["account"]
REFRESH_TOKEN: Table = SQLModel.metadata.tables["refresh_token"]
API_KEY: Table = SQLModel.metadata.tables["api_key"]
ERASURE: Table = SQLModel.metadata.tables["erasure"]
ERASED: Table = SQLModel.metadata.tables["erased"]
