"""How torch shares the processor with everything else in the process."""

import os


def set_torch_threads(threads: int) -> None:
    """Import torch with threads that sleep while they wait.

    OpenMP threads spin by default: on busy cores a query of 10 ms then took 600 ms (measured, 2 cores at load 8).
    The policy is read when torch is first imported, so every encoder calls this before.

    Parameters
    ----------
    threads : of one operation; 0 = all cores.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    import torch

    if threads:
        torch.set_num_threads(threads)
