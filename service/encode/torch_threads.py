"""Torch with as many threads as it is given, and with a bound on what its libraries keep."""

import os

from service.core.threads import wait_without_spinning

KERNELS = 8


def set_torch_threads(threads: int) -> None:
    """Import torch and limit its threads.

    Parameters
    ----------
    threads : of one operation; 0 = all cores.
    """
    wait_without_spinning()
    keep_little()
    import torch

    if threads:
        torch.set_num_threads(threads)


def keep_little() -> None:
    """Bound what oneDNN and MKL keep for the next time, unless the environment says otherwise; before torch is used.

    oneDNN keeps machine code for each pair of batch size and text length, for 1,024 of them: 143 MB over 236 shapes,
    0.6 MB each. MKL keeps buffers for each thread that ever multiplied, also when that thread is gone: 135 MB after 30
    threads had encoded a query each, of the 40 that answer requests. So memory grew for hours. Making both again is not
    slower (measured: 21.8 s of processor time for the texts of those shapes against 23.1, 10.2 ms per query for 10.4).
    """
    if "DNNL_PRIMITIVE_CACHE_CAPACITY" not in os.environ:
        os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", str(KERNELS))
    os.environ.setdefault("MKL_DISABLE_FAST_MM", "1")
