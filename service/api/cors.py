"""Which pages of other origins may call the API from a browser: the setting, else the configuration, else none."""

from fastapi import FastAPI
from pydantic import ValidationError
from starlette.middleware.cors import CORSMiddleware

from config.serving import Cors
from service.core.errors import ConfigurationError
from service.runtime import Runtime

_EXPOSED = ("X-Request-Id", "X-Total-Count", "Retry-After", "ETag")  # what scripts may read beside the body


def cors_in_force(runtime: Runtime) -> Cors:
    """``[cors]``, with the origins that VITRINE_CORS_ORIGINS names if it is set.

    Raises
    ------
    ConfigurationError : every origin is allowed and credentials too.
    """
    configured, named = runtime.params.cors, runtime.settings.cors_origins
    if named is None:
        return configured
    try:
        return Cors(origins=named, credentials=configured.credentials)
    except ValidationError as error:
        why = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise ConfigurationError(f"VITRINE_CORS_ORIGINS and [cors] do not go together: {why}") from error


def install(app: FastAPI, cors: Cors) -> None:
    """Answer preflights and mark answers; without an origin there is nothing to install."""
    if not cors.origins:
        return
    app.add_middleware(
        CORSMiddleware,
        allow_origins=cors.origins,
        allow_credentials=cors.credentials,
        allow_methods=("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"),
        allow_headers=("*",),
        expose_headers=_EXPOSED,
    )
