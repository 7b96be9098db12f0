"""What came of the lists shown, and what they were made of."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Engaged:
    """How often something was taken from lists, and bought; shares from 0 to 1 with 95 % intervals."""

    lists: int  # lists shown
    visitors: int | None  # who saw them; null by position
    taken: int  # lists of which a product was clicked, viewed, put aside or bought
    bought: int
    click_rate: float | None  # taken / lists
    click_low: float | None
    click_high: float | None
    conversion: float | None  # bought / lists
    conversion_low: float | None
    conversion_high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EngagementRow(Engaged):
    """One surface, shelf, position or day."""

    name: str
    position: int | None  # slot, 1 is the first; null unless by position


@dataclass(frozen=True, slots=True, kw_only=True)
class EngagementOut:
    """What came of the lists shown since then."""

    since: datetime
    by: str
    rows: tuple[EngagementRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentRow(Engaged):
    """One variant of one experiment."""

    experiment: str
    variant: str
    share: float | None  # of the experiment's visitors, as configured; null where it no longer is
    surfaces: tuple[str, ...]
    traffic: float | None
    state: str  # gone: no longer configured


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentsOut:
    """Variants of what is configured, and of what was shown in the time asked for."""

    since: datetime
    rows: tuple[ExperimentRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalRow:
    """What a signal gave to the lists of a surface."""

    surface: str
    signal: str
    share: float  # of the scores of the slots, 0 to 1
    lists: int  # it had a part in
    missing: dict[str, int]  # why it took no part -> requests of this process, on any surface


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalsOut:
    """Largest share first."""

    looked_at: int
    rows: tuple[SignalRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExposureRow:
    """A point of the curve."""

    products: float  # share of the catalogue, the most shown first
    slots: float  # share of the slots that these have
    events: float  # share of the events that as many products have, those with the most first


@dataclass(frozen=True, slots=True, kw_only=True)
class ExposureOut:
    """How slots are spread over the catalogue."""

    looked_at: int
    slots: int
    products: int  # in the catalogue
    shown: int  # different ones in the lists
    coverage: float  # shown / products
    gini: float | None  # 0: all as often, 1: one has all
    events: int  # what people did with products in the time asked for
    touched: int  # different products of these
    rows: tuple[ExposureRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GapRow:
    """Products with something to be looked at."""

    name: str
    products: int
    share: float  # of the catalogue, 0 to 1
    about: str  # what it means for them


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueOut:
    """Most products first."""

    products: int
    rows: tuple[GapRow, ...]
