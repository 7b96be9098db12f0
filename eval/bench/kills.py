"""Kill a shop's processes (SIGKILL) again and again at random moments under traffic: is anything lost or doubled?

Beside a service under traffic, files are loaded and releases trained; all of them are killed, and the index run that
takes over while the service is dead. Whoever is cut off does the same again, as a shop would.

::

    python -m eval.bench.kills --kills 100

A hundred take some minutes where nobody else uses the machine.
"""

import argparse
import json
import os
import signal
import socket
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from subprocess import TimeoutExpired
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from config.settings import Settings
from eval.bench.served import connect, run_command, start_command
from eval.bench.stubborn import Books, Traffic
from eval.bench.training import fill_until_now
from indexer.check import check_index
from service.runtime import open_database_only, open_vectors_only
from service.store.database import open_database

PRODUCTS = 200
INTERACTIONS = 6_000
ROWS = 2_000  # of each file that is loaded
_START_S = 180.0
_SETTLE_S = 120.0
_DYING_EARLY = 0.25  # share of the services that are killed before they answer
_ANSWERS = (40, 200)  # that a service gives before it dies, where nothing runs beside it
_MOMENTS = (0.2, 2.5)  # of a kill, in the time a command takes alone: beside others it takes longer
_TURNS = 3  # of all commands in one life of a service, at most
_TAKING_OVER = 0.25  # share of dead services while which somebody indexes by hand
_PRODUCTS_SQL = "SELECT external_id, CASE WHEN deleted_at IS NULL THEN name END FROM product"
_FINE = frozenset({0, 200, 404, 429, 503})  # 404: a deletion that was sent again


@dataclass(frozen=True, slots=True)
class Survived:
    """What was promised, and what is there in the end.

    Attributes
    ----------
    kills : by what was killed. acknowledged : events and changes of products. lost : acknowledged ones that are not
        there. doubled : rows that are there twice. strange : rows that nobody sent, or answers that nobody should get.
    index : what `vitrine index --check` finds at the end. requests : answers by status; 0: the connection broke.
    silence_s : longest time in which a client had no answer. start_s : of a service, median and longest.
    """

    kills: dict[str, int]
    done: dict[str, int]
    acknowledged: dict[str, int]
    lost: dict[str, int]
    doubled: dict[str, int]
    strange: dict[str, int]
    index: dict[str, Any]
    requests: dict[int, int]
    silence_s: float
    start_s: tuple[float, float]
    minutes: float

    @property
    def is_whole(self) -> bool:
        """Whether every promise was kept."""
        faults = [*self.lost.values(), *self.doubled.values(), *self.strange.values()]
        return not any(faults) and bool(self.index["agrees"]) and self.index["pending"] == 0


