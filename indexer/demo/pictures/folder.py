"""Picture files: encoded small, written atomically, missing ones only."""

import io
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from indexer.demo.look import DemoProduct, Look
from indexer.demo.pictures.draw import draw_look

_QUALITY = 88
_CHUNK = 25


def picture_bytes(look: Look) -> bytes:
    """The picture as a WebP file."""
    buffer = io.BytesIO()
    draw_look(look).save(buffer, "WEBP", quality=_QUALITY, method=0)
    return buffer.getvalue()


def draw_all(
    products: Sequence[DemoProduct],
    folder: Path,
    workers: int = 2,
    on_progress: Callable[[int, int], None] | None = None,
) -> int:
    """Draw the pictures that `folder` lacks, as ``<external id>.webp``.

    Parameters
    ----------
    workers : processes; 1 draws in this one.
    on_progress : called with (done, total) as pictures are finished.

    Returns
    -------
    How many were drawn.

    Notes
    -----
    A file appears whole or not at all, so an interrupted run is continued by the next.
    """
    folder.mkdir(parents=True, exist_ok=True)
    present = {entry.name for entry in os.scandir(folder)}
    jobs = [(item.look, folder / f"{item.product.external_id}.webp") for item in products]
    jobs = [job for job in jobs if job[1].name not in present]
    done = len(products) - len(jobs)
    chunks = [jobs[start : start + _CHUNK] for start in range(0, len(jobs), _CHUNK)]
    for drawn in _finished(chunks, workers):
        done += drawn
        if on_progress is not None:
            on_progress(done, len(products))
    return len(jobs)


def _finished(chunks: list[list[tuple[Look, Path]]], workers: int) -> Iterator[int]:
    if workers <= 1 or len(chunks) < 2:
        yield from map(_draw_chunk, chunks)
        return
    # "spawn" because the caller may have threads; a forked child could inherit their locks.
    # Ctrl+C is the parent's affair: it ends the pool, and the workers have nothing to say about it.
    with multiprocessing.get_context("spawn").Pool(workers, signal.signal, (signal.SIGINT, signal.SIG_IGN)) as pool:
        yield from pool.imap_unordered(_draw_chunk, chunks)


def _draw_chunk(jobs: list[tuple[Look, Path]]) -> int:
    for look, path in jobs:
        unfinished = path.with_suffix(f".{os.getpid()}.part")
        unfinished.write_bytes(picture_bytes(look))
        unfinished.replace(path)
    return len(jobs)
