"""The ``[search]`` table of recommender.toml: how the words of a query are read."""

from pydantic import Field

from config.frozen import Frozen


class Search(Frozen):
    """Spelling, synonyms and product codes."""

    correct: bool
    correction_weight: float = Field(gt=0, le=1)
    synonyms_file: str
    synonym_weight: float = Field(gt=0, le=1)
    exact: float = Field(ge=0, le=1000, allow_inf_nan=False)
    floor: float = Field(ge=-1, le=1)
    cache: int = Field(ge=0, le=1_000_000)
