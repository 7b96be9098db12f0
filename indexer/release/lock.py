"""One training at a time on one machine."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from service.core.errors import Conflict


@contextmanager
def only_trainer(folder: Path) -> Iterator[None]:
    """Hold the folder of releases until the block ends, or the process does, however it ends.

    Raises
    ------
    Conflict : another process trains there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Conflict(
                f"another process is training in {folder}; wait until it is done", code="training_runs"
            ) from error
        yield
