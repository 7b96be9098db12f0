"""One answer of a model within a time limit, with further tries where a failure may pass."""

import asyncio
import random
import time
from collections.abc import Callable

from config.wording import Wording
from service.explain.llm.budget import Budget
from service.explain.llm.model import Model, ModelFailed, Prompt, Reply


async def ask_patiently(
    model: Model, prompt: Prompt, limits: Wording, budget: Budget, now: Callable[[], float]
) -> Reply:
    """Ask, pause, ask again; all within ``limits.timeout_s``, after which the connection is dropped.

    Parameters
    ----------
    now : seconds since 1970, UTC, for the budget.

    Raises
    ------
    ModelFailed : no answer in time, none after all tries, or the budget is used up.
    """
    try:
        async with asyncio.timeout(limits.timeout_s):
            return await _try(model, prompt, limits, budget, now)
    except TimeoutError as error:
        raise ModelFailed(f"the model did not answer within {limits.timeout_s:g} s", billed=True) from error


async def _try(model: Model, prompt: Prompt, limits: Wording, budget: Budget, now: Callable[[], float]) -> Reply:
    deadline = time.monotonic() + limits.timeout_s
    attempt = 0
    while True:
        try:
            return await _try_once(model, prompt, budget, now)
        except ModelFailed as failure:
            pause = _pause_s(failure, attempt, limits)
            if not failure.passing or attempt == limits.retries or time.monotonic() + pause >= deadline:
                raise
        await asyncio.sleep(pause)
        attempt += 1


async def _try_once(model: Model, prompt: Prompt, budget: Budget, now: Callable[[], float]) -> Reply:
    taken = prompt.most_tokens
    budget.take(taken, now())
    try:
        reply = await model.ask(prompt)
    except ModelFailed as failure:
        if not failure.billed:
            budget.settle(taken, 0)
        raise
    if reply.tokens is not None:
        budget.settle(taken, reply.tokens)
    return reply


def _pause_s(failure: ModelFailed, attempt: int, limits: Wording) -> float:
    """Doubling, a little different for everybody, and no shorter than the model's server asks for."""
    own = limits.retry_wait_s * 2.0**attempt * random.uniform(1.0, 1.25)
    return max(own, failure.wait_s or 0.0)
