"""A slate's facts in the words of a model, in one call; whatever fails, the templates answer, and it is said why."""

import asyncio
import hashlib
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import astuple, replace

import structlog

from config.wording import Wording
from service.explain.clean import clean
from service.explain.facts import Fact
from service.explain.language import Language, speak
from service.explain.llm.answer import Answer, read_answer
from service.explain.llm.breaker import Breaker
from service.explain.llm.budget import Budget
from service.explain.llm.cache import Cache
from service.explain.llm.model import Model, ModelFailed
from service.explain.llm.patience import ask_patiently
from service.explain.llm.prompt import make_prompt
from service.explain.llm.said import Worded, by_model, by_template

log = structlog.get_logger()


class Wordsmith:
    """Words facts; for one event loop.

    Parameters
    ----------
    model : None leaves it to the templates. name : of the model, which answers are kept under.
    now : seconds since 1970, UTC.
    """

    def __init__(self, model: Model | None, name: str, limits: Wording, now: Callable[[], float] = time.time) -> None:
        self._model = model
        self._name = name
        self._limits = limits
        self._now = now
        self._budget = Budget(limits.calls_per_minute, limits.tokens_per_day)
        self._breaker = Breaker(limits.failures, limits.rest_s)
        self._cache = Cache[Answer](limits.cache_size, limits.cache_ttl_s)
        self._flights: dict[str, asyncio.Task[Answer]] = {}

    async def words(self, facts: Sequence[Fact], names: Collection[str | None], language: str) -> Worded:
        """One sentence per fact, in their order, and one about all: at most one call, and never a failure.

        Parameters
        ----------
        names : of the products on the page and of their brands, which the model may not hit by chance.
        language : see `speak`.
        """
        spoken = speak(language)
        sent = [self._without_private(fact) for fact in facts]
        # in an order of its own, so that the same reasons in another one are the same call
        asked = sorted(set(sent), key=repr)[: self._limits.max_facts]
        key = _key(self._name, language, asked)
        kept = self._cache.get(key, self._now())
        try:
            answer = kept or await self._fly(key, asked, spoken)
        except ModelFailed as failure:
            return by_template(facts, language, failure.why)
        known = frozenset(known for name in names if (known := clean(name)))
        worded = by_model(facts, sent, asked, answer, spoken, known, self._limits.max_chars)
        return replace(worded, cached=kept is not None)

    async def close(self) -> None:
        """Drop what is under way, and the connections."""
        flights = list(self._flights.values())
        for flight in flights:
            flight.cancel()
        await asyncio.gather(*flights, return_exceptions=True)
        if self._model is not None:
            await self._model.close()

    def _without_private(self, fact: Fact) -> Fact:
        return replace(fact, query=fact.query if self._limits.send_queries else None, shares={})

    async def _fly(self, key: str, asked: Sequence[Fact], spoken: Language) -> Answer:
        """The answer that others wait for already, or one of its own."""
        flight = self._flights.get(key)
        if flight is None:
            flight = asyncio.create_task(self._ask(key, asked, spoken))
            self._flights[key] = flight
            flight.add_done_callback(lambda done: self._landed(key, done))
        # who goes away takes no answer from those who wait for the same one
        return await asyncio.shield(flight)

    def _landed(self, key: str, flight: "asyncio.Task[Answer]") -> None:
        self._flights.pop(key, None)
        if not flight.cancelled():
            flight.exception()  # seen, even if everybody who waited for it has gone

    async def _ask(self, key: str, asked: Sequence[Fact], spoken: Language) -> Answer:
        model = self._ready(asked, spoken)
        self._breaker.check(self._now())
        prompt = make_prompt(asked, spoken, self._limits.max_chars, self._limits.max_tokens)
        start = time.perf_counter()
        try:
            reply = await ask_patiently(model, prompt, self._limits, self._budget, self._now)
            answer = read_answer(reply.text)
        except ModelFailed as failure:
            log.warning("wording_failed", why=failure.why, model=self._name)
            if not failure.ours:
                self._breaker.fail(self._now(), failure.wait_s)
            raise
        took_ms = round((time.perf_counter() - start) * 1000, 1)
        log.info("wording_asked", model=self._name, tokens=reply.tokens, took_ms=took_ms)
        self._breaker.succeed()
        self._cache.put(key, answer, self._now())
        return answer

    def _ready(self, asked: Sequence[Fact], spoken: Language) -> Model:
        if self._model is None:
            raise ModelFailed("no language model is set up: VITRINE_LLM_PROVIDER is template")
        if not asked:
            raise ModelFailed("there is nothing to word")
        if not spoken.plain:
            raise ModelFailed(f"the sentences in {spoken.name} come without a word list for models: words.plain")
        return self._model


def _key(name: str, language: str, asked: Sequence[Fact]) -> str:
    return hashlib.sha256(repr((name, language, [astuple(fact) for fact in asked])).encode()).hexdigest()
