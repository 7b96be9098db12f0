"""Optimise a shard that no other process has open: ``python -m service.store.edge_optimize FOLDER``.

Runs as a child process because the engine holds Python's lock for as long as it optimises (5 s for 20,000 x 384).
Exit status 0: something was done; 3: there was nothing to do.
"""

import os
import subprocess
import sys
from pathlib import Path

from service.core.errors import DependencyUnavailable

NOTHING_TO_DO = 3


def start_optimizer(folder: Path) -> "subprocess.Popen[str]":
    """Begin to optimise a shard in a child process."""
    command = [sys.executable, "-m", "service.store.edge_optimize", str(folder)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    return subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )


def optimizer_succeeded(child: "subprocess.Popen[str]", folder: Path) -> bool:
    """Wait for an optimiser; whether it changed anything.

    Raises
    ------
    DependencyUnavailable : it failed, say for want of memory.
    """
    _, complaint = child.communicate()
    if child.returncode not in (0, NOTHING_TO_DO):
        reason = (complaint.strip().splitlines() or [f"exit status {child.returncode}"])[-1]
        raise DependencyUnavailable(f"the optimiser of {folder.name} ended: {reason}; searches go on without it")
    return child.returncode == 0


def main(folder: str) -> int:
    """Optimise, politely: requests being served go first."""
    from service.store.edge_types import guarded, load_shard

    os.nice(5)
    shard = load_shard(Path(folder))
    changed = guarded(shard.optimize)
    guarded(shard.close)
    return 0 if changed else NOTHING_TO_DO


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
