"""Sends requests when they are due, whatever became of those before, from a process of its own."""

import gc
import pickle
import subprocess
import sys
import time
from array import array
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from select import select

from eval.load.wire import Connection

IDLE_S = 2.0  # services close connections that were not used for some seconds (uvicorn: 5)
_LONGEST_WAIT_S = 0.05
CONNECTIONS = 400  # `select` takes file numbers below 1024

REFUSED, TIMED_OUT, BROKEN = -1, -2, -3
REASONS = {REFUSED: "not_connected", TIMED_OUT: "timeout", BROKEN: "connection_broken"}


@dataclass(frozen=True, slots=True)
class Plan:
    """What to send: request number i is due i / rate seconds after the start.

    Attributes
    ----------
    requests : whole HTTP messages. rate : per second. timeout_s : how long an answer is waited for after it was due.
    """

    host: str
    port: int
    requests: Sequence[bytes]
    rate: float
    timeout_s: float = 30.0
    connections: int = CONNECTIONS


@dataclass(frozen=True, slots=True)
class Record:
    """What became of each request; times are seconds after the start.

    Attributes
    ----------
    taken : when the generator turned to it; later than due means that the generator itself was late.
    ended : when its answer was complete or given up. status : of the answer, or one of `REASONS`.
    waited : requests that waited because all connections were in use. cpu_s : the generator's own.
    """

    taken: "array[float]"
    ended: "array[float]"
    status: "array[int]"
    waited: int
    cpu_s: float


class Generator:
    """The state of one run."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        count = len(plan.requests)
        self._taken, self._ended = array("d", bytes(8 * count)), array("d", bytes(8 * count))
        self._status = array("i", bytes(4 * count))
        self._queue: deque[int] = deque()
        self._busy: dict[int, Connection] = {}  # by request, so the oldest comes first
        self._idle: list[Connection] = []
        self._waited, self._start = 0, 0.0

    def run(self) -> Record:
        """Send everything, and wait for what is still under way."""
        cpu = time.process_time()
        self._start = time.perf_counter() + 0.05
        count, taken = len(self._plan.requests), 0
        while taken < count or self._busy or self._queue:
            now = time.perf_counter() - self._start
            while taken < count and taken / self._plan.rate <= now:
                self._taken[taken] = now
                self._queue.append(taken)
                taken += 1
            self._send_queued(now)
            self._give_up(now)
            wait = taken / self._plan.rate - (time.perf_counter() - self._start) if taken < count else _LONGEST_WAIT_S
            self._read(min(max(wait, 0.0), _LONGEST_WAIT_S))
        for connection in self._idle:
            connection.close()
        return Record(self._taken, self._ended, self._status, self._waited, time.process_time() - cpu)

    def _send_queued(self, now: float) -> None:
        while self._queue and (self._idle or len(self._busy) < self._plan.connections):
            number = self._queue.popleft()
            if now - self._taken[number] > 0.0:
                self._waited += 1
            self._ask(number, now)

    def _ask(self, number: int, now: float) -> None:
        while self._idle:
            connection = self._idle.pop()
            if now - connection.used < IDLE_S:
                break
            connection.close()
        else:
            connection = Connection(self._plan.host, self._plan.port)
        try:
            connection.ask(number, self._plan.requests[number])
        except OSError:
            self._end(connection, REFUSED if not connection.answered else BROKEN)
        else:
            self._busy[number] = connection

    def _read(self, wait_s: float) -> None:
        if not self._busy:
            time.sleep(wait_s)
            return
        busy = list(self._busy.values())
        readable, writable, _ = select(busy, [one for one in busy if one.wants_write], [], wait_s)
        for connection in writable:
            try:
                connection.send()
            except OSError:
                self._end(connection, REFUSED if not connection.answered else BROKEN)
        for connection in readable:
            if connection.number in self._busy:
                self._receive(connection)

    def _receive(self, connection: Connection) -> None:
        try:
            if connection.receive():
                self._end(connection, connection.status)
        except OSError:
            self._end(connection, BROKEN if not connection.wants_write else REFUSED)

    def _end(self, connection: Connection, status: int) -> None:
        now = time.perf_counter() - self._start
        self._busy.pop(connection.number, None)
        self._ended[connection.number], self._status[connection.number] = now, status
        connection.used = now
        if status > 0 and connection.can_be_used_again:
            self._idle.append(connection)
        else:
            connection.close()

    def _give_up(self, now: float) -> None:
        limit = self._plan.timeout_s
        for number in list(self._busy):
            if now - number / self._plan.rate < limit:
                break
            self._end(self._busy[number], TIMED_OUT)
        while self._queue and now - self._queue[0] / self._plan.rate >= limit:
            number = self._queue.popleft()
            self._ended[number], self._status[number] = now, TIMED_OUT


def send(plan: Plan) -> Record:
    """Follow a plan in a process of its own: what goes on here does not make it late.

    Raises
    ------
    RuntimeError : the process failed.
    """
    command = [sys.executable, "-c", "from eval.load.generator import main; main()"]
    done = subprocess.run(command, input=pickle.dumps(plan), capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(f"the load generator failed: {done.stderr.decode()[-2000:]}")
    record: Record = pickle.loads(done.stdout)  # nosec B301: what our own child just wrote into our pipe
    return record


def main() -> None:
    """Read a pickled `Plan`, follow it, write the pickled `Record`."""
    plan: Plan = pickle.load(sys.stdin.buffer)  # nosec B301: from the parent that started us, see `send`
    gc.disable()  # nothing here makes cycles, and a collection would make the generator late
    pickle.dump(Generator(plan).run(), sys.stdout.buffer)
