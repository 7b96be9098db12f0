"""The sentences of one language, read once from ``templates/<language>.toml`` or from a shop's own file."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from service.core.errors import ConfigurationError

ENGLISH = "en"
OTHER = "other"
_FOLDER = files("service.explain").joinpath("templates")
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
# table -> what its sentences may ask for
_TABLES = {
    "sentences": {"name", "because", "category", "query"},
    "because": {"name"},
    "insight": {"name", "category"},
    "titles": {"category"},
}


@dataclass(frozen=True, slots=True)
class Language:
    """How the service speaks.

    Attributes
    ----------
    code : what `speak` knows it by. name : in English, "German".
    sentences : signal -> sentences, most telling first, the last without placeholders.
    because : event type -> sentence with ``{name}``. insight, titles : kind -> sentence.
    plain : the words a language model may use for any fact; empty where it may not write in this language.
    words : ``sentences`` or ``because`` -> signal or event type -> the words it may use on top.
    """

    code: str
    name: str
    sentences: Mapping[str, tuple[str, ...]]
    because: Mapping[str, str]
    insight: Mapping[str, str]
    titles: Mapping[str, str]
    plain: frozenset[str]
    words: Mapping[str, Mapping[str, frozenset[str]]]


def languages() -> list[str]:
    """The languages that come with the service."""
    return sorted(entry.name.removesuffix(".toml") for entry in _FOLDER.iterdir() if entry.name.endswith(".toml"))


@cache
def speak(language: str = ENGLISH) -> Language:
    """The sentences of a packaged language (``en``) or of a file (a path that ends in ``.toml``).

    Raises
    ------
    ConfigurationError : there is no such file, it is not TOML, or says something that is never read.

    Examples
    --------
    >>> speak("de").titles["for_you"]
    'Für dich'
    """
    english = tomllib.loads(_FOLDER.joinpath(f"{ENGLISH}.toml").read_text("utf-8"))
    own = english if language == ENGLISH else _read(language)
    tables: dict[str, Mapping[str, Any]] = {name: _over(language, name, english, own) for name in _TABLES}
    words = _table(language, own, "words")
    return Language(
        language,
        str(own.get("language", language)),
        {signal: tuple(choices) for signal, choices in tables["sentences"].items()},
        tables["because"],
        tables["insight"],
        tables["titles"],
        _words(language, "words.plain", words.get("plain", "")),
        {name: _word_lists(language, words, name) for name in ("sentences", "because")},
    )


def fill(sentence: str, values: Mapping[str, str | None]) -> str | None:
    """The sentence with its placeholders filled in; None if one of the values is not known.

    In one pass, so that braces inside a product's name stay what they are.

    Examples
    --------
    >>> fill("Often bought with {name}", {"name": "Mug {query}"})
    'Often bought with Mug {query}'
    """
    if any(not values.get(wanted) for wanted in _PLACEHOLDER.findall(sentence)):
        return None
    return _PLACEHOLDER.sub(lambda found: str(values[found[1]]), sentence)


def _read(language: str) -> dict[str, Any]:
    path = Path(language) if language.endswith(".toml") else None
    if path is None and language not in languages():
        raise ConfigurationError(
            f"there are no sentences in {language[:50]!r}; there are {', '.join(languages())}, "
            "and VITRINE_LANGUAGE may name a .toml file of your own, written like service/explain/templates/en.toml"
        )
    try:
        return tomllib.loads((path or _FOLDER.joinpath(f"{language}.toml")).read_text("utf-8"))
    except OSError as error:
        raise ConfigurationError(f"{language}: cannot be read ({error.strerror}); check VITRINE_LANGUAGE") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{language}: not valid TOML ({error})") from error


def _table(language: str, tables: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    table = tables.get(name, {})
    if not isinstance(table, Mapping):
        raise ConfigurationError(f"{language}: {name} must be a table, got {table!r:.60}")
    return table


def _over(language: str, name: str, english: Mapping[str, Any], own: Mapping[str, Any]) -> Mapping[str, Any]:
    table = _table(language, own, name)
    if unknown := sorted(set(table) - set(english[name])):
        raise ConfigurationError(f"{language}: {name}.{unknown[0]} is never said; there are {', '.join(english[name])}")
    for key, value in table.items():
        _check(f"{language}: {name}.{key}", name, value)
    return {**english[name], **table}


def _check(where: str, name: str, value: object) -> None:
    choices = value if name == "sentences" else [value]
    if not isinstance(choices, list) or not choices or not all(isinstance(one, str) and one for one in choices):
        raise ConfigurationError(f"{where} must be {'a list of sentences' if name == 'sentences' else 'a sentence'}")
    asked = {wanted for one in choices for wanted in _PLACEHOLDER.findall(one)}
    if unknown := sorted(asked - _TABLES[name]):
        raise ConfigurationError(f"{where}: there is no {{{unknown[0]}}} here, only {', '.join(sorted(_TABLES[name]))}")
    if name == "sentences" and _PLACEHOLDER.search(choices[-1]):
        raise ConfigurationError(f"{where}: the last sentence must do without {{…}}, for when nothing more is known")


def _word_lists(language: str, words: Mapping[str, Any], name: str) -> Mapping[str, frozenset[str]]:
    return {key: _words(language, f"words.{name}.{key}", value) for key, value in _table(language, words, name).items()}


def _words(language: str, where: str, value: object) -> frozenset[str]:
    if not isinstance(value, str):
        raise ConfigurationError(f"{language}: {where} must be words with spaces between them, got {value!r:.60}")
    return frozenset(value.split())
