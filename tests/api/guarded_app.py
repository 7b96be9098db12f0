"""A small app behind the guards of the real one."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import StreamingResponse

from config.params import Params
from service.accounts.caller import Caller
from service.api import problems
from service.api.guards import guard_inside, guard_outside
from service.api.principal import PRINCIPAL
from service.api.request_context import RequestContext
from service.runtime import Runtime


def guarded(runtime: Runtime, settings: dict[str, Any] | None = None, **tables: dict[str, Any]) -> FastAPI:
    """An app with settings and tables of the configuration changed."""
    raw = runtime.params.model_dump()
    for name, table in tables.items():
        raw[name] |= table
    changed = replace(
        runtime,
        params=Params.model_validate(raw),
        settings=runtime.settings.model_copy(update=settings or {}),
    )
    app = FastAPI()
    problems.install(app)
    guard_inside(app, changed)
    app.add_middleware(RequestContext)
    guard_outside(app, changed)

    @app.get("/quick")
    async def quick() -> str:
        return "ok"

    @app.get("/health/live")
    async def live() -> str:
        return "ok"

    @app.get("/slow")
    async def slow(seconds: float) -> str:
        await asyncio.sleep(seconds)
        return "ok"

    @app.post("/body")
    async def body(request: Request) -> int:
        return len(await request.body())

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        async def parts() -> AsyncIterator[bytes]:
            for _ in range(6):
                yield b"part "
                await asyncio.sleep(0.05)

        return StreamingResponse(parts())

    @app.post("/sign-up")
    async def sign_up() -> str:
        return "whatever the header says"

    @app.get("/keys/whoami")
    async def whoami(request: Request) -> str:
        if request.headers.get("authorization") != "Bearer good":
            raise HTTPException(401)
        request.scope[PRINCIPAL] = Caller("shop", frozenset(), key=1)
        return "ok"

    return app
