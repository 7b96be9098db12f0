"""What a serving process does by itself now and then; with several of them one does it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from config.params import ScheduleParams
from config.settings import Settings
from indexer.retrain import Trainer, train_command, train_environment
from indexer.schedule import Run, Task
from service.core.types import DEFAULT_TENANT
from service.store.database import Database
from service.store.events import resolve_products


@dataclass(frozen=True, slots=True)
class Upkeep:
    """What keeps the index in order; each says what came of it.

    Attributes
    ----------
    embeddings : index and database compared and repaired. content : what word search knows of the catalogue.
    privacy : what is too old goes, and erasures are seen to their end.
    """

    embeddings: Callable[[], str]
    content: Callable[[], str]
    privacy: Callable[[Run], str] | None = None


def background_tasks(
    settings: Settings,
    params: ScheduleParams,
    database: Database,
    count_popular: Callable[[], object],
    now: Callable[[], datetime],
    upkeep: Upkeep | None = None,
) -> list[Task]:
    """The popular lists, the training and the upkeep of the index, as often as ``[schedule]`` says."""

    def count(_: Run) -> str:
        with database.session() as session:
            found = resolve_products(session, DEFAULT_TENANT)
        count_popular()
        return f"counted; {found} events found their product" if found else "counted"

    trainer = Trainer(database, train_command(settings), train_environment(settings), params.training_s, now)
    tasks = [
        Task("popular", params.popular_s, count, at_start=True),
        Task("training", params.training_s, trainer, delay_s=params.training_delay_s),
    ]
    if upkeep is not None:
        tasks += [
            Task("embeddings", params.embeddings_s, lambda _: upkeep.embeddings()),
            Task("content", params.content_s, lambda _: upkeep.content()),
        ]
        if upkeep.privacy is not None:
            tasks.append(Task("privacy", params.privacy_s, upkeep.privacy))
    return tasks
