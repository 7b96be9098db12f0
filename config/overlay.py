"""Reading TOML files, and laying them over what is packaged."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from service.core.errors import ConfigurationError


def read_overlay(path: Path) -> dict[str, Any]:
    """The tables of a file.

    Raises
    ------
    ConfigurationError : it cannot be read, or is not TOML.
    """
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read ({error.strerror}); check VITRINE_CONFIG_FILE") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: not valid TOML ({error})") from error


def laid_over(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """The tables of both, key by key down to the values, which are the upper ones' where both have one.

    Examples
    --------
    >>> laid_over({"limits": {"in_flight": 64, "wait_ms": 200}}, {"limits": {"in_flight": 8}})
    {'limits': {'in_flight': 8, 'wait_ms': 200}}
    """
    merged = dict(base)
    for key, value in over.items():
        old = merged.get(key)
        merged[key] = laid_over(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return merged
