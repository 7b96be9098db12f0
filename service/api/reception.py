"""Where people with accounts and keys come in: few passwords are hashed at a time, and nobody waits for long."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from anyio import to_thread

from service.accounts.attempts import WINDOW_S, Attempts, SharedCounts
from service.accounts.desk import Desk
from service.accounts.passwords import warm_up
from service.accounts.proof import Proofs
from service.accounts.secret import Keyring, check_secret
from service.api.clock import Clock
from service.core.errors import DependencyUnavailable
from service.runtime import Runtime

T = TypeVar("T")


class Reception:
    """The accounts of one process.

    Attributes
    ----------
    desk : signs up, in and out. proofs : checks keys and tokens.
    """

    def __init__(self, desk: Desk, proofs: Proofs) -> None:
        self.desk = desk
        self.proofs = proofs
        self._turns = asyncio.Semaphore(desk.params.hashing_at_once)

    async def working(self, work: Callable[[], T]) -> T:
        """Blocking work that asks the database."""
        return await to_thread.run_sync(work)

    async def hashing(self, work: Callable[[], T]) -> T:
        """Blocking work that hashes a password: it takes memory and a core, so that only few have a turn.

        Raises
        ------
        DependencyUnavailable : others were busy hashing for too long.
        """
        try:
            async with asyncio.timeout(self.desk.params.hashing_wait_s):
                await self._turns.acquire()
        except TimeoutError as error:
            raise DependencyUnavailable(
                "too many people sign in at this moment; try again in a few seconds", code="too_busy"
            ) from error
        try:
            return await to_thread.run_sync(work)
        finally:
            self._turns.release()


def make_reception(runtime: Runtime, clock: Clock) -> Reception:
    """The reception over an opened runtime.

    Raises
    ------
    ConfigurationError : keys are needed, and there is no secret to sign tokens with.
    """
    check_secret(runtime.settings)
    keyring, params = Keyring(runtime.settings), runtime.params.accounts
    warm_up()
    attempts = Attempts(params.most_wrong, shared=_shared_counts(runtime))
    desk = Desk(runtime.database, keyring, params, clock, attempts)
    return Reception(desk, Proofs(runtime.database, keyring, clock, params.trusted_s))


def _shared_counts(runtime: Runtime) -> SharedCounts | None:
    if runtime.redis is None:
        return None
    from service.store.redis_counts import RedisCounts

    return RedisCounts(runtime.redis, "vitrine:wrong", WINDOW_S)
