"""What a training says of itself: in this process, and through the log of a child."""

import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from config.settings import Settings
from indexer.release.learn import STEPS
from indexer.retrain import Trainer, train_command, train_environment
from indexer.schedule import Run, Schedule, Stopped, Task
from service.store.jobs import recent

OpenShop = Callable[..., Any]


def test_a_training_tells_its_steps_counts_and_metrics(open_release_shop: OpenShop) -> None:
    shop = open_release_shop()
    with capture_logs() as lines:
        release = shop.release()
    steps = [line for line in lines if line["event"] == "training_step"]
    assert [line["step"] for line in steps][:1] == ["read"]
    assert {"evaluate", "write", *STEPS} <= {line["step"] for line in steps}
    assert {line["release"] for line in lines} == {release.id}
    (trained,) = [line for line in lines if line["event"] == "release_trained"]
    assert trained["counts"] == release.manifest["counts"]
    assert trained["seconds"] == pytest.approx(sum(line["seconds"] for line in steps), abs=0.01)
    (published,) = [line for line in lines if line["event"] == "release_published"]
    assert (published["status"], published["products"]) == ("live", trained["counts"]["products"])
    assert published["metrics"]["held_out_users"] == trained["counts"]["held_out_users"]
    assert not [line for line in lines if "u1" in str(line.values())]  # users have no names here


def test_a_training_that_fails_says_why(open_release_shop: OpenShop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = open_release_shop()
    monkeypatch.setattr("indexer.release.build.popular_lists", lambda *_: 1 / 0)
    with capture_logs() as lines, pytest.raises(ZeroDivisionError):
        shop.train()
    assert (lines[-1]["event"], lines[-1]["log_level"]) == ("training_failed", "error")
    assert lines[-1]["error"] == "ZeroDivisionError: division by zero"


def test_what_a_trained_release_is_refused_for_is_told(open_release_shop: OpenShop) -> None:
    shop = open_release_shop()
    release_id = shop.train()
    (shop.folder / release_id / "manifest.json").unlink()
    with capture_logs() as lines:
        assert shop.publish(release_id).status == "failed"
    assert [(line["event"], line["release"]) for line in lines] == [("release_refused", release_id)]


def test_the_steps_of_a_child_are_told_with_the_job_they_belong_to(
    open_release_shop: OpenShop, quick_folder: Path
) -> None:
    """The real command; the test has the vectors open, as a service would."""
    shop = open_release_shop()
    quick = quick_folder / "quick.toml"
    quick.write_text("[training]\ndimensions = 8\n[training.lightfm]\nepochs = 2\n")
    settings = Settings.model_construct(data_dir=quick_folder, config_file=quick)

    class Ends:
        """Does not wait for a service to publish."""

        def __init__(self, run: Run) -> None:
            self._run = run

        def report(self, progress: float, message: str) -> None:
            self._run.report(progress, message)
            if "being published" in message:
                self.wait = self._stop  # type: ignore[method-assign]

        def wait(self, seconds: float) -> None:
            self._run.wait(seconds)

        def _stop(self, _: float) -> None:
            raise Stopped

    trainer = Trainer(
        shop.database, train_command(settings), train_environment(settings), 86_400.0, lambda: datetime.now(UTC)
    )
    task = Task("training", 86_400.0, lambda run: trainer(Ends(run)))
    with capture_logs(processors=[bound]) as lines:
        Schedule(shop.database, [task], lambda: datetime.now(UTC)).look(task)
    with shop.database.session() as session:
        (job,) = recent(session, 5)
    assert job.status == "done", job.error
    told = {line["event"] for line in lines}
    assert told == {"training_step", "release_trained", "job_done"}
    assert {(line["job"], line["job_id"]) for line in lines} == {("training", job.id)}


def test_what_a_child_says_beside_its_log_is_the_reason_of_a_failure(open_release_shop: OpenShop) -> None:
    shop = open_release_shop(users=0)
    code = (
        "import sys; w = sys.stderr.write\n"
        'w(\'{"event": "training_step", "level": "info", "step": "read", "timestamp": "now"}\\n\')\n'
        "w('[1, 2]\\n{\"event\": 3}\\nout of rubber\\n')\n"
        'w(\'{"event": "last", "level": "warning"}\')\n'
        "sys.exit(3)"
    )
    trainer = Trainer(
        shop.database, [sys.executable, "-c", code], dict(os.environ), 86_400.0, lambda: datetime.now(UTC)
    )
    task = Task("training", 86_400.0, trainer)
    with capture_logs() as lines:
        Schedule(shop.database, [task], lambda: datetime.now(UTC)).look(task)
    assert [(line["event"], line["log_level"]) for line in lines] == [
        ("training_step", "info"), ("last", "warning"), ("job_failed", "error"),
    ]  # fmt: skip
    assert (lines[0]["step"], "timestamp" in lines[0]) == ("read", False)
    assert lines[-1]["error"].endswith("ended with 3: out of rubber")


def bound(_: object, __: str, event: Any) -> Any:
    """What is bound goes into the line."""
    import structlog

    return structlog.contextvars.merge_contextvars(None, "", event)
