"""``/v1/live``: a WebSocket on which open pages are told what has changed."""

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import structlog
from anyio import to_thread
from fastapi import APIRouter, WebSocket
from starlette.websockets import WebSocketDisconnect, WebSocketState

from config.serving import Cors
from service.accounts.caller import Caller, Scope
from service.accounts.proof import Proofs
from service.api.access import shown
from service.api.dependencies import AppState
from service.api.live_messages import Ping, Subscribe, read_message, written
from service.api.popular import popular_list
from service.api.principal import PRINCIPAL, SHOW_SOMETHING
from service.api.problems import problem
from service.core.errors import IndexNotReady, NotAllowed, NotAuthenticated, RecommenderError
from service.live.hub import Listener
from service.live.live import Bus, Live, people
from service.live.mailbox import Closed
from service.runtime import Runtime

log = structlog.get_logger()

router = APIRouter(tags=["live"])

_TRY_LATER, _TOO_LARGE, _POLICY, _FAILED = 1013, 1009, 1008, 1011
_BAD_MESSAGES = 10  # that are answered with what is wrong; then nobody sensible is at the other end
_PER_MINUTE = 120  # messages of one page: each subscription costs a look at what trends
_RECHECK_S = 30.0  # so late does a connection end whose key or token is not valid any more


@router.websocket("/v1/live")
async def live(socket: WebSocket) -> None:
    """Messages in both directions are JSON objects with a `type`; `Subscribe` is what a page begins with."""
    state: Live = socket.app.state.live
    if not _may_come_from(socket, socket.app.state.cors):
        await _deny(socket, 403, "foreign_origin", "pages of this origin may not connect; see [cors]")
        return
    if not state.hub.has_room:
        await _deny(socket, 503, "too_many_connections", "as many pages as can be are connected; try again shortly")
        return
    await _Conversation(socket, state, socket.app.state.reception.proofs).run()


