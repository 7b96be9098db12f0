"""Train in a child process that stays out of the way of those who wait for answers."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from tempfile import TemporaryFile
from typing import IO, Any

from config.secret_files import SUFFIX
from config.settings import Settings
from indexer.relay import Relay
from indexer.schedule import Run, Stopped
from service.core.errors import RecommenderError
from service.core.types import DEFAULT_TENANT
from service.store.database import Database
from service.store.erasures import wants_training
from service.store.events import resolve_products
from service.store.releases import Release, ReleaseStatus, get_release, list_releases

_CODE = "import os; os.nice(10); from service.cli.main import run; run()"
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_SECRETS = {
    "database_url": "VITRINE_DATABASE_URL",
    "source_url": "VITRINE_SOURCE_URL",
    "qdrant_api_key": "VITRINE_QDRANT_API_KEY",
}
_POLL_S = 0.2
_REPORT_S = 5.0
_PATIENCE_S = 600.0
_GRACE_S = 2.0
_HARMLESS = ("nothing_to_train_on", "training_runs")


class TrainingFailed(RecommenderError):
    """The child did not make a release that answers; the message says why."""

    code = "training_failed"


@dataclass(frozen=True, slots=True)
class Trainer:
    """Retrains a shop.

    Attributes
    ----------
    command, environment : of the child. every_s : a release younger than half of it is young enough.
    """

    database: Database
    command: Sequence[str]
    environment: Mapping[str, str]
    every_s: float
    now: Callable[[], datetime]

    def __call__(self, run: Run) -> str:
        """Train once; waits until the release is published.

        Raises
        ------
        TrainingFailed : the child failed, or the release did not pass its checks.
        Stopped : the process is ending; the child is ended too.
        """
        if (young := self._young()) is not None:
            return f"left out: release {young.id} is young enough"
        run.report(0.0, "finding products of earlier events")
        with self.database.session() as session:
            resolve_products(session, DEFAULT_TENANT)
        code, out, errors = run_child(self.command, self.environment, run)
        answer = _answer(out)
        told = answer.get("error")
        if told is not None and told["code"] in _HARMLESS:
            return str(told["message"])
        if "id" not in answer:
            last = (errors.strip().splitlines() or ["it said nothing"])[-1]
            raise TrainingFailed(told["message"] if told else f"`vitrine train` ended with {code}: {last[:500]}")
        return self._published(str(answer["id"]), run)

    def _young(self) -> Release | None:
        with self.database.session() as session:
            releases = list_releases(session, limit=20)
            made = [release for release in releases if release.status is not ReleaseStatus.FAILED]
            is_called_for = bool(made) and wants_training(session, made[0].created_at)
        if made and not is_called_for and (self.now() - made[0].created_at).total_seconds() < self.every_s / 2:
            return made[0]
        return None

    def _published(self, release_id: str, run: Run) -> str:
        run.report(0.8, f"release {release_id} is trained and being published")
        end = time.monotonic() + _PATIENCE_S
        while time.monotonic() < end:
            with self.database.session() as session:
                release = get_release(session, release_id)
            if release.status is ReleaseStatus.FAILED:
                raise TrainingFailed(f"release {release_id} does not answer: {release.message}")
            if release.status is not ReleaseStatus.TRAINING:
                return f"release {release_id} is {release.status}"
            try:
                run.wait(_POLL_S)
            except Stopped:
                break
        return f"release {release_id} is trained; a serving process will publish it"


def train_command(settings: Settings) -> list[str]:
    """``vitrine train`` on the same shop, at a low priority."""
    options = ["--data-dir", str(settings.data_dir.absolute())]
    if settings.config_file is not None:
        options += ["--config", str(settings.config_file.absolute())]
    if settings.profile is not None:
        options += ["--profile", settings.profile]
    return [sys.executable, "-c", _CODE, "train", "--no-wait", "--json", *options]


def train_environment(settings: Settings) -> dict[str, str]:
    """Our own environment with the settings in force, one thread for linear algebra, and a log that `Relay` reads."""
    environment = dict(os.environ) | dict.fromkeys(_THREADS, "1")
    environment |= {"VITRINE_LOG_FORMAT": "json", "VITRINE_LOG_LEVEL": settings.log_level}
    for name, variable in _SECRETS.items():
        if (secret := getattr(settings, name)) is not None:
            # a file that is named beside it, here or in .env, would be one too many
            environment |= {variable: secret.get_secret_value(), variable + SUFFIX: ""}
    if settings.qdrant_url is not None:
        environment["VITRINE_QDRANT_URL"] = settings.qdrant_url
    return environment


def run_child(command: Sequence[str], environment: Mapping[str, str], run: Run) -> tuple[int, str, str]:
    """Run a command to its end, or end it with us; what it logs, we log.

    Returns
    -------
    tuple : exit code, what it wrote to stdout, and the end of what it wrote to stderr beside its log.

    Raises
    ------
    Stopped : the process is ending. Conflict : the job was taken over.
    """
    with TemporaryFile() as out, TemporaryFile() as errors:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=errors, env=dict(environment))
        relay = Relay(errors)
        try:
            reported = -_REPORT_S
            while child.poll() is None:
                relay.tell()
                if time.monotonic() - reported >= _REPORT_S:
                    run.report(0.1, f"training in process {child.pid}")
                    reported = time.monotonic()
                run.wait(_POLL_S)
        finally:
            _end(child)
        return child.returncode, _text(out), relay.end()


def _end(child: "subprocess.Popen[bytes]") -> None:
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")


def _answer(out: str) -> dict[str, Any]:
    try:
        answer = json.loads(out)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}
