"""Torch with as many threads as it is given."""

from service.core.threads import wait_without_spinning


def set_torch_threads(threads: int) -> None:
    """Import torch and limit its threads.

    Parameters
    ----------
    threads : of one operation; 0 = all cores.
    """
    wait_without_spinning()
    import torch

    if threads:
        torch.set_num_threads(threads)
