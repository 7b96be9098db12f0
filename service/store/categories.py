"""Which categories of the catalogue a shop means by a name."""

from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import select
from sqlmodel import Session

from service.core.fields import CATEGORY_SEPARATOR
from service.store.payload import ancestors
from service.store.tables import PRODUCT


def categories_named(session: Session, tenant: str, names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Name -> the category paths it stands for, whatever its case: a path itself, or all that end with it.

    Names that no product's category has are left out.
    """
    wanted = {name: _plain(name) for name in names}
    found: dict[str, list[str]] = defaultdict(list)
    if wanted:
        query = select(PRODUCT.c.category_path).distinct().where(
            PRODUCT.c.tenant == tenant, PRODUCT.c.category_path.is_not(None), PRODUCT.c.deleted_at.is_(None)
        )  # fmt: skip
        stored = session.connection().execute(query).scalars()
        for path in sorted({above for each in stored for above in ancestors(each)}):
            for called in {_plain(path), _plain(path.rsplit(CATEGORY_SEPARATOR, 1)[-1])}:
                found[called].append(path)
    return {name: tuple(found[called]) for name, called in wanted.items() if called in found}


def _plain(name: str) -> str:
    return CATEGORY_SEPARATOR.join(part.strip() for part in name.casefold().split(CATEGORY_SEPARATOR.strip()))
