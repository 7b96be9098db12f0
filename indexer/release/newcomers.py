"""Products that came after a training: a release places them by what is known of them, until the next one."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import structlog
from sqlalchemy import select

from indexer.release.artifacts import FeatureTable, load_features
from indexer.release.payloads import read_products
from indexer.train.features import feature_matrix, product_tokens, through_features
from service.core.errors import NotFound
from service.core.types import Product
from service.store.database import Database
from service.store.payload import category_path, product_payload
from service.store.spaces import behaviour_name
from service.store.tables import PRODUCT
from service.store.vectors import Point, VectorStore

log = structlog.get_logger()

_CHUNK = 128  # one write of the embedded engine


@dataclass(frozen=True, slots=True)
class Newcomers:
    """Gives products a release does not know their ``cf`` vector, the one that training would give them unseen.

    What a release keeps for this is read once. Releases made without it, and those of other machines, are left alone.

    Parameters
    ----------
    folder : where releases are kept.
    """

    database: Database
    store: VectorStore
    folder: Path
    _tables: dict[str, FeatureTable | None] = field(default_factory=dict, init=False, repr=False)

    def add(self, release_id: str, ids: Sequence[int], changed: Collection[int] = ()) -> int:
        """Write those of the products that the release's collection lacks.

        Parameters
        ----------
        changed : of `ids`, those whose words are new: they are written again, unless the release was trained on them.

        Returns
        -------
        int : products written.
        """
        table = self._table(release_id)
        if table is None or not ids:
            return 0
        try:
            present = self.store.retrieve(behaviour_name(release_id), ids)
            again = set(changed) - set(table.products[np.isin(table.products, list(changed))].tolist())
            points = self._points(table, [one for one in ids if one not in present or one in again])
            if points:
                self.store.upsert(behaviour_name(release_id), points)
        except NotFound:
            return 0  # it was pruned meanwhile
        return len(points)

    def fill(self, release_id: str) -> int:
        """Write all products that the release's collection lacks; returns how many."""
        if self._table(release_id) is None:
            return 0
        query = select(PRODUCT.c.id).where(PRODUCT.c.deleted_at.is_(None)).order_by(PRODUCT.c.id)
        with self.database.session() as session:
            alive = session.connection().execute(query).scalars().all()
        try:
            stored = {record.id for record in self.store.scroll(behaviour_name(release_id))}
        except NotFound:
            return 0
        missing = [product for product in alive if product not in stored]
        return sum(self.add(release_id, missing[at : at + _CHUNK]) for at in range(0, len(missing), _CHUNK))

    def _points(self, table: FeatureTable, ids: Sequence[int]) -> list[Point]:
        """Points of those that are there and of which anything is known."""
        products = read_products(self.database, ids) if ids else {}
        known = {one: tokens for one, product in products.items() if (tokens := _tokens(product, table.name_words))}
        vectors = through_features(feature_matrix(list(known.values()), len(table.tokens)), table.tokens)
        return [
            Point(one, {"cf": vector}, {**product_payload(products[one]), "rules": []})
            for one, vector in zip(known, vectors, strict=True)
        ]

    def _table(self, release_id: str) -> FeatureTable | None:
        if release_id not in self._tables:
            try:
                table = load_features(self.folder, release_id)
            except NotFound as error:
                log.warning("newcomers_wait_for_training", release=release_id, error=error.message)
                table = None
            self._tables.clear()  # one is in force at a time
            self._tables[release_id] = table
        return self._tables[release_id]


def _tokens(product: Product, name_words: bool) -> list[str]:
    name = product.name if name_words else ""
    return product_tokens(name, product.brand, category_path(product.category), product.tags)
