"""The names under which other programs keep their language model, for profiles that stand in for such a program."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from config.overlay import read_overlay
from service.core.errors import ConfigurationError

OLLAMA = "http://127.0.0.1:11434/v1"
"""Where a model of one's own is looked for if no address is set."""


class _Names(BaseSettings):
    """LLM_PROVIDER, OPENAI_API_KEY and ANTHROPIC_API_KEY, from the environment or ``.env``."""

    model_config = SettingsConfigDict(env_file_encoding="utf-8", extra="ignore", frozen=True, env_ignore_empty=True)

    provider: Literal["openai", "anthropic", "local"] | None = Field(None, validation_alias="LLM_PROVIDER")
    openai: SecretStr | None = Field(None, validation_alias="OPENAI_API_KEY")
    anthropic: SecretStr | None = Field(None, validation_alias="ANTHROPIC_API_KEY")


def commonly_named(overlays: Sequence[Path], set_already: Mapping[str, Any], dotenv: str) -> dict[str, Any]:
    """What of the language model's settings is found under the common names, where ``[wording] common_names`` asks.

    Our own names win, and a key is taken for the provider it belongs to only.

    Parameters
    ----------
    set_already : the settings `llm_...` that have a value. dotenv : the file read beside the environment.

    Raises
    ------
    ConfigurationError : LLM_PROVIDER is none of those there are.

    Examples
    --------
    >>> commonly_named((), {}, ".env")
    {}
    """
    wording = _wording(overlays)
    if not wording.get("common_names"):
        return {}
    try:
        names = _Names(_env_file=dotenv)
    except ValidationError as error:
        given = error.errors()[0]["input"]
        raise ConfigurationError(f"LLM_PROVIDER={given!r:.80}: there are openai, anthropic and local") from error
    provider = set_already.get("llm_provider") or names.provider
    if provider is None:
        return {}
    found = {"llm_provider": "openai" if provider == "local" else provider, "llm_model": _model(wording, provider)}
    if provider == "local":
        found["llm_base_url"] = OLLAMA
    elif (key := names.openai if provider == "openai" else names.anthropic) is not None:
        found["llm_api_key"] = key
    return {name: value for name, value in found.items() if value is not None and set_already.get(name) is None}


def _model(wording: Mapping[str, Any], provider: str) -> str | None:
    models = wording.get("models", {})
    return (models.get(provider) or None) if isinstance(models, dict) else None


def _wording(overlays: Sequence[Path]) -> Mapping[str, Any]:
    found: dict[str, Any] = {}
    for path in overlays:
        table = read_overlay(path).get("wording", {})
        found |= table if isinstance(table, dict) else {}
    return found
