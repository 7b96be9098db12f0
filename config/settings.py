"""Deployment settings: where things live and listen, read from ``VITRINE_*`` variables and ``.env``."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AliasChoices, BeforeValidator, Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from config.model_names import commonly_named
from config.profile import profile_file
from config.secret_files import environment_and, file_variable, read_secret
from config.serving import Origin
from config.source import has_source
from service.core.errors import ConfigurationError

DOTENV = ".env"


def _split(given: object) -> object:
    return [part.strip() for part in given.split(",") if part.strip()] if isinstance(given, str) else given


class Settings(BaseSettings):
    """Where this installation lives. Every field can be set as ``VITRINE_<NAME>`` in the environment or in ``.env``.

    A secret may be in a file instead, which ``VITRINE_<NAME>_FILE`` names.
    """

    model_config = SettingsConfigDict(
        env_prefix="VITRINE_",
        env_file=DOTENV,
        env_file_encoding="utf-8",
        extra="ignore",
        frozen=True,
        env_ignore_empty=True,
    )

    data_dir: Path = Field(Path("vitrine-data"), description="folder of the embedded database, vectors and pictures")
    database_url: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices("VITRINE_DATABASE_URL", "DATABASE_URL"),
        description="postgresql://user:password@host/name; SQLite in data_dir if unset",
    )
    source_url: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices("VITRINE_SOURCE_URL"),
        description="an existing shop database to read from, see [source]; if enabled there, else DATABASE_URL",
    )
    qdrant_url: str | None = Field(
        None,
        validation_alias=AliasChoices("VITRINE_QDRANT_URL", "QDRANT_URL"),
        description="http://host:6333; the embedded engine in data_dir if unset",
    )
    qdrant_api_key: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices("VITRINE_QDRANT_API_KEY", "QDRANT_API_KEY"),
        description="key of that Qdrant",
    )
    redis_url: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices("VITRINE_REDIS_URL", "REDIS_URL"),
        description="redis://[:password@]host:6379/0, shared by serving processes; in memory if unset",
    )
    cors_origins: Annotated[tuple[Origin, ...] | None, NoDecode, BeforeValidator(_split)] = Field(
        None, description="https://shop.example and others, with commas between, whose pages may call; see [cors]"
    )
    profile: str | None = Field(None, description="a TOML of config/profiles by its name, or the path of another")
    config_file: Path | None = Field(None, description="TOML laid over config/recommender.toml and the profile")
    text_model: str = Field(
        "bundled", description="'bundled' (all-MiniLM-L6-v2), any sentence-transformers name or path"
    )
    image_model: str = Field("bundled", description="'bundled', 'none', any open_clip model name, hf-hub: name or path")
    image_pretrained: str | None = Field(None, description="open_clip weights tag of image_model, as laion2b_s34b_b79k")
    image_private_hosts: bool = Field(False, description="allow picture URLs that point into private networks")
    encoder_threads: int = Field(0, ge=0, le=256, description="CPU threads of the encoders; 0 = all cores")
    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(8000, ge=0, le=65535, description="port to listen on; 0 = any free one")
    background: Literal["auto", "on", "off"] = Field(
        "auto", description="whether `vitrine serve` also indexes, counts and trains; auto: unless Qdrant is a server"
    )
    alive_file: Path | None = Field(
        None, description="a file that `vitrine worker` touches every few seconds while it works, for health checks"
    )
    language: str = Field("en", description="of sentences: en, de, or a .toml file written like templates/en.toml")
    llm_provider: Literal["template", "openai", "anthropic"] = Field(
        "template",
        description="who words explanations: template (no network), openai (and all that speak like it) or anthropic",
    )
    llm_model: str | None = Field(None, description="the model's name, as its provider calls it")
    llm_base_url: str | None = Field(
        None, description="http://host:11434/v1 of Ollama, llama.cpp, vLLM …; the provider's own address if unset"
    )
    llm_api_key: SecretStr | None = Field(None, description="key of that provider")
    access: Literal["open", "keys"] = Field(
        "open", description="open: no key is needed, as behind a gateway of your own; keys: every call needs one"
    )
    secret: SecretStr | None = Field(
        None, description="32 characters or more that sign access tokens; several with commas between: the first signs"
    )
    secret_file: Path | None = Field(None, description="a file with that secret, in place of it")
    token_algorithm: Literal["HS256", "EdDSA"] = Field("HS256", description="of access tokens: HS256 or EdDSA")
    log_level: str = Field("info", pattern="^(debug|info|warning|error)$", description="debug, info, warning or error")
    log_format: Literal["auto", "console", "json"] = Field(
        "auto", description="of the log on stderr: console for people, json; auto: json unless stderr is a terminal"
    )

    @property
    def sql_url(self) -> str:
        """The database URL in force, password included."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.data_dir.absolute() / 'vitrine.db'}"

    @property
    def overlays(self) -> tuple[Path, ...]:
        """What is laid over recommender.toml, in this order: the profile, then the shop's own file.

        Raises
        ------
        ConfigurationError : there is no such profile.
        """
        profile = None if self.profile is None else profile_file(self.profile)
        return tuple(path for path in (profile, self.config_file) if path is not None)

    @property
    def vectors_dir(self) -> Path:
        """The folder of the embedded vector engine."""
        return self.data_dir.absolute() / "vectors"

    @property
    def releases_dir(self) -> Path:
        """The folder of trained releases."""
        return self.data_dir.absolute() / "releases"

    @property
    def embedded(self) -> bool:
        """Whether vectors and truth both live in this process's own folder."""
        return self.qdrant_url is None and self.database_url is None

    @property
    def runs_background(self) -> bool:
        """Whether a serving process also does what a worker does."""
        return self.background == "on" or (self.background == "auto" and self.qdrant_url is None)


