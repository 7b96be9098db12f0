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
OWN = "shop"
"""The dataset that is the shop's own database."""

_NO_TASTE = (EventType.SEARCH, EventType.HIDE)


@dataclass(frozen=True, slots=True)
class Dataset:
    """How one dataset is read.

    Parameters
    ----------
    products, events : file names, with ``*`` for what differs between editions; the first that is there counts.
    split : the usual one. profile : name in ``config/profiles``; None takes ``recommender.toml`` as it is.
    is_sold_only : the catalogue is cut to products that somebody dealt with.
    """

    products: str
    events: str
    split: str
    profile: str | None
    is_sold_only: bool = False

    @property
    def config_file(self) -> Path | None:
        """Its parameters, to be laid over ``recommender.toml``."""
        if self.profile is None:
            return None
        return Path(str(files("config").joinpath("profiles", f"{self.profile}.toml")))


DATASETS = {
    "ml-100k": Dataset("u.item", "u.data", "per-user-time", "movielens"),
    "ml-1m": Dataset("movies.dat", "ratings.dat", "per-user-time", "movielens"),
    "sequences": Dataset("items.csv", "sequences.txt", "leave-last-out", "beauty"),
    "hm": Dataset("articles.*", "transactions*.*", "global-time", "logs", is_sold_only=True),
    "online-retail": Dataset("online_retail.*", "online_retail.*", "global-time", "logs"),
    "retailrocket": Dataset("products.csv", "events.csv", "session-prefix", "logs"),
    "rees46": Dataset("events.csv", "events.csv", "session-prefix", "logs"),
    OWN: Dataset("", "", "global-time", None),
}


def find_dataset(name: str, folder: Path | None) -> Dataset:
    """The dataset of that name, its files being there.

    Raises
    ------
    InvalidQuery : no such name, folder or file.
    """
    if name not in DATASETS:
        raise InvalidQuery(f"there is no dataset {name!r}; known are {', '.join(DATASETS)}", code="unknown_dataset")
    dataset = DATASETS[name]
    if name == OWN:
        return dataset
    if folder is None:
        raise InvalidQuery(f"dataset {name} needs the folder of its files; give it with --path", code="dataset_missing")
    if _first(folder, dataset.events) is None:
        raise InvalidQuery(
            f"{folder} has no file {dataset.events}, which dataset {name} needs; give its folder with --path",
            code="dataset_missing",
        )
    return dataset


def read_events(dataset: Dataset, folder: Path, now: datetime) -> list[Interaction]:
    """The interactions of a dataset, in the order of its file; see `is_liking` for what is left out.

    Raises
    ------
    InvalidQuery : there is no such file.
    """
    events: list[Interaction] = []

    def keep(batch: Sequence[Interaction]) -> list[EventOutcome]:
        events.extend(event for event in batch if is_liking(event))
        return [EventOutcome(EventStatus.RECORDED)] * len(batch)

    load_events(_first(folder, dataset.events) or folder / dataset.events, keep, now=now)
    return events


def read_products(dataset: Dataset, folder: Path, events: Sequence[Interaction]) -> list[Product]:
    """The products of a dataset; those that only the events name are called by their ids."""
    products: dict[str, Product] = {}
    named = dict.fromkeys(event.product for event in events if event.product is not None)

    def keep(batch: Sequence[Product]) -> list[Outcome]:
        products.update((p.external_id, p) for p in batch if not dataset.is_sold_only or p.external_id in named)
        return [Outcome.CREATED] * len(batch)

    if (path := _first(folder, dataset.products)) is not None:
        load_products(path, keep)
    return [*products.values(), *(Product(name, name) for name in named if name not in products)]


def is_liking(event: Interaction) -> bool:
    """Whether somebody wanted the product: ratings below 4 stars, searches and what was hidden do not say so."""
    if event.product is None or event.type in _NO_TASTE:
        return False
    return event.type is not EventType.RATING or (event.value is not None and event.value >= LIKED_FROM)


def _first(folder: Path, pattern: str) -> Path | None:
    return next((path for path in sorted(folder.glob(pattern)) if path.is_file()), None)
