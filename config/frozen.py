"""What all tables of recommender.toml have in common."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0, le=1)]
"""A part of a whole, and a probability."""


class Frozen(BaseModel):
    """A table whose values never change, and which refuses keys nobody reads."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
