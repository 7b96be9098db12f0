"""The ``[training]`` and ``[releases]`` tables of recommender.toml."""

from typing import Annotated, Literal

from pydantic import Field

from config.frozen import Frozen, Share
from service.core.types import EventType

_Exponent = Annotated[float, Field(ge=0, le=2)]
_Neighbours = Annotated[int, Field(ge=1, le=1000)]


class Events(Frozen):
    """How interactions age and add up."""

    half_life_days: float = Field(gt=0)
    largest: float = Field(gt=0)


class LightFm(Frozen):
    """The default factoriser."""

    epochs: int = Field(ge=1, le=1000)
    loss: Literal["warp", "bpr", "logistic", "warp-kos"]
    learning_rate: float = Field(gt=0, le=1)
    item_l2: float = Field(ge=0, le=1)
    user_l2: float = Field(ge=0, le=1)
    max_sampled: int = Field(ge=1, le=1000)
    feature_share: float = Field(ge=0, le=10)


class Als(Frozen):
    """Alternating least squares."""

    iterations: int = Field(ge=1, le=1000)
    l2: float = Field(gt=0)
    alpha: float = Field(gt=0)


class Svd(Frozen):
    """Truncated singular value decomposition."""

    iterations: int = Field(ge=0, le=100)
    popularity_exponent: _Exponent
    exact: bool


class Nmf(Frozen):
    """Non-negative matrix factorisation."""

    iterations: int = Field(ge=1, le=10_000)
    l2: float = Field(ge=0)


class Covisit(Frozen):
    """Item-item weights from who liked what together."""

    kind: Literal["auto", "ease", "cosine", "tfidf"]
    ease_limit: int = Field(ge=0, le=100_000)
    l2: float = Field(gt=0)
    neighbours: _Neighbours
    user_exponent: _Exponent
    popularity_exponent: _Exponent


class Sequence(Frozen):
    """Item-item weights from what came next."""

    window: int = Field(ge=1, le=100)
    discount: float = Field(gt=0, le=1)
    within_sessions: bool
    from_exponent: _Exponent
    to_exponent: _Exponent
    support_shrinkage: float = Field(ge=0)
    backward: Share
    neighbours: _Neighbours


class Association(Frozen):
    """Rules of baskets."""

    types: tuple[EventType, ...]
    min_count: int = Field(ge=1)
    min_confidence: Share
    min_lift: float = Field(ge=1)
    max_basket: int = Field(ge=2, le=10_000)
    per_product: int = Field(ge=1, le=1000)


class Checks(Frozen):
    """What a release must pass before it answers."""

    held_out_share: Share
    held_out_users: int = Field(ge=0)
    history: int = Field(ge=1, le=10_000)
    half_life_products: float = Field(gt=0)
    compare_users: int = Field(ge=2)
    tolerance: Share
    sample: int = Field(ge=1, le=10_000)
    recall_floor: Share


class Training(Frozen):
    """How a release is made and checked."""

    factoriser: Literal["lightfm", "als", "svd", "nmf"]
    dimensions: int = Field(ge=1, le=1024)
    seed: int = Field(ge=0, lt=2**31)
    threads: int = Field(ge=0, le=256)
    min_users: int = Field(ge=1)
    max_per_user: int = Field(ge=2)
    name_words: bool
    feature_columns: int = Field(ge=1, le=1_000_000)
    events: Events
    lightfm: LightFm
    als: Als
    svd: Svd
    nmf: Nmf
    covisit: Covisit
    sequence: Sequence
    association: Association
    checks: Checks


class Releases(Frozen):
    """How releases are found and kept."""

    refresh_ms: int = Field(ge=10, le=60_000)
    poll_ms: int = Field(ge=50, le=60_000)
    keep: int = Field(ge=1, le=1000)
    required: bool
