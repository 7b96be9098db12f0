"""Reading the TOML files that are laid over what is packaged."""

import tomllib
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