class _Files:
    """Files to load, written as they are needed; a file that was loaded whole is followed by the next."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.loaded = {"products": 0, "events": 0}

    def next(self, kind: str) -> str:
        number = self.loaded[kind]
        path = self._folder / f"{kind}-{number}.csv"
        if not path.exists():
            lines = (self._product if kind == "products" else self._event)(number)
            path.write_text("\n".join(lines) + "\n", "utf-8")
        return str(path)

    def ids(self, kind: str) -> set[str]:
        """Of all rows of the files that were loaded whole."""
        return {f"{kind[0]}{file}-{row}" for file in range(self.loaded[kind]) for row in range(ROWS)}

    def _product(self, file: int) -> Iterable[str]:
        yield "id,name,price,stock"
        yield from (f"p{file}-{row},Bowl {row} of the {file}th file,{1 + row % 50},3" for row in range(ROWS))

    def _event(self, file: int) -> Iterable[str]:
        yield "event_id,type,user,product,at"
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        yield from (f"e{file}-{row},view,u{row % 60},p{row % PRODUCTS},{at}" for row in range(ROWS))


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
        self.files = _Files(shop.parent)
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


def kills(
    folder: Path, most: int, *, seed: int = 7, minutes: float = 600.0,
    beside: tuple[str, ...] = ("load-products", "train", "load-events"),
) -> Survived:  # fmt: skip
    """Kill that many processes of a new shop in `folder`, or for so long, and look what is left.

    Parameters
    ----------
    beside : commands to run and kill beside the service; () kills the service only.
    """
    shop, began = folder / "shop", time.monotonic()
    with closing(open_database(f"sqlite:///{shop}/vitrine.db")) as database:
        fill_until_now(database, INTERACTIONS, PRODUCTS, seed)
    with closing(Killer(shop, seed, beside)) as killer:
        for command in (*beside, "index") if beside else ():
            killer.run_whole(command)
        with Traffic(killer.address, [f"p{number}" for number in range(PRODUCTS)]) as traffic:
            while killer.kills.total() < most and time.monotonic() - began < minutes * 60:
                killer.round(traffic)
            service = killer.live_on()
            killer.finish()
        _settle(shop)
        service.terminate()
        if code := service.wait(60):
            raise RuntimeError(f"the service ended with {code} when it was asked to")
    books, index = traffic.books, _index(shop)
    lost, doubled, strange = _compared(shop, books, killer.files)
    strange["answers"] = sum(times for status, times in books.answers.items() if status not in _FINE)
    started = killer.started_s
    return Survived(
        dict(killer.kills), dict(killer.done),
        {"events": len(books.events), "products": len(books.names)},
        lost, doubled, strange, index, dict(sorted(books.answers.items())), round(books.longest_s, 1),
        (round(float(np.median(started)), 1), round(max(started), 1)), round((time.monotonic() - began) / 60, 1),
    )  # fmt: skip


def _index(shop: Path) -> dict[str, int | bool]:
    """What `vitrine index --check` compares."""
    settings = Settings.model_construct(data_dir=shop)
    with open_database_only(settings) as database, open_vectors_only(settings) as store:
        report = check_index(database, store)
    wrong = {name: len(getattr(report, name)) for name in ("missing", "outdated", "orphans")}
    return {"agrees": report.agrees, "products": report.products, "points": report.points, "pending": report.pending
            } | wrong  # fmt: skip


def _settle(shop: Path) -> None:
    """Wait until nothing waits to be indexed."""
    end = time.monotonic() + _SETTLE_S
    with closing(sqlite3.connect(shop / "vitrine.db")) as database:
        while waiting := database.execute("SELECT count(*) FROM product WHERE stale").fetchone()[0]:
            if time.monotonic() > end:
                raise RuntimeError(f"{waiting} products still wait to be indexed: see {shop.parent / 'kills.log'}")
            time.sleep(0.2)


def _compared(shop: Path, books: Books, files: _Files) -> tuple[dict[str, int], dict[str, int], dict[str, int]]:
    """What is lost, doubled and strange in the database."""
    with closing(sqlite3.connect(shop / "vitrine.db")) as database:
        events = [row[0] for row in database.execute("SELECT event_id FROM interaction WHERE event_id IS NOT NULL")]
        rows = database.execute(_PRODUCTS_SQL).fetchall()
        live = database.execute("SELECT count(*) FROM release WHERE status = 'live'").fetchone()[0]
        (integrity,) = database.execute("PRAGMA integrity_check").fetchone()
    names: dict[str, str | None] = dict(rows)
    from_files = {id for id in names if id.startswith("p") and "-" in id}
    lost = {
        "events": len({*books.events, *files.ids("events")} - set(events)),
        "products": sum(names.get(id) != name for id, name in books.names.items())
        + len(files.ids("products") - from_files),
    }
    doubled = {"events": len(events) - len(set(events)), "products": len(rows) - len(names)}
    strange = {
        "products": len(names.keys() - books.names.keys() - from_files) - PRODUCTS,
        "releases": int(live > 1),
        "database": int(integrity != "ok"),
    }
    return lost, doubled, strange


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def main() -> None:
    """Kill and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--minutes", type=float, default=600.0, help="end then at the latest")
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    with TemporaryDirectory(prefix="vitrine-kills-") as folder:
        found = kills(Path(folder), given.kills, seed=given.seed, minutes=given.minutes)
    sys.stdout.write(json.dumps(asdict(found) | {"load": round(os.getloadavg()[0], 1)}, indent=2) + "\n")
    if not found.is_whole:
        sys.exit("something was lost, is there twice, or does not agree")


if __name__ == "__main__":
    main()
