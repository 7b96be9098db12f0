"""What goes on behind the answers: indexing, the schedule, and publishing what was trained; in `serve` or a worker."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from indexer.release.loop import ReleaseLoop
from indexer.release.publish import Publisher
from indexer.schedule import Schedule
from indexer.tasks import Upkeep, background_tasks
from indexer.upkeep import reconcile, tidy_content
from indexer.worker import IndexingLoop
from service.privacy.opening import eraser_of
from service.privacy.upkeep import PrivacyUpkeep
from service.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Background:
    """The loops of one process.

    Attributes
    ----------
    publishing : None beside a Qdrant server: there whoever trains, the schedule's child included, publishes by himself.
    """

    indexing: IndexingLoop
    schedule: Schedule
    publishing: ReleaseLoop | None

    @contextmanager
    def running(self) -> Iterator[None]:
        """Start them all; at the end jobs go back to the queue, and what was being written is left to the next one."""
        self.indexing.start()
        if self.publishing is not None:
            self.publishing.start()
        self.schedule.start()
        try:
            yield
        finally:
            self.schedule.stop()
            if self.publishing is not None:
                self.publishing.stop()
            self.indexing.stop()


def make_background(runtime: Runtime, now: Callable[[], datetime]) -> Background:
    """The loops over an opened runtime, not yet started."""
    params = runtime.params
    upkeep = Upkeep(
        lambda: reconcile(runtime.outbox),
        lambda: tidy_content(runtime.outbox, params.encoders.bm25.average_length),
        PrivacyUpkeep(eraser_of(runtime, now)),
    )
    tasks = background_tasks(runtime.settings, params.schedule, runtime.database, runtime.count_popular, now, upkeep)
    return Background(
        IndexingLoop(runtime.outbox, params.indexing.poll_ms / 1000, params.indexing.optimize_after),
        Schedule(runtime.database, tasks, now),
        _release_loop(runtime),
    )


def _release_loop(runtime: Runtime) -> ReleaseLoop | None:
    """On the embedded engine only the process that has it open can write what others trained."""
    settings, params = runtime.settings, runtime.params
    if settings.qdrant_url is not None:
        return None
    publisher = Publisher(
        runtime.database, runtime.store, settings.releases_dir, runtime.fields, params.training.checks
    )
    return ReleaseLoop(publisher, params.releases.poll_ms / 1000, params.releases.keep)
