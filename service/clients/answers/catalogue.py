"""Products as they are stored, and what became of those that were sent."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from service.clients.answers.lists import Shown


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductOut(Shown):
    """A product as stored."""

    id: str
    description: str
    stock: int | None
    visible: bool
    tags: tuple[str, ...]
    attributes: dict[str, Any]
    created_at: datetime | None
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductPage:
    """One page of the catalogue."""

    items: tuple[ProductOut, ...]
    total: int
    next_cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemResult:
    """What became of one item of a batch."""

    id: str | None
    status: str  # created, updated, unchanged, deleted, not_found or rejected
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchResult:
    """One result per item, in the order sent."""

    results: tuple[ItemResult, ...]