class _Conversation:
    """One page, from its coming to its going."""

    def __init__(self, socket: WebSocket, live: Live, proofs: Proofs) -> None:
        self._socket = socket
        self._live = live
        self._proofs = proofs
        self._caller: Caller = socket.scope[PRINCIPAL]
        self._token = shown(socket.scope)
        self._listener = Listener()
        self._sent: dict[str, int] = {}

    async def run(self) -> None:
        self._live.hub.join(self._listener)
        tasks: list[asyncio.Task[None]] = []
        try:
            await self._socket.accept()
            tasks = [asyncio.create_task(work()) for work in (self._receive, self._send, self._watch)]
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            await self._end(next(iter(done)).exception())
        finally:
            self._live.hub.leave(self._listener)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _end(self, why: BaseException | None) -> None:
        if isinstance(why, Closed):
            code, reason = why.code, why.reason
        elif isinstance(why, WebSocketDisconnect):
            return
        else:
            log.error("live_failed", exc_info=why)
            code, reason = _FAILED, "something went wrong here"
        if self._socket.application_state is WebSocketState.CONNECTED:
            with suppress(WebSocketDisconnect, RuntimeError, TimeoutError):
                async with asyncio.timeout(1.0):  # whoever does not read does not keep the service from stopping
                    await self._socket.close(code, reason)

    async def _receive(self) -> None:
        """What the page says, one after the other."""
        limits = self._live.params
        wrong, minute, said = 0, 0, 0
        while True:
            text = await self._text()
            if int(time.monotonic() // 60) != minute:
                minute, said = int(time.monotonic() // 60), 0
            said += 1
            if said > _PER_MINUTE:
                raise Closed(_POLICY, "too many messages")
            if len(text) > limits.message_bytes:
                raise Closed(_TOO_LARGE, f"a message has at most {limits.message_bytes} characters")
            try:
                message = read_message(text)
                if isinstance(message, Ping):
                    self._listener.mailbox.put("pong", {})
                else:
                    await self._subscribe(message)
            except RecommenderError as error:
                wrong += 1
                if wrong > _BAD_MESSAGES:
                    raise Closed(_POLICY, error.code) from error
                self._listener.mailbox.put("error", {"code": error.code, "detail": error.message})

    async def _text(self) -> str:
        message = await self._socket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1005))
        text = message.get("text")
        return text if text is not None else "\0"  # bytes are no message either

    async def _subscribe(self, wanted: Subscribe) -> None:
        if wanted.token is not None:
            self._caller = await self._proved(wanted.token)
            self._token = wanted.token
        caller = self._caller
        _may(caller, Scope.ADMIN if "counters" in wanted.topics else Scope.READ)
        user = caller.person(wanted.user)
        if "feed" in wanted.topics and user is None and wanted.session is None:
            raise NotAllowed("feed: say whose it is, by `user` or `session`", code="nobody_named")
        whose = people(caller.tenant, user, wanted.session) if "feed" in wanted.topics else ()
        self._live.hub.listen(self._listener, caller.tenant, wanted.topics, whose)
        box = self._listener.mailbox
        box.put("subscribed", {"topics": sorted(wanted.topics)})
        # how things stand now: who comes back has missed nothing that still matters
        if "feed" in wanted.topics:
            box.put("feed", {"refresh": True, "reason": "subscribed"})
        if "counters" in wanted.topics:
            box.put("counters", self._live.counted(caller.tenant))
        if "trending" in wanted.topics and (trending := await self._live.trending(caller.tenant)) is not None:
            box.put("trending", trending)

    async def _send(self) -> None:
        """What there is to tell, as fast as the page reads."""
        while True:
            waiting = await self._listener.mailbox.take()
            number = self._sent[waiting.topic] = self._sent.get(waiting.topic, 0) + 1 + waiting.missed
            order = {"seq": number, "missed": waiting.missed} if waiting.topic in self._listener.topics else {}
            await self._socket.send_text(written(waiting.topic, {**order, **waiting.body}))

    async def _watch(self) -> None:
        """End who never says what he wants, and who may not listen any more."""
        await asyncio.sleep(self._live.params.greet_s)
        while True:
            if not self._listener.topics:
                raise Closed(_POLICY, "nothing was subscribed to")
            if self._token is not None:
                await self._check_again(self._token)
            await asyncio.sleep(_RECHECK_S)

    async def _check_again(self, token: str) -> None:
        try:
            await self._proved(token)
        except NotAuthenticated as error:
            raise Closed(_POLICY, error.code) from error
        except RecommenderError as error:  # whoever checks is away: as long as that lasts nobody is sent away
            log.warning("live_not_checked", error=error.message)

    async def _proved(self, token: str) -> Caller:
        caller = self._proofs.known(token)
        check: Callable[[], Caller] = partial(self._proofs.check, token)
        return caller if caller is not None else await to_thread.run_sync(check)


def _may(caller: Caller, scope: Scope) -> None:
    if caller.may(scope):
        return
    if not caller.is_known:
        raise NotAuthenticated(f"{SHOW_SOMETHING}; here it goes into `token` of the message")
    raise NotAllowed(f"this needs the scope {scope}, which this key or token has not", code="missing_scope")


def _may_come_from(socket: WebSocket, cors: Cors) -> bool:
    """Whether the page is of this very host or of an origin that may call; what is no browser names none."""
    origin = socket.headers.get("origin")
    if origin is None:
        return True
    host = socket.headers.get("host", "")
    return cors.allows(origin) or (origin != "null" and urlsplit(origin).netloc.lower() == host.lower())


async def _deny(socket: WebSocket, status: int, code: str, detail: str) -> None:
    if "websocket.http.response" in socket.scope.get("extensions", {}):
        await socket.send_denial_response(problem(status, code, detail, None))
    else:
        await socket.close(_POLICY if status == 403 else _TRY_LATER, code)


def make_live(runtime: Runtime, state: AppState) -> Live:
    """The live updates of this process, over Redis with others where there is one."""
    count = runtime.params.live.trending_n

    def look(tenant: str) -> Mapping[str, Any] | None:
        try:
            found = popular_list(state, "live", tenant, "trending", None, count)
        except IndexNotReady:
            return None
        return {"made_at": found.made_at, "items": [item.model_dump(exclude_none=True) for item in found.items]}

    async def trending(tenant: str) -> Mapping[str, Any] | None:
        return await to_thread.run_sync(look, tenant)

    return Live(runtime.params.live, trending, _bus(runtime))


def _bus(runtime: Runtime) -> Bus | None:
    if runtime.redis is None:
        return None
    from service.store.redis_bus import RedisBus

    return RedisBus(runtime.redis)
