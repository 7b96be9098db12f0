"""What a serving process does by itself now and then; with several of them one does it."""

from collections.abc import Callable
from datetime import datetime

from config.params import ScheduleParams
from config.settings import Settings
from indexer.retrain import Trainer, train_command, train_environment
from indexer.schedule import Run, Task
from service.core.types import DEFAULT_TENANT
from service.store.database import Database
from service.store.events import resolve_products


def background_tasks(
    settings: Settings,
    params: ScheduleParams,
    database: Database,
    count_popular: Callable[[], object],
    now: Callable[[], datetime],
) -> list[Task]:
    """The popular lists and the training, as often as ``[schedule]`` says."""

    def count(_: Run) -> str:
        with database.session() as session:
            found = resolve_products(session, DEFAULT_TENANT)
        count_popular()
        return f"counted; {found} events found their product" if found else "counted"

    trainer = Trainer(database, train_command(settings), train_environment(settings), params.training_s, now)
    return [
        Task("popular", params.popular_s, count, at_start=True),
        Task("training", params.training_s, trainer, delay_s=params.training_delay_s),
    ]
