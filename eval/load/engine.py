"""What the vector engine alone would have cost: the very queries of the requests, without what is around them.

What is compared, in one process, block by block:

- the service: a request into the ASGI application until its JSON is written: routing, reading SQL, the encoders,
  the engine, fusing, checking, diversifying, the answer's text, logging the impression. Only sockets are missing;
- the engine: `VectorStore.search` with exactly the vectors, filters, limits and collections that these requests asked
  with, in the same batches, straight after them (so that its pages and caches are warm). Vectors read for profiles
  and cards count on the service's side.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from threading import enumerate as enumerate_threads
from typing import Any, cast

import numpy as np
from starlette.types import ASGIApp, Message

from config.settings import Settings
from eval.load.asks import Ask
from service.app import create_app
from service.core.errors import DependencyUnavailable
from service.runtime import Runtime, open_runtime
from service.store.vectors import Hits, VectorQuery, VectorStore
from service.warm import WARM_UP

BLOCK = 10
WARM = 30

_FIGURES = (
    "round_trips", "service_ms", "engine_ms", "wall_ratio", "service_cpu_ms", "engine_cpu_ms", "cpu_ratio",
)  # fmt: skip

_Asked = tuple[str, Sequence[VectorQuery]]


@dataclass
class Heard:
    """A vector store that notes what is searched for; everything else is the store's own."""

    store: VectorStore
    asked: list[_Asked] = field(default_factory=list)

    def search(self, name: str, queries: Sequence[VectorQuery]) -> list[Hits]:
        """See `VectorStore.search`."""
        self.asked.append((name, queries))
        return self.store.search(name, queries)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)


@dataclass(frozen=True, slots=True)
class Costs:
    """Milliseconds of one request: on the clock and of the processor, of the service and of the engine alone."""

    surface: str
    searches: int
    service_ms: float
    engine_ms: float
    service_cpu_ms: float
    engine_cpu_ms: float


def engine_costs(settings: Settings, asks: Sequence[Ask]) -> list[Costs]:
    """Costs of each request, by block of `BLOCK`: first all requests of a block, then all their queries.

    Raises
    ------
    DependencyUnavailable : a request is not answered as it should be.
    """
    with open_runtime(settings.model_copy(update={"background": "off"})) as runtime:
        heard = Heard(runtime.store)
        services = replace(runtime.services, store=cast(VectorStore, heard))
        return asyncio.run(_compare(replace(runtime, services=services), heard, asks))


async def _compare(runtime: Runtime, heard: Heard, asks: Sequence[Ask]) -> list[Costs]:
    app = create_app(runtime)
    costs: list[Costs] = []
    async with app.router.lifespan_context(app):
        for ask in asks[:WARM]:
            await _answer(app, ask)
        while any(thread.name == WARM_UP for thread in enumerate_threads()):  # it would count as work of the service
            await asyncio.sleep(0.1)
        for first in range(WARM, len(asks), BLOCK):
            block = asks[first : first + BLOCK]
            served = [await _serve(app, heard, ask) for ask in block]
            for ask, (searches, wall, cpu) in zip(block, served, strict=True):
                engine_wall, engine_cpu = _search(heard.store, searches)
                costs.append(Costs(ask.surface, len(searches), wall, engine_wall, cpu, engine_cpu))
    return costs


async def _serve(app: ASGIApp, heard: Heard, ask: Ask) -> tuple[list[_Asked], float, float]:
    heard.asked = []
    wall, cpu = time.perf_counter(), time.process_time()
    await _answer(app, ask)
    return heard.asked, (time.perf_counter() - wall) * 1000, (time.process_time() - cpu) * 1000


def _search(store: VectorStore, searches: Sequence[_Asked]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    for collection, queries in searches:
        store.search(collection, queries)
    return (time.perf_counter() - wall) * 1000, (time.process_time() - cpu) * 1000


async def _answer(app: ASGIApp, ask: Ask) -> None:
    path, _, query = ask.path.partition("?")
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": ask.method, "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": query.encode(), "root_path": "",
        "headers": [(b"host", b"engine")], "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
    }  # fmt: skip
    status = 0

    async def receive() -> Message:
        return {"type": "http.request", "body": ask.body, "more_body": False}

    async def send(message: Message) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]

    await app(scope, receive, send)
    if status != 200:
        raise DependencyUnavailable(f"{ask.method} {ask.path} answers {status} when measured beside the engine")


def ratios(costs: Sequence[Costs]) -> dict[str, Any]:
    """How many times the engine's cost a request is, overall and by surface.

    ``wall_ratio`` compares medians of time on the clock, which other programs on the machine hardly move; ``cpu_ratio``
    compares sums of processor time. Requests that were answered without a search (`without_search`) are left out.
    """
    surfaces = {cost.surface for cost in costs}
    parts = {name: _ratios([cost for cost in costs if cost.surface == name]) for name in sorted(surfaces)}
    return _ratios(costs) | {"by_surface": parts}


def _ratios(costs: Sequence[Costs]) -> dict[str, Any]:
    searching = [cost for cost in costs if cost.searches]
    result: dict[str, Any] = {"requests": len(costs), "without_search": len(costs) - len(searching)}
    if not searching:
        return result | dict.fromkeys(_FIGURES)
    ours, engines = (float(np.median([getattr(c, name) for c in searching])) for name in ("service_ms", "engine_ms"))
    cpu, engine_cpu = (sum(getattr(c, name) for c in searching) for name in ("service_cpu_ms", "engine_cpu_ms"))
    figures = (
        float(np.mean([cost.searches for cost in searching])), ours, engines, ours / engines,
        cpu / len(searching), engine_cpu / len(searching), cpu / engine_cpu if engine_cpu else None,
    )  # fmt: skip
    return result | {n: v if v is None else round(v, 3) for n, v in zip(_FIGURES, figures, strict=True)}
