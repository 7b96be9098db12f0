"""What shoppers notice of a training: latency of ``/v1/home`` while the schedule trains, publishes and switches.

::

    python -m eval.bench.while_training --interactions 120000 --products 3000 --rate 20 --seconds 30
"""

import argparse
import json
import os
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from eval.bench.served import run_command, served
from eval.bench.steady_load import Latency, steady_load
from eval.bench.training import fill_until_now
from service.store.database import open_database
from service.store.jobs import JobStatus, recent
from service.store.releases import live_release

_EVERY_S = 60  # a release younger than half of this is not trained again
_WARM_S = 5.0
_AFTER_S = 5.0  # the switch, and removing the release before
_LONGEST_S = 600.0


@dataclass(frozen=True, slots=True)
class WhileTraining:
    """The same load on an idle service, and while it trains.

    Attributes
    ----------
    p95_ratio : while training to idle. load : runnable processes of the machine before, 1.0 per core is full.
    """

    idle: Latency
    training: Latency
    p95_ratio: float
    switched: bool
    load: float


def while_training(folder: Path, interactions: int, products: int, rate: float, seconds: float) -> WhileTraining:
    """Serve a shop with a release, and wait for the schedule to train the next one."""
    load = os.getloadavg()[0]
    with closing(open_database(f"sqlite:///{folder}/vitrine.db")) as database:
        users = fill_until_now(database, interactions, products, seed=7)
    run_command(folder, "index")
    run_command(folder, "train")
    before = _live(folder)
    config = folder / "bench.toml"
    config.write_text(f"[schedule]\ntraining_s = {_EVERY_S}\ntraining_delay_s = {_WARM_S + seconds + 3}\n")
    with served(folder, "--config", str(config)) as address:
        steady_load(address, lambda number: _home(number, users), rate, lambda at: at >= _WARM_S)
        idle = steady_load(address, lambda number: _home(number, users), rate, lambda at: at >= seconds)
        training = steady_load(address, lambda number: _home(number, users), rate, _is_trained(folder))
    ratio = round(training.p95_ms / idle.p95_ms, 2)
    return WhileTraining(idle, training, ratio, _live(folder) != before, round(load, 1))


def _home(number: int, users: int) -> str:
    return f"/v1/home?user=u{number * 7919 % users}&n=20"


def _is_trained(folder: Path) -> Callable[[float], bool]:
    """Whether the first training is over, and what comes after it."""
    looked, ended = -1.0, _LONGEST_S

    def is_over(at: float) -> bool:
        nonlocal looked, ended
        if at - looked >= 1 and ended == _LONGEST_S:
            looked = at
            with closing(open_database(f"sqlite:///{folder}/vitrine.db")) as database, database.session() as session:
                jobs = [job for job in recent(session, 20) if job.name == "training"]
            if any(job.status in (JobStatus.DONE, JobStatus.FAILED) for job in jobs):
                ended = at + _AFTER_S
        return at >= ended

    return is_over


def _live(folder: Path) -> str | None:
    with closing(open_database(f"sqlite:///{folder}/vitrine.db")) as database, database.session() as session:
        release = live_release(session)
    return release.id if release else None


def main() -> None:
    """Measure and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--interactions", type=int, default=120_000)
    parser.add_argument("--products", type=int, default=3_000)
    parser.add_argument("--rate", type=float, default=20.0)
    parser.add_argument("--seconds", type=float, default=30.0)
    given = parser.parse_args()
    with TemporaryDirectory(prefix="vitrine-while-training-") as folder:
        found = while_training(Path(folder), given.interactions, given.products, given.rate, given.seconds)
    sys.stdout.write(json.dumps(asdict(found), indent=2) + "\n")
    if not found.switched or found.training.failed:
        sys.exit("the new release did not take over, or requests failed")


if __name__ == "__main__":
    main()
