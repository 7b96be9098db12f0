"""The table of recommender.toml about accounts and keys."""

from pydantic import Field

from config.frozen import Frozen


class AccountParams(Frozen):
    """How long proofs of identity last, and what checking them may cost."""

    access_minutes: float = Field(ge=1, le=1440)
    refresh_days: float = Field(ge=0.01, le=3650)
    trusted_s: float = Field(ge=0, le=300)
    hashing_at_once: int = Field(ge=1, le=64)
    hashing_wait_s: float = Field(ge=0, le=30)
    most_wrong: int = Field(ge=1, le=1_000_000)
    sign_up: bool
