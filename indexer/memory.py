"""Giving memory back: the C library keeps what encoders freed, batch after batch, unless it is asked."""

import ctypes
from functools import cache


def give_back_memory() -> None:
    """Return freed memory to the system where the C library can (glibc); takes a millisecond or two."""
    if (trim := _malloc_trim()) is not None:
        trim(0)


@cache
def _malloc_trim() -> "ctypes._NamedFuncPointer | None":
    try:
        return ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError):
        return None  # another C library
