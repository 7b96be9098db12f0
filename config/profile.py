"""Profiles: behaviour under a name, kept in ``config/profiles``, and the table in which each says what it is."""

from importlib.resources import files
from pathlib import Path

from pydantic import Field

from config.frozen import Frozen
from service.core.errors import ConfigurationError

_SUFFIX = ".toml"


class Profile(Frozen):
    """What a profile says of itself."""

    about: str
    api: str = Field(pattern="^[a-z][a-z0-9_]*$|^$")


def profile_names() -> list[str]:
    """The packaged profiles.

    Examples
    --------
    >>> "movielens" in profile_names()
    True
    """
    return sorted(path.stem for path in _folder().glob(f"*{_SUFFIX}"))


def profile_file(name: str) -> Path:
    """The TOML of a packaged profile; a path is its own.

    Raises
    ------
    ConfigurationError : there is no such profile; one line that lists them all.

    Examples
    --------
    >>> profile_file("movielens").name, profile_file("./ours.toml").name
    ('movielens.toml', 'ours.toml')
    """
    if name.endswith(_SUFFIX):
        return Path(name)
    if name not in (known := profile_names()):
        raise ConfigurationError(
            f"there is no profile {name[:80]!r} (--profile, VITRINE_PROFILE); choose one of: {', '.join(known)}, "
            f"or give the path of a {_SUFFIX} file"
        )
    return _folder() / f"{name}{_SUFFIX}"


def _folder() -> Path:
    return Path(str(files("config").joinpath("profiles")))
