"""The ``[source]`` table of recommender.toml: a shop database that products and interactions are read from."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from config.frozen import Frozen
from config.overlay import read_overlay

_Name = Annotated[str, Field(max_length=128, pattern=r"^[^\x00]*$")]


class SourceItems(Frozen):
    """Where one kind of interactions stands: rows of a table, each of which belongs to a row that knows the buyer."""

    table: _Name
    id: _Name
    product: _Name
    link: _Name
    parent: _Name
    parent_id: _Name
    buyer: _Name

    @model_validator(mode="after")
    def _complete(self) -> "SourceItems":
        if self.table and not (self.product and self.buyer):
            raise ValueError("product and buyer must name columns")
        if self.table and self.parent and not (self.link and self.parent_id):
            raise ValueError("link and parent_id must name the columns that tie table and parent together")
        return self


class SourceProducts(Frozen):
    """Where the products stand, and which of their columns means what to us."""

    table: _Name
    id: _Name
    name: _Name
    description: _Name
    price: _Name
    stock: _Name
    stock_status: _Name
    rating: _Name
    review_count: _Name
    images: _Name
    category: _Name
    draft: _Name
    created_at: _Name
    attributes: _Name
    facts: tuple[_Name, ...]


class Source(Frozen):
    """An existing shop database."""

    enabled: bool
    tables_schema: _Name
    currency: str = Field(pattern="^([A-Z]{3})?$")
    images_url: str
    sold_out: tuple[str, ...]
    times: tuple[_Name, ...]
    overlap_s: float = Field(ge=0)
    compare_s: float = Field(ge=0)
    batch: int = Field(ge=1, le=100_000)
    timeout_s: float = Field(ge=1)
    products: SourceProducts
    orders: SourceItems
    carts: SourceItems
    wishlists: SourceItems


def has_source(overlays: Sequence[Path]) -> bool:
    """Whether the configuration reads a shop's own database.

    Settings ask this before anything is opened, because it decides whose database DATABASE_URL names: a file that
    cannot be read is refused here, or we might write our tables into a database that we are only to read.

    Raises
    ------
    ConfigurationError : an overlay cannot be read.
    """
    enabled = False
    for path in overlays:
        table = read_overlay(path).get("source", {})
        enabled = bool(table.get("enabled", enabled)) if isinstance(table, dict) else enabled
    return enabled
