"""All shoppers' tastes laid out for fast look-up during a simulation."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from indexer.demo.taste import DemoShopper, feature_names
from indexer.demo.words import words
from service.core.types import Floats

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Minds:
    """Utilities of all shoppers: float32[U, P] and float32[U, T], at the beginning and the end of the period."""

    early: Floats
    late: Floats
    early_types: Floats
    late_types: Floats
    usual: Floats  # [U], mean utility over products

    def of(self, shoppers: Rows, products: Rows, progress: float) -> Floats:
        """Utilities at a time, for index arrays that broadcast."""
        return (1 - progress) * self.early[shoppers, products] + progress * self.late[shoppers, products]


def read_minds(shoppers: Sequence[DemoShopper], features: Floats) -> Minds:
    """Precompute utilities; `features` is float32[P, D]."""
    early, late = np.stack([s.early for s in shoppers]), np.stack([s.late for s in shoppers])
    columns, kinds = feature_names(), words().types.values()
    type_columns = [columns[f"type:{kind.key}"] for kind in kinds]
    department_columns = [columns[f"department:{kind.department}"] for kind in kinds]
    early_products = early @ features.T
    return Minds(
        early=early_products,
        late=late @ features.T,
        early_types=early[:, type_columns] + early[:, department_columns],
        late_types=late[:, type_columns] + late[:, department_columns],
        usual=early_products.mean(axis=1),
    )
