"""Public datasets by name: which files they are, what of them counts, how they are split, and their parameters."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from pathlib import Path

from indexer.load import load_events, load_products
from service.core.errors import InvalidQuery
from service.core.types import EventType, Interaction, Product
from service.store.catalog import Outcome
from service.store.events import EventOutcome, EventStatus

LIKED_FROM = 4.0  # stars; the rest is left out, as the published protocols do


@dataclass(frozen=True, slots=True)
class Dataset:
    """How one dataset is read.

    Parameters
    ----------
    products, events : file names. split : the usual one. profile : name in ``config/profiles``.
    """

    products: str
    events: str
    split: str
    profile: str

    @property
    def config_file(self) -> Path:
        """Its parameters, to be laid over ``recommender.toml``."""
        return Path(str(files("config").joinpath("profiles", f"{self.profile}.toml")))


DATASETS = {
    "ml-100k": Dataset("u.item", "u.data", "per-user-time", "movielens"),
    "ml-1m": Dataset("movies.dat", "ratings.dat", "per-user-time", "movielens"),
    "sequences": Dataset("items.csv", "sequences.txt", "leave-last-out", "beauty"),
}


def find_dataset(name: str, folder: Path) -> Dataset:
    """The dataset of that name, its files being there.

    Raises
    ------
    InvalidQuery : no such name, folder or file.
    """
    if name not in DATASETS:
        raise InvalidQuery(f"there is no dataset {name!r}; known are {', '.join(DATASETS)}", code="unknown_dataset")
    dataset = DATASETS[name]
    if not (folder / dataset.events).is_file():
        raise InvalidQuery(
            f"{folder} has no file {dataset.events}, which dataset {name} needs; give its folder with --path",
            code="dataset_missing",
        )
    return dataset


def read_events(dataset: Dataset, folder: Path, now: datetime) -> list[Interaction]:
    """The interactions of a dataset, in the order of its file; ratings below 4 stars are left out."""
    events: list[Interaction] = []

    def keep(batch: Sequence[Interaction]) -> list[EventOutcome]:
        events.extend(event for event in batch if _is_liking(event))
        return [EventOutcome(EventStatus.RECORDED)] * len(batch)

    load_events(folder / dataset.events, keep, now=now)
    return events


def read_products(dataset: Dataset, folder: Path, events: Sequence[Interaction]) -> list[Product]:
    """The products of a dataset; those that only the events name are called by their ids."""
    products: dict[str, Product] = {}

    def keep(batch: Sequence[Product]) -> list[Outcome]:
        products.update((product.external_id, product) for product in batch)
        return [Outcome.CREATED] * len(batch)

    if (folder / dataset.products).is_file():
        load_products(folder / dataset.products, keep)
    for event in events:
        if event.product is not None and event.product not in products:
            products[event.product] = Product(event.product, event.product)
    return list(products.values())


def _is_liking(event: Interaction) -> bool:
    return event.type is not EventType.RATING or (event.value is not None and event.value >= LIKED_FROM)
