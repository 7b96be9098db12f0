"""Products that have what the words of a query name come before those that have not."""

from collections.abc import Mapping, Sequence

from service.core.columns import Columns
from service.core.understood import Trait
from service.ranking.adjust import add_contributions
from service.ranking.fuse import Fused
from service.ranking.normalize import Scores
from service.store.serving import ServingRow
from service.store.serving_columns import RowReader

TRAIT = "trait:"


def favour(fused: Fused, rows: Mapping[int, ServingRow], traits: Sequence[Trait]) -> Fused:
    """The list with each trait's weight added to the products that have it, as a contribution ``trait:colour``.

    Parameters
    ----------
    rows : id -> row of every product in the list.
    """
    wished = [(trait, trait.weight) for trait in traits if trait.weight is not None]
    if not wished or not len(fused.ids):
        return fused
    columns = Columns(fused.ids, RowReader([rows[product] for product in fused.ids.tolist()]))
    gains: dict[str, Scores] = {}
    for trait, weight in wished:
        name = TRAIT + trait.kind
        gains[name] = gains.get(name, 0.0) + weight * columns.mask(trait.wanted).astype(float)
    return add_contributions(fused, gains)
