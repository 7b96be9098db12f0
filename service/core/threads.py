"""How this process shares the processor."""

import os


def wait_without_spinning() -> None:
    """Have OpenMP threads sleep while they wait, unless the environment says otherwise.

    They spin by default: on busy cores a query of 10 ms then took 600 ms (measured, 2 cores at load 8). The policy is
    read when the first library that uses OpenMP is loaded (torch, LightFM, scikit-learn), so this comes before them.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
