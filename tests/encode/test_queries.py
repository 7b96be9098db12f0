"""Query vectors are made once, remembered within bounds, and made behind whoever only peeks."""

import subprocess
import sys
import time

import numpy as np

from service.encode.queries import QueryVectors


class Counting:
    def __init__(self) -> None:
        self.made: list[str] = []

    def __call__(self, text: str) -> np.ndarray:
        self.made.append(text)
        return np.array([float(len(text))], np.float32)


def test_a_query_is_encoded_once() -> None:
    encode = Counting()
    queries = QueryVectors(encode, 10)
    assert [queries.get(text)[0] for text in ("mug", "lamp", "mug")] == [3.0, 4.0, 3.0]
    assert encode.made == ["mug", "lamp"]


def test_the_least_recently_used_goes_first() -> None:
    encode = Counting()
    queries = QueryVectors(encode, 2)
    for text in ("a", "b", "a", "c", "a", "b"):
        queries.get(text)
    assert encode.made == ["a", "b", "c", "b"]


def test_peeking_waits_for_nothing_and_is_answered_soon() -> None:
    queries = QueryVectors(Counting(), 10)
    assert queries.peek("mug") is None
    end = time.monotonic() + 5
    while (vector := queries.peek("mug")) is None:
        assert time.monotonic() < end
        time.sleep(0.005)
    assert vector[0] == 3.0


def test_a_process_that_ends_amid_the_work_ends_quietly() -> None:
    code = (
        "import time, numpy as np\nfrom service.encode.queries import QueryVectors\n"
        "queries = QueryVectors(lambda text: (time.sleep(0.2), np.ones(1))[1], 10_000)\n"
        "[queries.peek(str(number)) for number in range(900)]\n"
    )
    start = time.monotonic()
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert time.monotonic() - start < 30  # 900 of them would take three minutes


def test_a_query_that_cannot_be_encoded_keeps_no_other_waiting() -> None:
    def encode(text: str) -> np.ndarray:
        if text == "bad":
            raise RuntimeError("no model")
        return np.ones(1, np.float32)

    queries = QueryVectors(encode, 10)
    assert (queries.peek("bad"), queries.peek("good")) == (None, None)
    end = time.monotonic() + 5
    while queries.peek("good") is None:
        assert time.monotonic() < end
        time.sleep(0.005)


def test_without_a_memory_every_query_is_encoded_and_peeking_finds_nothing() -> None:
    encode = Counting()
    queries = QueryVectors(encode, 0)
    assert [queries.get("mug")[0], queries.get("mug")[0]] == [3.0, 3.0]
    assert queries.peek("mug") is None
    assert encode.made == ["mug", "mug"]
