"""The service under load: `vitrine serve` in a process of its own, on a copy of the shop: load must not change one."""

import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree, ignore_patterns
from tempfile import TemporaryDirectory, TemporaryFile

from config.params import load_params
from config.settings import Settings
from eval.catalogue.shop import check_there_is_a_shop
from eval.load.client import Address, asking
from indexer.popular import make_popular
from service.core.errors import DependencyUnavailable, IndexNotReady
from service.core.types import DEFAULT_TENANT
from service.runtime import open_database_only, open_vectors_only
from service.signals import SIGNALS
from service.store.spaces import PRODUCTS

_READY_S = 120.0
_COMMAND = (sys.executable, "-c", "from service.cli.main import run; run()")


@dataclass(frozen=True, slots=True)
class Served:
    """A running service and its process."""

    address: Address
    pid: int


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process has used so far: seconds of processor time, MB in memory now and at most."""

    cpu_s: float
    rss_mb: float
    peak_mb: float


@contextmanager
def copy_of(settings: Settings) -> Iterator[Settings]:
    """An embedded shop copied into a folder that is gone afterwards; one on servers as it is.

    Raises
    ------
    ConfigurationError : there is no shop, or a running service holds it. IndexNotReady : it was never indexed.
    """
    check_there_is_a_shop(settings)
    with TemporaryDirectory(prefix="vitrine-load-") as folder:
        with open_vectors_only(settings) as store:  # nobody writes while it is ours
            if PRODUCTS not in store.names():
                raise IndexNotReady("this shop has no index yet; run `vitrine index`")
            if settings.embedded:
                _copy(settings, Path(folder))
        if not settings.embedded:
            yield settings
            return
        copied = settings.model_copy(update={"data_dir": Path(folder)})
        _count_popular(copied)
        yield copied


def _copy(settings: Settings, to: Path) -> None:
    copytree(settings.vectors_dir, to / "vectors", ignore=ignore_patterns("lock"))
    if settings.releases_dir.exists():
        copytree(settings.releases_dir, to / "releases")
    source = sqlite3.connect(f"file:{settings.data_dir.absolute() / 'vitrine.db'}?mode=ro", uri=True)
    with closing(source), closing(sqlite3.connect(to / "vitrine.db")) as copy:
        source.backup(copy)


def _count_popular(settings: Settings) -> None:
    """What a service counts at its start; without these lists newcomers get empty pages."""
    params = load_params(*settings.overlays, signals=frozenset(SIGNALS))
    with open_database_only(settings) as database:
        make_popular(database, DEFAULT_TENANT, params.popular, params.events.taste())


@contextmanager
def serving(settings: Settings, *, background: bool) -> Iterator[Served]:
    """`vitrine serve` on a shop, once it answers.

    Parameters
    ----------
    background : whether it also indexes, counts and trains meanwhile.

    Raises
    ------
    DependencyUnavailable : it does not start.
    """
    options = ["--data-dir", str(settings.data_dir)]
    if settings.config_file is not None:
        options += ["--config", str(settings.config_file)]
    if settings.profile is not None:
        options += ["--profile", settings.profile]
    command = [*_COMMAND, "serve", "--host", "127.0.0.1", "--port", "0", "--json", *options]
    with TemporaryFile("w+") as errors:
        environment = _environment(settings, background=background)
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True, env=environment) as process:
            try:
                line = process.stdout.readline() if process.stdout else ""
                told = json.loads(line or "{}")
                if "address" not in told:
                    errors.seek(0)
                    why = told.get("error", {}).get("message") or errors.read()[-500:]
                    raise DependencyUnavailable(f"`vitrine serve` did not start: {why}")
                address = Address.of(told["address"])
                _wait_until_ready(address)
                yield Served(address, process.pid)
            finally:
                process.terminate()


def usage(pid: int) -> Usage | None:
    """What a process has used, all its threads together; None where the system has no ``/proc``."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
        status = Path(f"/proc/{pid}/status").read_text("utf-8")
    except OSError:
        return None
    sizes = {line.split(":")[0]: int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("Vm")}
    ticks = int(stat[11]) + int(stat[12])
    return Usage(ticks / os.sysconf("SC_CLK_TCK"), round(sizes["VmRSS"], 1), round(sizes["VmHWM"], 1))


def _environment(settings: Settings, *, background: bool) -> dict[str, str]:
    given = {"VITRINE_BACKGROUND": "auto" if background else "off", "VITRINE_LOG_LEVEL": settings.log_level}
    # the settings in force may come from a program, not from this environment
    given |= {"VITRINE_TEXT_MODEL": settings.text_model, "VITRINE_IMAGE_MODEL": settings.image_model}
    return dict(os.environ) | given


def _wait_until_ready(address: Address) -> None:
    until = time.monotonic() + _READY_S
    while True:
        try:
            with asking(address) as client:
                client.ready()
        except DependencyUnavailable:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)
        else:
            return
