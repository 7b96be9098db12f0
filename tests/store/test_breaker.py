"""Who asks a server that does not answer hears so at once, and hears the answer as soon as there is one again."""

import threading

import pytest

from service.core.errors import NotFound
from service.store.breaker import Breaker, NoAnswer


def nobody() -> str:
    raise NoAnswer("nobody listens")


def test_after_no_answer_the_others_are_refused_and_the_first_after_the_pause_goes_through() -> None:
    asked = []
    breaker = Breaker("Qdrant", pause_s=3600, slow_s=3600)
    with pytest.raises(NoAnswer, match="nobody listens"):
        breaker.call(nobody)
    with pytest.raises(NoAnswer, match="Qdrant did not answer a moment ago"):
        breaker.call(lambda: asked.append(1))
    assert not asked

    breaker = Breaker("Qdrant", pause_s=0.0, slow_s=3600)
    with pytest.raises(NoAnswer):
        breaker.call(nobody)
    assert breaker.call(lambda: "found") == "found"


def test_an_answer_that_says_no_is_an_answer() -> None:
    def missing() -> str:
        raise NotFound("there is no such collection")

    breaker = Breaker("Qdrant", pause_s=0.0, slow_s=3600)
    with pytest.raises(NoAnswer):
        breaker.call(nobody)
    for _ in range(2):
        with pytest.raises(NotFound):
            breaker.call(missing)


def test_while_one_waits_for_long_nobody_waits_beside_it() -> None:
    breaker = Breaker("Qdrant", pause_s=0.0, slow_s=0.0)
    waits, may_end = threading.Event(), threading.Event()

    def hang() -> bool:
        waits.set()
        return may_end.wait(20)

    first = threading.Thread(target=breaker.call, args=(hang,))
    first.start()
    try:
        assert waits.wait(20)
        with pytest.raises(NoAnswer):
            breaker.call(lambda: "found")
    finally:
        may_end.set()
        first.join()
    assert breaker.call(lambda: "found") == "found"
