"""The way to Redis: short patience, left alone while it is down, and nothing fails because of it."""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Event, Lock, Thread
from typing import TypeVar

import structlog
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as NoConnection
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as TookTooLong
from redis.retry import Retry

from service.core.errors import ConfigurationError

log = structlog.get_logger()

T = TypeVar("T")

TIMEOUT_S = 0.2  # a request waits so long for Redis at most, once: from then on it is left alone until it answers again
LOOK_S = 1.0  # how often it is looked for while it is down, by a thread of its own
_GONE = (NoConnection, TookTooLong, OSError)


@dataclass(slots=True)
class RedisState:
    """What ``/health/ready`` tells of it.

    Attributes
    ----------
    up : whether it is asked; False from a failed connection until it answers again.
    failures : questions without an answer. skipped : those that were not even asked, because it was down.
    error : what went wrong last, without addresses or passwords.
    """

    up: bool = True
    failures: int = 0
    skipped: int = 0
    error: str | None = None


class RedisLink:
    """A client that all threads share; opens no connection before the first question.

    Parameters
    ----------
    url : ``redis://``, ``rediss://`` or ``unix://``, password included.
    timeout_s : patience with one question. look_s : between two looks whether it is back.

    Raises
    ------
    ConfigurationError : that is no such URL.
    """

    def __init__(self, url: str, timeout_s: float = TIMEOUT_S, look_s: float = LOOK_S) -> None:
        try:
            self._client = Redis.from_url(
                url,
                socket_timeout=timeout_s,
                socket_connect_timeout=timeout_s,
                decode_responses=True,
                encoding_errors="surrogatepass",  # ids hold any characters
                # a connection that a restart cut is made anew; that nobody answers in time is not tried twice
                retry=Retry(NoBackoff(), 1, supported_errors=(NoConnection,)),
            )
        except (ValueError, TypeError) as error:
            raise ConfigurationError(
                "VITRINE_REDIS_URL must be redis://[:password@]host:port/0, rediss://… or unix:///path"
            ) from error
        self.url = url
        self.state = RedisState()
        self._look_s = look_s
        self._closed = Event()
        self._lock = Lock()
        self._watcher: Thread | None = None

    def ask(self, question: Callable[["Redis"], T], otherwise: T) -> T:
        """The answer of Redis, or `otherwise` where it is down, slow or refuses; never raises because of Redis."""
        if not self.state.up:
            self.state.skipped += 1
            return otherwise
        try:
            return question(self._client)
        except (RedisError, OSError) as error:
            self.failed(error)
            return otherwise

    def failed(self, error: Exception) -> None:
        """Somebody who asks Redis by a way of his own had no answer."""
        with self._lock:
            self.state.failures += 1
            self.state.error = type(error).__name__
            is_gone = isinstance(error, _GONE) or isinstance(error.__cause__, _GONE)
            if not is_gone or not self.state.up or self._closed.is_set():
                return
            self.state.up = False
            self._watcher = Thread(target=self._watch, name="redis-watch", daemon=True)
        log.warning("redis_down", error=self.state.error)
        self._watcher.start()

    def close(self) -> None:
        """Stop looking for it and let the connections go."""
        self._closed.set()
        if self._watcher is not None:
            self._watcher.join()
        self._client.close()

    def _watch(self) -> None:
        while not self._closed.wait(self._look_s):
            try:
                self._client.ping()
            except (RedisError, OSError) as error:
                self.state.error = type(error).__name__
                continue
            self.state.up = True
            log.info("redis_up", skipped=self.state.skipped)
            return
