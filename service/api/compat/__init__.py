"""The APIs of other systems, one module each: they translate to ours and decide nothing; `[profile] api` names one."""

from importlib import import_module
from pkgutil import iter_modules

from fastapi import APIRouter

from service.core.errors import ConfigurationError


def compat_router(api: str) -> APIRouter:
    """The routes of another system's API, as the module of this name has them.

    Raises
    ------
    ConfigurationError : there is no such API; one line that lists them all.
    """
    known = compat_apis()
    if api not in known:
        raise ConfigurationError(f"[profile] api = {api[:80]!r}: there is no such API; there are: {', '.join(known)}")
    router: APIRouter = import_module(f"{__name__}.{api}").router
    return router


def compat_apis() -> list[str]:
    """The APIs there are; a longer name with an underscore is a part of one, not an API."""
    return sorted(module.name for module in iter_modules(__path__) if "_" not in module.name)
