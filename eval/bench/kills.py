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
import sqlite3
import sys
import time
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from config.settings import Settings
from eval.bench.killer import PRODUCTS, Files, Killer
from eval.bench.stubborn import Books, Traffic
from eval.bench.training import fill_until_now
from indexer.check import check_index
from service.runtime import open_database_only, open_vectors_only
from service.store.database import open_database

INTERACTIONS = 6_000
_SETTLE_S = 120.0
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


def _compared(shop: Path, books: Books, files: Files) -> tuple[dict[str, int], dict[str, int], dict[str, int]]:
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
