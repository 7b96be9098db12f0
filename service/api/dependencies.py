"""What routes are handed: the runtime, the tenant, and a way to call blocking code."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, TypeVar

from anyio import to_thread
from fastapi import Depends, Query, Request

from indexer.worker import IndexingLoop
from service.accounts.caller import OPEN, Caller
from service.api.principal import PRINCIPAL, Principal
from service.api.probes import Probes
from service.core.errors import InvalidQuery
from service.core.filters import Filter, parse_filter
from service.runtime import Runtime

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class AppState:
    """What the app serves from.

    Attributes
    ----------
    indexing : the loop of this process; None where a worker has it. caller : whom this request comes from.
    probes : what is being looked at to say whether this process is well.
    """

    runtime: Runtime
    indexing: IndexingLoop | None
    caller: Caller = OPEN
    probes: Probes[Any] = field(default_factory=Probes)

    async def call(self, work: Callable[[], T], *, quick: bool = False) -> T:
        """Run blocking code without stopping the event loop.

        Parameters
        ----------
        quick : it takes about a millisecond on the embedded engine; a thread hop would cost more than it spares.
        """
        if quick and self.runtime.settings.embedded:
            return work()
        return await to_thread.run_sync(work)


# FastAPI hands plain functions to a thread, each by itself: a few tenths of a millisecond a piece
async def _state(request: Request) -> AppState:
    state: AppState = request.app.state.vitrine
    caller: Caller = request.scope[PRINCIPAL]
    return state if caller is OPEN else replace(state, caller=caller)


async def _request_id(request: Request) -> str:
    return str(request.scope["request_id"])


async def _tenant(caller: Principal) -> str:
    return caller.tenant


State = Annotated[AppState, Depends(_state)]
RequestId = Annotated[str, Depends(_request_id)]
Tenant = Annotated[str, Depends(_tenant)]
FilterText = Annotated[str | None, Query(alias="filter", max_length=20_000, description="the filter object as JSON")]


def filter_from(state: AppState, raw: dict[str, Any] | str | None) -> Filter | None:
    """A request's filter, from an object or from JSON text in the query string.

    Raises
    ------
    InvalidQuery : not JSON, or not a valid filter.
    """
    if isinstance(raw, str):
        try:
            raw = json.loads(raw)
        except (ValueError, RecursionError) as error:
            raise InvalidQuery(f"filter is not JSON ({error})", code="invalid_filter") from error
    return parse_filter(raw, state.runtime.fields)
