"""What all tables of recommender.toml have in common."""

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """A table whose values never change, and which refuses keys nobody reads."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
