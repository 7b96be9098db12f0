"""Behaviour parameters: `recommender.toml` as typed, frozen values; every field's meaning stands there."""

import math
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationError, model_validator

from config.accounts import AccountParams
from config.experiments import Assignment, Experiment, Name, check_layers
from config.frozen import Frozen, Share
from config.overlay import laid_over, read_overlay
from config.privacy import PrivacyParams
from config.profile import Profile
from config.qdrant import QdrantParams
from config.search import Search, Similar, SimilarMode, Suggest, Variants
from config.serving import Cors, Limits, LiveParams, SessionParams
from config.source import Source
from config.surface import Page, Surface
from config.training import Releases, Training
from config.wording import Wording
from service.core.errors import ConfigurationError
from service.core.event_weights import EventWeights
from service.core.types import EventType

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails


def _at_least_a_minute(seconds: float) -> float:
    if 0 < seconds < 60:
        raise ValueError(f"must be 0 (never) or at least 60 seconds, got {seconds:g}")
    return seconds


Interval = Annotated[float, Field(ge=0), AfterValidator(_at_least_a_minute)]


class Catalogue(Frozen):
    """What of the catalogue may be filtered."""

    filterable_attributes: tuple[str, ...]


class Indexing(Frozen):
    """How the outbox is worked off."""

    batch: int = Field(ge=1, le=10_000)
    poll_ms: int = Field(ge=50, le=60_000)
    optimize_after: int = Field(ge=1)
    picture_workers: int = Field(ge=1, le=64)
    picture_timeout_s: float = Field(ge=0.1, le=120)
    picture_max_mb: int = Field(ge=1, le=200)
    thumbnails_mb: int = Field(ge=1, le=100_000)
    host_failures: int = Field(ge=1)


class Events(Frozen):
    """What is accepted of what users do, and what it says about taste."""

    unknown_products: Literal["keep", "refuse"]
    max_batch: int = Field(ge=1, le=10_000)
    max_waiting: int = Field(ge=1)
    liked_from: float
    disliked_to: float
    weights: dict[EventType, Annotated[float, Field(ge=-100, le=100)]]

    def taste(self, half_life_days: float = math.inf) -> EventWeights:
        """The weights as the core's word, halving by age only where asked to."""
        return EventWeights(self.weights, half_life_days, self.liked_from, self.disliked_to)


class ImpressionParams(Frozen):
    """How what was shown is kept."""

    flush_ms: int = Field(ge=10, le=60_000)
    max_waiting: int = Field(ge=1)
    slots: int = Field(ge=1)


class Bm25(Frozen):
    """Term weighting of the lexical signal."""

    k1: float = Field(ge=0)
    b: Share
    average_length: float = Field(gt=0)


class Encoders(Frozen):
    """Limits of the encoders."""

    query_cache: int = Field(ge=0, le=1_000_000)
    max_text_chars: int = Field(ge=100, le=100_000)
    bm25: Bm25


class Retrieval(Frozen):
    """Candidate generation, for all surfaces."""

    deadline_ms: int = Field(ge=1, le=60_000)
    ef: int = Field(ge=1, le=4096)
    growth: int = Field(ge=2, le=100)
    max_candidates: int = Field(ge=10, le=100_000)
    vector_cache: int = Field(ge=100, le=10_000_000)


class HistoryParams(Frozen):
    """How much of a user's past counts."""

    limit: int = Field(ge=1, le=100_000)
    products: int = Field(ge=1, le=10_000)
    profile_products: int = Field(ge=1, le=1000)
    searches: int = Field(ge=0, le=100)
    half_life_products: dict[str, Annotated[float, Field(gt=0)]]
    idle_days: float = Field(gt=0)
    few_products: int = Field(ge=0)


class AnswerParams(Frozen):
    """How answers that are the same for everybody are kept."""

    kept_mb: int = Field(ge=1, le=10_000)
    ttl_s: float = Field(gt=0, le=86_400)


class PopularParams(Frozen):
    """How the popular lists are counted."""

    decay: Annotated[float, Field(gt=0, le=1)]
    step_hours: float = Field(gt=0)
    window_days: float = Field(gt=0)
    length: int = Field(ge=10, le=100_000)
    from_ratings: bool
    category_length: int = Field(ge=1, le=10_000)
    prior_rating_count: float = Field(gt=0)
    exposure_half_life_days: float = Field(gt=0)