class SettingsWithSource(Settings):
    """The same where a shop's own database is read: DATABASE_URL names that one, and our tables never go there."""

    database_url: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices("VITRINE_DATABASE_URL"),
        description=f"{Settings.model_fields['database_url'].description}; DATABASE_URL is the shop's own here",
    )
    source_url: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices("VITRINE_SOURCE_URL", "DATABASE_URL"),
        description="the shop's own database, which is only read",
    )


@dataclass(frozen=True, slots=True)
class EffectiveSetting:
    """One line of ``vitrine config``: the value in force (secrets masked) and where it came from."""

    name: str
    value: str
    source: str
    description: str


def load_settings(**overrides: object) -> Settings:
    """Read the settings; keyword arguments (command-line options) that are not None win.

    Raises
    ------
    ConfigurationError : a value is not allowed; the message names the variable, the value and what is allowed.
    """
    given = {_alias(name): value for name, value in overrides.items() if value is not None}
    try:
        settings = Settings(**_from_files(Settings) | given)  # type: ignore[arg-type]
        if has_source(settings.overlays):
            settings = SettingsWithSource(**_from_files(SettingsWithSource) | given)  # type: ignore[arg-type]
    except ValidationError as error:
        problems = "; ".join(
            f"{_variable(str(e['loc'][0]))}={e['input']!r}: {e['msg'].lower()}" for e in error.errors()
        )
        raise ConfigurationError(f"{problems}. `vitrine config` lists the settings and their meaning") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{DOTENV} is not UTF-8 text: save it as UTF-8 ({error.reason})") from error
    said = {name: getattr(settings, name) for name in settings.model_fields_set if name.startswith("llm_")}
    settings = settings.model_copy(update=commonly_named(settings.overlays, said, DOTENV))
    if settings.profile is not None:
        profile_file(settings.profile)  # one that does not exist is complained of now, whatever the command
    return settings


def effective_settings(settings: Settings, cli_options: frozenset[str] = frozenset()) -> list[EffectiveSetting]:
    """Every setting with its value and source, for people to read."""
    dotenv = _dotenv()
    named = environment_and(dotenv)
    rows = []
    for name, info in type(settings).model_fields.items():
        variables = _variables(name, type(settings))
        source = "default"
        if name in cli_options:
            source = "command line"
        elif is_secret(name, info) and (found := file_variable(variables, named)):
            source = f"file of {found}"
        elif found := next((v for v in variables if v in os.environ), None):
            source = f"environment {found}"
        elif found := next((v for v in variables if v in dotenv), None):
            source = f"{DOTENV} {found}"
        elif name.startswith("llm_") and getattr(settings, name) != info.default:
            source = "common names, see [wording]"
        value = getattr(settings, name)
        shown = "********" if isinstance(value, SecretStr) else "" if value is None else str(value)
        rows.append(EffectiveSetting(variables[0], shown, source, info.description or ""))
    return rows


def is_secret(name: str, info: FieldInfo) -> bool:
    """Whether a setting may be in a file; the one called `secret` has a setting for that."""
    return info.annotation == SecretStr | None and name != "secret"


def _from_files(kind: type[Settings]) -> dict[str, object]:
    """The settings whose files are named."""
    named = environment_and(_dotenv())
    found: dict[str, object] = {}
    for name, info in kind.model_fields.items():
        if is_secret(name, info) and (variable := file_variable(_variables(name, kind), named)):
            found[_alias(name, kind)] = read_secret(variable, str(named[variable]))
    return found


def _dotenv() -> dict[str, str | None]:
    from dotenv import dotenv_values

    return dotenv_values(DOTENV) if Path(DOTENV).is_file() else {}


def _variables(name: str, kind: type[Settings] = Settings) -> list[str]:
    alias = kind.model_fields[name].validation_alias
    if isinstance(alias, AliasChoices):
        return [str(choice) for choice in alias.choices]
    return [f"VITRINE_{name.upper()}"]


def _alias(name: str, kind: type[Settings] = Settings) -> str:
    return _variables(name, kind)[0] if kind.model_fields[name].validation_alias else name


def _variable(location: str) -> str:
    return location if location.isupper() else f"VITRINE_{location.upper()}"
