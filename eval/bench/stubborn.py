"""Clients that go on whatever happens to the service: who gets no answer sends the same again, and all keep books."""

import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from itertools import count
from threading import Event, Thread
from typing import Any

import orjson

from eval.bench.served import connect

BATCH = 20
_REVISIONS = 3  # each product is written and changed so often, and every fifth is deleted in the end
_AGAIN_S = 0.05
_JSON = {"Content-Type": "application/json"}


@dataclass(slots=True)
class Books:
    """What one client has been promised.

    Attributes
    ----------
    answers : how many of each status; 0: none came, so the same was sent again.
    names : product -> the name it was acknowledged with last; None: its deletion was. events : acknowledged ids.
    longest_s : the longest time without an answer.
    """

    answers: Counter[int] = field(default_factory=Counter)
    names: dict[str, str | None] = field(default_factory=dict)
    events: list[str] = field(default_factory=list)
    longest_s: float = 0.0


class _Ended(Exception):
    """The traffic is over."""


class _Client:
    """One connection, made again whenever it breaks."""

    def __init__(self, address: str, pause_s: float, is_over: Event) -> None:
        self._address = address
        self._pause_s = pause_s
        self._is_over = is_over
        self._connection: HTTPConnection | None = None
        self.books = Books()

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """The answer, once there is one; refusals (429, 503) are no answers either."""
        began, text = time.monotonic(), None if body is None else orjson.dumps(body)
        while True:
            status, answer = self._once(method, path, text)
            self.books.answers[status] += 1
            if status not in (0, 429, 503):
                break
            if self._is_over.wait(_AGAIN_S):
                raise _Ended
        self.books.longest_s = max(self.books.longest_s, time.monotonic() - began)
        self._is_over.wait(self._pause_s)
        return answer if status == 200 else None

    def _once(self, method: str, path: str, text: bytes | None) -> tuple[int, Any]:
        try:
            connection = self._connection = self._connection or connect(self._address)
            connection.request(method, path, text, _JSON if text else {})
            answer = connection.getresponse()
            return answer.status, orjson.loads(answer.read())
        except (OSError, HTTPException, orjson.JSONDecodeError):
            self.close()
            return 0, None

    @property
    def is_over(self) -> bool:
        return self._is_over.is_set()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class Traffic:
    """Clients of three kinds, each a thread with a connection of its own: they write products, post events, and look.

    Parameters
    ----------
    address : of the service, which need not answer yet. pause_s : of each client between two requests.
    """

    def __init__(self, address: str, products: list[str], *, each: int = 2, pause_s: float = 0.01) -> None:
        self._products = products
        self._is_over = Event()
        work = (self._write, self._tell, self._look) * each
        self._clients = [_Client(address, pause_s, self._is_over) for _ in work]
        self._threads = [
            Thread(target=self._run, args=(one, client, f"c{number}"), daemon=True)
            for number, (one, client) in enumerate(zip(work, self._clients, strict=True))
        ]

    @property
    def answered(self) -> int:
        """Requests with an answer so far."""
        return sum(client.books.answers[200] for client in self._clients)

    @property
    def books(self) -> Books:
        """What all of them were promised."""
        whole = Books()
        for books in (client.books for client in self._clients):
            whole.answers += books.answers
            whole.names |= books.names
            whole.events += books.events
            whole.longest_s = max(whole.longest_s, books.longest_s)
        return whole

    def __enter__(self) -> "Traffic":
        """Begin."""
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End; the service should answer, so that everybody gets the answer he waits for."""
        self._is_over.set()
        for thread in self._threads:
            thread.join()

    def _run(self, work: Callable[[_Client, str], None], client: _Client, name: str) -> None:
        with ExitStack() as stack:
            stack.enter_context(suppress(_Ended))
            stack.enter_context(closing(client))
            while not client.is_over:
                work(client, name)

    def _write(self, client: _Client, name: str) -> None:
        for number in count():
            if client.is_over:
                return
            product = f"{name}-{number // _REVISIONS}"
            if number % (5 * _REVISIONS) == 5 * _REVISIONS - 1:
                written, answer = None, client.ask("DELETE", f"/v1/products/{product}")
            else:
                written = f"Vase {product}, drawing {number}"
                answer = client.ask("PUT", f"/v1/products/{product}", {"name": written, "price": 1 + number % 90})
            if answer is not None or written is None:  # a deletion that was sent twice finds nothing the second time
                client.books.names[product] = written

    def _tell(self, client: _Client, name: str) -> None:
        for number in count():
            if client.is_over:
                return
            events = [
                {"type": "view", "user": f"{name}u{(number + place) % 50}", "event_id": f"{name}-{number}-{place}",
                 "product": self._products[(number * 7 + place) % len(self._products)]}
                for place in range(BATCH)
            ]  # fmt: skip
            answer = client.ask("POST", "/v1/events", {"events": events})
            if answer is not None:
                kept = [one["status"] in ("recorded", "duplicate") for one in answer["results"]]
                client.books.events += [one["event_id"] for one, is_kept in zip(events, kept, strict=True) if is_kept]

    def _look(self, client: _Client, name: str) -> None:
        product = self._products[client.books.answers[200] % len(self._products)]
        client.ask("GET", f"/v1/search?q=product+{client.books.answers[200] % 50}&n=5")
        client.ask("GET", f"/v1/similar/{product}?n=5")
        client.ask("GET", f"/v1/home?user={name}&n=5")