class ScheduleParams(Frozen):
    """How often what is done in the background."""

    popular_s: Interval
    training_s: Interval
    training_delay_s: float = Field(ge=0)
    embeddings_s: Interval
    content_s: Interval
    privacy_s: Interval


class RuleParams(Frozen):
    """How business rules are served."""

    refresh_ms: int = Field(ge=10, le=600_000)
    pool: int = Field(ge=1, le=1000)


class Params(Frozen):
    """All behaviour of one installation."""

    profile: Profile
    catalogue: Catalogue
    indexing: Indexing
    events: Events
    impressions: ImpressionParams
    encoders: Encoders
    retrieval: Retrieval
    qdrant: QdrantParams
    history: HistoryParams
    popular: PopularParams
    answers: AnswerParams
    schedule: ScheduleParams
    privacy: PrivacyParams
    source: Source
    training: Training
    releases: Releases
    page: Page
    wording: Wording
    rules: RuleParams
    sessions: SessionParams
    cors: Cors
    limits: Limits
    live: LiveParams
    accounts: AccountParams
    search: Search
    suggest: Suggest
    variants: Variants
    similar: Similar
    similar_modes: dict[Name, SimilarMode]
    assignment: Assignment
    experiments: dict[Name, Experiment]
    surfaces: dict[str, Surface]

    @model_validator(mode="after")
    def _experiments_fit(self) -> "Params":
        for mode, one in self.similar_modes.items():
            similar = self.surfaces["similar"]
            _check_changes(f"similar_modes.{mode}", similar, one.over(similar.weights))
            if unknown := sorted(set(one.then) - set(self.similar_modes)):
                raise ValueError(f"similar_modes.{mode}: there is no mode {unknown[0]!r} that could come behind it")
        check_layers(self.experiments)
        for name, experiment in self.experiments.items():
            if unknown := sorted(set(experiment.surfaces) - set(self.surfaces)):
                raise ValueError(f"experiment {name}: there is no surface {unknown[0]!r}")
            for variant, arm in experiment.variants.items():
                for surface in experiment.surfaces:
                    _check_changes(f"experiment {name}, variant {variant}", self.surfaces[surface], arm.changes)
        return self


def _check_changes(where: str, surface: Surface, changes: Mapping[str, Any]) -> None:
    try:
        surface.changed(changes)
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"{where}: {'.'.join(map(str, first['loc']))}: {_complaint(first)}") from error
    if unknown := sorted(set(changes.get("weights", {})) - set(surface.weights)):
        raise ValueError(f"{where}: the surface has no signal {unknown[0]!r}; it has {', '.join(surface.weights)}")


def load_params(*overlays: Path | None, signals: frozenset[str] | None = None) -> Params:
    """Read the packaged ``recommender.toml`` with overlays laid over it one after the other, table by table.

    Parameters
    ----------
    overlays : TOML files, the last one has its way; None is left out.
    signals : names of the signals there are; weights of others are refused.

    Raises
    ------
    ConfigurationError : unreadable file, unknown key, value out of range; one line that names the key.

    Examples
    --------
    >>> load_params().surfaces["search"].rrf_k
    60.0
    """
    merged = dict(packaged_defaults())
    read = [path for path in overlays if path is not None]
    for path in read:
        merged = laid_over(merged, read_overlay(path))
    try:
        params = Params.model_validate(merged)
    except ValidationError as error:
        where = " + ".join(map(str, read)) or "config/recommender.toml"
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {_complaint(e)}" for e in error.errors())
        raise ConfigurationError(f"{where}: {problems}") from error
    for name, surface in params.surfaces.items():
        if signals is not None and (unknown := set(surface.weights) - signals):
            known = ", ".join(sorted(signals))
            raise ConfigurationError(f"surfaces.{name}.weights: unknown signals {sorted(unknown)}; there are: {known}")
    return params


@cache
def packaged_defaults() -> Mapping[str, Any]:
    """The packaged ``recommender.toml`` as plain tables."""
    return tomllib.loads(files("config").joinpath("recommender.toml").read_text("utf-8"))


def _complaint(error: "ErrorDetails") -> str:
    if error["type"] == "extra_forbidden":
        return "there is no such key; recommender.toml lists them all"
    if error["type"] in ("missing", "value_error"):
        return error["msg"].removeprefix("Value error, ").lower()
    return f"{error['msg'].lower()} (got {error['input']!r:.60})"
