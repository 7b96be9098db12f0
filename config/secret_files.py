"""Settings that are secret may lie in files, as container platforms mount them: ``VITRINE_DATABASE_URL_FILE``."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from service.core.errors import ConfigurationError

SUFFIX = "_FILE"
_LARGEST = 65_536  # bytes; a secret is a line, and whoever names a disk image meant something else


def file_variable(variables: Sequence[str], environment: Mapping[str, str | None]) -> str | None:
    """The variable that names the file of a setting; None where none does.

    Parameters
    ----------
    variables : of the setting, the first has its way.
    environment : variable -> value.

    Raises
    ------
    ConfigurationError : a variable is set, and its file as well.

    Examples
    --------
    >>> file_variable(["VITRINE_REDIS_URL", "REDIS_URL"], {"REDIS_URL_FILE": "/run/secrets/redis"})
    'REDIS_URL_FILE'
    """
    for variable in variables:
        if environment.get(variable + SUFFIX):
            if environment.get(variable):
                raise ConfigurationError(f"{variable} and {variable}{SUFFIX} are both set: keep one of them")
            return variable + SUFFIX
        if environment.get(variable):
            return None
    return None


def read_secret(variable: str, path: str) -> str:
    """What the file holds, without the line's end.

    Raises
    ------
    ConfigurationError : it cannot be read, is empty or no text; names the variable and the file, and never the content.
    """
    try:
        with Path(path).open("rb") as file:
            text = file.read(_LARGEST + 1).decode("utf-8").strip()
    except OSError as error:
        raise ConfigurationError(f"{variable}={path} cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{variable}={path} is not text") from error
    if not text or len(text) > _LARGEST:
        raise ConfigurationError(f"{variable}={path} {'is too large for a secret' if text else 'is empty'}")
    return text


def environment_and(dotenv: Mapping[str, str | None]) -> dict[str, str | None]:
    """The process's variables over those of ``.env``."""
    return {**dotenv, **os.environ}
