"""The processes of one shop, run and killed at random moments."""

import json
import signal
import socket
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from random import Random
from subprocess import TimeoutExpired
from typing import Any

from eval.bench.served import connect, run_command, start_command
from eval.bench.stubborn import Traffic

PRODUCTS = 200
"""In the shop before anything is loaded."""

_ROWS = 2_000  # of each file that is loaded
_START_S = 180.0
_DYING_EARLY = 0.25  # share of the services that are killed before they answer
_ANSWERS = (40, 200)  # that a service gives before it dies, where nothing runs beside it
_MOMENTS = (0.2, 8.0)  # of a kill, in the time a command takes alone: beside others it takes some times as long
_TURNS = 3  # of all commands in one life of a service, at most
_TAKING_OVER = 0.25  # share of dead services while which somebody indexes by hand


class Files:
    """Files to load, written as they are needed; a file that was loaded whole is followed by the next."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.loaded = {"products": 0, "events": 0}

    def next(self, kind: str) -> str:
        """The path of the file to load now: the same one until it was loaded whole."""
        number = self.loaded[kind]
        path = self._folder / f"{kind}-{number}.csv"
        if not path.exists():
            lines = (self._product if kind == "products" else self._event)(number)
            path.write_text("\n".join(lines) + "\n", "utf-8")
        return str(path)

    def ids(self, kind: str) -> set[str]:
        """Of all rows of the files that were loaded whole."""
        return {f"{kind[0]}{file}-{row}" for file in range(self.loaded[kind]) for row in range(_ROWS)}

    def _product(self, file: int) -> Iterable[str]:
        yield "id,name,price,stock"
        yield from (f"p{file}-{row},Bowl {row} of the {file}th file,{1 + row % 50},3" for row in range(_ROWS))

    def _event(self, file: int) -> Iterable[str]:
        yield "event_id,type,user,product,at"
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        yield from (f"e{file}-{row},view,u{row % 60},p{row % PRODUCTS},{at}" for row in range(_ROWS))


class Killer:
    """Runs and kills the processes of one shop.

    Parameters
    ----------
    beside : commands to run beside the service, all at once: load-products, load-events, train; none: only the
        service dies, after some tens of answers.
    """

    def __init__(self, shop: Path, seed: int, beside: tuple[str, ...]) -> None:
        self._shop = shop
        self._log = shop.parent / "kills.log"
        self._random = Random(seed)
        self._beside = beside
        self._running: list[Any] = []
        self._usual_s: dict[str, float] = {}
        self._port = _free_port()
        self.address = f"http://127.0.0.1:{self._port}"
        self.files = Files(shop.parent)
        self.kills: Counter[str] = Counter()
        self.done: Counter[str] = Counter()
        self.started_s: list[float] = []

    def close(self) -> None:
        """Leave nothing running, whatever went wrong."""
        for process in self._running:
            process.kill()
            process.wait()

    def round(self, traffic: Traffic) -> None:
        """One life of a service, and of what runs beside it."""
        service = self._start("serve", "--port", str(self._port))
        if "serve" in self._usual_s and self._random.random() < _DYING_EARLY:
            time.sleep(self._random.uniform(0, self._usual_s["serve"]))
            self._kill("serve", service)
            return
        self._wait_for_answers(service)
        if self._beside:
            for _ in range(self._random.randint(1, _TURNS)):
                self._cut_short(*self._beside)
        else:
            self._wait_for_traffic(traffic)
        self._kill("serve", service)
        if self._beside and self._random.random() < _TAKING_OVER:
            self._cut_short("index")

    def live_on(self) -> "Any":
        """A service that nobody kills, once it answers."""
        service = self._start("serve", "--port", str(self._port))
        self._wait_for_answers(service)
        return service

    def finish(self) -> None:
        """Everything that was begun beside the service is done again to its end."""
        for command in self._beside:
            self.run_whole(command)

    def run_whole(self, command: str) -> None:
        """Run a command and let it live."""
        began = time.monotonic()
        run_command(self._shop, *self._arguments(command))
        self._usual_s.setdefault(command, time.monotonic() - began)
        self._count_done(command)

    def _cut_short(self, *commands: str) -> None:
        """Kill commands somewhere in their usual time; one that was faster has done its work."""
        began = time.monotonic()
        running = {one: self._start(*self._arguments(one)) for one in commands}
        ends = {one: began + self._random.uniform(*_MOMENTS) * self._usual_s.get(one, 10.0) for one in commands}
        for command, end in sorted(ends.items(), key=lambda one: one[1]):
            try:
                code = running[command].wait(max(0.0, end - time.monotonic()))
            except TimeoutExpired:
                self._kill(command, running[command])
            else:
                if code:
                    raise RuntimeError(f"`vitrine {command}` ended with {code}: see {self._log}")
                self._count_done(command)

    def _arguments(self, command: str) -> list[str]:
        verb, _, kind = command.partition("-")
        return ["load", kind, self.files.next(kind)] if verb == "load" else [command]

    def _count_done(self, command: str) -> None:
        verb, _, kind = command.partition("-")
        if verb == "load":
            self.files.loaded[kind] += 1
        self.done[command] += 1

    def _start(self, *arguments: str) -> Any:
        with self._log.open("ab") as log:
            process = start_command(self._shop, *arguments, log=log)
        self._running = [one for one in self._running if one.poll() is None] + [process]
        return process

    def _kill(self, name: str, process: Any) -> None:
        process.send_signal(signal.SIGKILL)
        if process.wait() == -signal.SIGKILL:
            self.kills[name] += 1
        elif process.returncode:
            raise RuntimeError(f"`vitrine {name}` ended by itself with {process.returncode}")

    def _wait_for_answers(self, service: Any) -> None:
        began = time.monotonic()
        while self.state() is None:
            if service.poll() is not None:
                said = self._log.read_text("utf-8", "replace")[-2000:]
                raise RuntimeError(f"the service ended with {service.returncode}: {said}")
            if time.monotonic() - began > _START_S:
                raise RuntimeError(f"the service does not answer within {_START_S:g} s")
            time.sleep(0.1)
        self.started_s.append(time.monotonic() - began)
        self._usual_s["serve"] = self.started_s[-1]

    def _wait_for_traffic(self, traffic: Traffic) -> None:
        """Until some requests are answered, and then any moment of the next."""
        enough = traffic.answered + self._random.randrange(*_ANSWERS)
        while traffic.answered < enough:
            time.sleep(0.005)
        time.sleep(self._random.uniform(0, 0.05))

    def state(self) -> dict[str, Any] | None:
        """What the service says of itself; None if it does not answer."""
        try:
            with closing(connect(self.address)) as connection:
                connection.request("GET", "/health/ready")
                answer = connection.getresponse()
                told: dict[str, Any] = json.loads(answer.read())
        except (OSError, ValueError):
            return None
        return told if answer.status == 200 else None


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
