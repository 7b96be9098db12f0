"""Make an empty shard with its payload indexes: here, or in a child process while requests are being answered.

The engine holds Python's lock while it makes an index, and waits for the disk meanwhile: 10 ms for each of a dozen
fields on an idle disk, up to 600 ms for each while a training reads and writes (measured).
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from config.qdrant import QdrantParams
from service.core.errors import DependencyUnavailable
from service.store.vectors import Space

Make = Callable[[Path, Space, int, QdrantParams | None], None]


def make_shard(folder: Path, space: Space, indexing_threshold_kb: int, layout: QdrantParams | None = None) -> None:
    """Make it in this process."""
    from service.store.edge_types import create_shard, guarded, missing_indexes

    shard = create_shard(folder, space, indexing_threshold_kb, layout)
    try:
        for operation in missing_indexes(shard, space.fields):
            guarded(lambda operation=operation: shard.update(operation))  # type: ignore[misc]
    finally:
        guarded(shard.close)


def make_shard_apart(
    folder: Path, space: Space, indexing_threshold_kb: int, layout: QdrantParams | None = None
) -> None:
    """Make it in a child process.

    Raises
    ------
    DependencyUnavailable : the child failed.
    """
    command = [sys.executable, "-m", "service.store.edge_make", str(folder), str(indexing_threshold_kb)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    wanted = json.dumps({"space": asdict(space), "layout": None if layout is None else layout.model_dump()})
    done = subprocess.run(command, env=environment, input=wanted, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
        raise DependencyUnavailable(f"collection {space.name!r} could not be made: {reason}")


def main(folder: str, indexing_threshold_kb: str) -> None:
    """Make what stdin describes; requests being served go first."""
    from service.store.edge_folder import parsed_space

    os.nice(5)
    wanted = json.load(sys.stdin)
    layout = None if wanted["layout"] is None else QdrantParams(**wanted["layout"])
    make_shard(Path(folder), parsed_space(wanted["space"]), int(indexing_threshold_kb), layout)


if __name__ == "__main__":
    main(*sys.argv[1:])
