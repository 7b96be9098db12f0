"""Step 7, diversify: variety by MMR, caps on groups, guests by chance, and a draw with known probabilities."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from config.surface import Surface
from service.core.draw import Draw
from service.core.errors import InvalidQuery
from service.core.exposure import Exposure
from service.core.types import Floats, Ids, Past
from service.ranking.diversify import mmr
from service.ranking.explore import thompson
from service.ranking.fuse import Fused
from service.ranking.guests import balance, serendipity
from service.ranking.slots import Cap, Guests, fill_slots
from service.store.serving import ServingRow
from service.store.spaces import PRODUCTS
from service.store.vector_cache import VectorCache


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """What variety may look at besides the list itself.

    Attributes
    ----------
    behaviour : the collection of the release in force, for MMR in its space. rows : id -> row of every product in the
        list. past : of the user. exposure : what was shown and clicked lately.
    """

    cached: VectorCache
    behaviour: str | None = None
    rows: Mapping[int, ServingRow] | None = None
    past: Past | None = None
    exposure: Exposure | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Diversified:
    """A list with its first N products in slate order.

    Attributes
    ----------
    propensities : float64[N]. guests : name of the list each slot was given to by chance, None for the ranked one.
    draw : what chance drew from, where it had a part.
    """

    fused: Fused
    propensities: NDArray[np.float64]
    guests: tuple[str | None, ...]
    draw: Draw | None


def diversify(known: Known, fused: Fused, surface: Surface, n: int, seed: int) -> Diversified:
    """The list in slate order."""
    order = np.arange(len(fused.ids))
    if surface.mmr_lambda < 1 and len(order) > 1:
        picked = mmr(fused.scores, space_vectors(known, surface.mmr_space, fused.ids), n, surface.mmr_lambda)
        order = np.concatenate([picked, np.setdiff1d(order, picked)])
    pool = fused.take(order)
    guests = [one for one in _guests(known, pool, surface, n, seed) if one.share > 0]
    # slots are drawn by the scores in descending order, whoever MMR put there: variety survives the draw
    filled = fill_slots(fused.scores, n, surface.temperature, seed, list(_caps(known, pool.ids, surface, n)), guests)
    slate = np.concatenate([filled.places, np.setdiff1d(np.arange(len(order)), filled.places)])
    by_chance = surface.temperature > 0 or bool(guests)
    return Diversified(
        pool.take(slate), filled.propensities, filled.guests, _draw(pool, surface) if by_chance else None
    )


def _draw(pool: Fused, surface: Surface) -> Draw:
    contributions = dict(zip(pool.signals, map(tuple, pool.contributions.tolist()), strict=True))
    return Draw(tuple(pool.ids.tolist()), contributions, surface.model_dump(mode="json"))


def _caps(known: Known, ids: Ids, surface: Surface, n: int) -> Iterator[Cap]:
    for field, share in surface.caps.items():
        if known.rows is not None:
            values = [group_of(known.rows[product], field) for product in ids.tolist()]
            yield Cap(_numbered(values), max(1, ceil(share * n)))


def _guests(known: Known, pool: Fused, surface: Surface, n: int, seed: int) -> Iterator[Guests]:
    shares = surface.guests
    if shares.balance and known.rows is not None:
        groups = _numbered([group_of(known.rows[product], "category") for product in pool.ids.tolist()])
        yield Guests("balance", shares.balance, balance(pool.scores, groups, n))
    profile = known.past.profile.get("text") if known.past is not None else None
    if shares.serendipity and profile is not None:
        likeness = space_vectors(known, "text", pool.ids) @ profile
        yield Guests("serendipity", shares.serendipity, serendipity(pool.scores, likeness, n))
    if shares.explore and known.exposure is not None:
        shown, clicked, priors = known.exposure.of(pool.ids)
        yield Guests(
            "explore", shares.explore, thompson(shown, clicked, priors, floor=surface.explore_floor, seed=seed)
        )


def group_of(row: ServingRow, field: str) -> Any:
    """What a product counts as under a cap: its brand, its narrowest category, or an attribute; None for nothing."""
    if field == "brand":
        return row.brand
    if field == "category":
        return row.category_path
    value = row.attributes.get(field.removeprefix("attributes."))
    return tuple(value) if isinstance(value, list) else value


def _numbered(values: list[Any]) -> NDArray[np.int64]:
    """0, 1, … for distinct values in the order of their appearance, -1 for None."""
    numbers: dict[Any, int] = {}
    return np.array([-1 if value is None else numbers.setdefault(value, len(numbers)) for value in values], np.int64)


def space_vectors(known: Known, space: str, ids: Ids) -> Floats:
    """Unit vectors float32[C, D] of these products in a space; zeros where a product has none."""
    if space == "category":
        return kind_vectors([known.rows.get(product) for product in ids.tolist()] if known.rows else [None] * len(ids))
    if space != "behaviour":
        try:
            return _laid_out(ids, *known.cached.vectors(PRODUCTS, space, ids))
        except InvalidQuery:  # a shop without pictures: nothing resembles anything there
            return np.zeros((len(ids), 1), np.float32)
    if known.behaviour is None:
        return np.zeros((len(ids), 1), np.float32)
    found, places = known.cached.vectors(known.behaviour, "cf", ids)
    lengths = np.linalg.norm(found, axis=1, keepdims=True)
    return _laid_out(ids, found / np.maximum(lengths, np.finfo(np.float32).tiny), places)


def kind_vectors(rows: Sequence[ServingRow | None]) -> Floats:
    """What kind of thing each product is, as unit vectors float32[C, G]: its category with all above it, and its tags.

    Their cosine is the share of kinds that two products have in common (Ochiai 1957).
    """
    column: dict[str, int] = {}
    kinds = [{*row.category, *row.tags} if row is not None else () for row in rows]
    columns = [column.setdefault(kind, len(column)) for own in kinds for kind in own]
    counts = np.array([len(own) for own in kinds])
    vectors = np.zeros((len(rows), max(1, len(column))), np.float32)
    vectors[np.repeat(np.arange(len(rows)), counts), columns] = np.repeat(np.maximum(counts, 1) ** -0.5, counts)
    return vectors


def _laid_out(ids: Ids, found: Floats, places: Ids) -> Floats:
    vectors = np.zeros((len(ids), found.shape[1]), dtype=np.float32)
    vectors[places] = found
    return vectors
