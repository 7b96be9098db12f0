"""What products lack, counted in one look at the table."""

from dataclasses import dataclass

from sqlalchemy import case, func, select
from sqlmodel import Session

from service.store.tables import PRODUCT


@dataclass(frozen=True, slots=True)
class Gap:
    """A number of products with something to be looked at. `about` says what that means for them."""

    name: str
    products: int
    about: str


_P = PRODUCT.c
_GAPS = (
    ("hidden", ~_P.visible, "not shown anywhere"),
    ("sold out", _P.stock == 0, "shown last, or not at all"),
    ("no picture", _P.image.is_(None), "cards are empty, and looks do not count"),
    ("no price", _P.price.is_(None), "left out where a price is asked for"),
    ("no category", _P.category_path.is_(None), "not on any shelf of a department"),
    ("no brand", _P.brand.is_(None), "not found by brand"),
    ("no description", _P.description == "", "found by their names only"),
    ("no rating", _P.rating.is_(None), "left out where a rating is asked for"),
    ("dearer than before", _P.price_minor > _P.original_price_minor, "the old price is below the new one"),
    ("waiting to be indexed", _P.stale, "answers still show how they were"),
)


def catalogue_gaps(session: Session, tenant: str) -> tuple[int, list[Gap]]:
    """The number of products, and of those with each gap; reads the whole table."""
    counts = [func.coalesce(func.sum(case((condition, 1), else_=0)), 0) for _, condition, _ in _GAPS]
    query = select(func.count(), *counts).where(_P.tenant == tenant, _P.deleted_at.is_(None))
    total, *found = session.connection().execute(query).one()
    return int(total), [Gap(name, int(n), about) for (name, _, about), n in zip(_GAPS, found, strict=True)]
