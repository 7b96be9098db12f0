"""What stands between the network and the routes: other pages, overload, time and rate limits, as configured."""

from typing import TYPE_CHECKING

from fastapi import FastAPI

from service.api import cors
from service.api.overload import Overload, Traffic
from service.api.time_limit import TimeLimit
from service.runtime import Runtime

if TYPE_CHECKING:
    from service.api.rate_limit import Counting


def guard_inside(app: FastAPI, runtime: Runtime) -> None:
    """Limits whose refusals have a request id and a log line."""
    limits = runtime.params.limits
    app.state.traffic = Traffic()  # before others look at it
    if any(limits.per_minute.values()):
        from service.api.rate_limit import RateLimit

        counts = _counts(runtime)
        app.add_middleware(
            RateLimit, per_minute=limits.per_minute, trusted_proxies=limits.trusted_proxies, counts=counts
        )
    if limits.timeout_s:
        app.add_middleware(TimeLimit, timeout_s=limits.timeout_s)


def guard_outside(app: FastAPI, runtime: Runtime) -> None:
    """What has to cost nothing: refusals of an overloaded process are counted and not logged."""
    limits = runtime.params.limits
    if limits.in_flight:
        app.add_middleware(Overload, in_flight=limits.in_flight, wait_ms=limits.wait_ms, traffic=app.state.traffic)
    app.state.cors = cors.cors_in_force(runtime)
    cors.install(app, app.state.cors)


def _counts(runtime: Runtime) -> "Counting":
    if runtime.redis is not None:
        from service.api.shared_rate import SharedCounts

        return SharedCounts(runtime.redis)
    from service.api.rate_limit import Counts

    return Counts()
