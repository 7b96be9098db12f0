"""Messages among serving processes through Redis; they are lost while it is away, and nobody waits for it."""

import asyncio
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import orjson
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from service.store.redis_link import LOOK_S, TIMEOUT_S, RedisLink

log = structlog.get_logger()

CHANNEL = "vitrine:live"


class RedisBus:
    """One channel that all processes of an installation listen to."""

    def __init__(self, link: RedisLink) -> None:
        self._link = link
        self._name = uuid.uuid4().hex
        self._speaking = Redis.from_url(link.url, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S)

    async def send(self, message: Mapping[str, Any]) -> None:
        """Tell all others."""
        if not self._link.state.up:
            self._link.state.skipped += 1
            return
        try:
            await self._speaking.publish(CHANNEL, orjson.dumps({**message, "from": self._name}))
        except (RedisError, OSError) as error:
            self._link.failed(error)

    async def listen(self, hear: Callable[[Mapping[str, Any]], None]) -> None:
        """Pass on what others tell, until cancelled."""
        try:
            while True:
                await self._listen_while_up(hear)
                await asyncio.sleep(LOOK_S)
        finally:
            await self._speaking.aclose()

    async def _listen_while_up(self, hear: Callable[[Mapping[str, Any]], None]) -> None:
        try:
            async with (
                Redis.from_url(self._link.url, socket_connect_timeout=TIMEOUT_S) as client,
                client.pubsub(ignore_subscribe_messages=True) as channel,
            ):
                await channel.subscribe(CHANNEL)
                async for message in channel.listen():
                    self._pass_on(message["data"], hear)
        except (RedisError, OSError) as error:
            log.debug("live_bus_is_away", error=type(error).__name__)

    def _pass_on(self, data: bytes, hear: Callable[[Mapping[str, Any]], None]) -> None:
        try:
            message = orjson.loads(data)
            if message["from"] != self._name:
                hear(message)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            log.warning("live_message_not_understood", error=str(error))
