"""The ``[wording]`` table of recommender.toml: what sentences by a language model may take and cost."""

from pydantic import Field

from config.frozen import Frozen


class ModelNames(Frozen):
    """Provider -> the model that is asked where the settings name none; empty for none."""

    openai: str
    anthropic: str


class Wording(Frozen):
    """Limits of the language model; which one it is stands in the settings."""

    timeout_s: float = Field(ge=0.1, le=120)
    retries: int = Field(ge=0, le=10)
    retry_wait_s: float = Field(ge=0.01, le=60)
    failures: int = Field(ge=1)
    rest_s: float = Field(gt=0, le=86_400)
    calls_per_minute: int = Field(ge=0)
    tokens_per_day: int = Field(ge=0)
    max_tokens: int = Field(ge=100, le=100_000)
    max_facts: int = Field(ge=1, le=500)
    max_chars: int = Field(ge=20, le=500)
    cache_size: int = Field(ge=0, le=1_000_000)
    cache_ttl_s: float = Field(gt=0)
    send_queries: bool
    common_names: bool
    models: ModelNames
