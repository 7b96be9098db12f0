"""How long a service takes from its command until it is ready on an existing index, and what memory it then has.

::

    python -m eval.bench.start --shop /tmp/speed50k --json

The shop is a copy of that of `eval.bench.shop`, which is made first if it is missing. The service is started twice:
the first start reads the catalogue's words and keeps them, the second one is what a restart costs.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

from config.settings import Settings
from eval.bench.served import connect
from eval.bench.shop import make_speed_shop, shop_environment, shop_settings
from eval.load.service import copy_of

_COMMAND = (sys.executable, "-c", "from service.cli.main import run; run()", "serve", "--port", "0", "--json")
_UNTIL_S = 600.0
_MB = 1024


@dataclass(frozen=True, slots=True)
class Memory:
    """Megabytes of a process.

    Attributes
    ----------
    rss : in memory now, files it has mapped and libraries that others use too included. uss : of those, what nobody
        else uses. anonymous : what is no file's: all that would be lost with the process.
    """

    rss_mb: float
    uss_mb: float
    anonymous_mb: float


@dataclass(frozen=True, slots=True)
class Start:
    """One start: seconds until the port answers, until ready, of the processor until ready; memory when warm."""

    listens_s: float
    ready_s: float
    cpu_s: float
    ready: Memory
    warm: Memory


@dataclass(frozen=True, slots=True)
class Starts:
    """The first start on an index and the next one, and how busy the machine was: 1.0 per core is full."""

    products: int
    first: Start
    again: Start
    load_before: float
    load_after: float


def measure(folder: Path, products: int, users: int, warm_s: float) -> Starts:
    """Start a service on a copy of the shop, twice.

    Parameters
    ----------
    warm_s : after being ready, until memory is looked at again.
    """
    make_speed_shop(folder, products, users)
    before = os.getloadavg()[0]
    with copy_of(shop_settings(folder)) as shop:
        first, again = (_start(shop, shop_environment(folder), warm_s) for _ in range(2))
    return Starts(products, first, again, round(before, 2), round(os.getloadavg()[0], 2))


def _start(shop: Settings, environment: dict[str, str], warm_s: float) -> Start:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("VITRINE_")}
    own = kept | {"VITRINE_LOG_LEVEL": "warning", "VITRINE_BACKGROUND": "off"} | environment
    start = time.monotonic()
    command = [*_COMMAND, "--data-dir", str(shop.data_dir)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=own) as process:
        try:
            address = json.loads(process.stdout.readline() if process.stdout else "{}")["address"]
            listens_s = time.monotonic() - start
            _wait_until_ready(address)
            ready_s, cpu_s, ready = time.monotonic() - start, _cpu_s(process.pid), _memory(process.pid)
            time.sleep(warm_s)
            return Start(round(listens_s, 2), round(ready_s, 2), round(cpu_s, 2), ready, _memory(process.pid))
        finally:
            process.terminate()


def _wait_until_ready(address: str) -> None:
    until = time.monotonic() + _UNTIL_S
    while time.monotonic() < until:
        try:
            with closing(connect(address)) as connection:
                connection.request("GET", "/health/ready")
                if connection.getresponse().status == 200:
                    return
        except OSError:
            pass
        time.sleep(0.02)
    raise RuntimeError(f"the service was not ready within {_UNTIL_S:g} s")


def _cpu_s(pid: int) -> float:
    user, system = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def _memory(pid: int) -> Memory:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text("utf-8").splitlines()[1:]
    kb = {line.split(":")[0]: int(line.split()[1]) for line in lines}
    sizes = (kb["Rss"], kb["Private_Clean"] + kb["Private_Dirty"], kb["Anonymous"])
    return Memory(*(round(size / _MB, 1) for size in sizes))


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, and print a few lines or one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shop", type=Path, required=True, help="folder of the shop; made if it is missing")
    parser.add_argument("--products", type=int, default=50_000)
    parser.add_argument("--users", type=int, default=100_000)
    parser.add_argument("--warm", type=float, default=10.0, help="seconds after being ready until memory is read again")
    parser.add_argument("--json", action="store_true", help="one JSON object, nothing else")
    given = parser.parse_args(argv)
    found = measure(given.shop, given.products, given.users, given.warm)
    if given.json:
        sys.stdout.write(json.dumps(asdict(found), indent=2) + "\n")
        return
    for name, one in (("first start", found.first), ("next start", found.again)):
        sys.stdout.write(
            f"{name:12} ready after {one.ready_s} s, {one.cpu_s} s of the processor; "
            f"memory {one.warm.rss_mb} MB, {one.warm.anonymous_mb} MB of them its own\n"
        )


if __name__ == "__main__":
    main()
