"""Fine-tuning on real product photos: what words find on photos that were not trained on."""

import csv
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from PIL import Image

from eval.text_to_image import Encoder, figures, gallery_vectors, recall_at_k, same
from indexer.train_image.pairs import Pair
from indexer.train_image.train import train_image
from service.core.errors import NotFound
from service.encode.image import load_image_encoder
from service.encode.pictures import BadPicture, load_picture

Row = dict[str, str]


def measure_fashion(
    folder: Path,
    out: Path,
    *,
    model: str = "bundled",
    epochs: int = 20,
    batch: int = 128,
    lr: float | None = None,
    seed: int = 7,
    part: str = "test",
    on_progress: Callable[[int, int, float], None] | None = None,
) -> dict[str, Any]:
    """Train on 80 % of the fashion photos and measure on the other 20 %.

    Parameters
    ----------
    folder : with ``products.csv`` and ``images/<id>.jpg``. out : where the trained model is written.
    part : ``test`` trains on 80 % and measures on the held-back 20 %; ``validation`` trains on 70 % and measures on
        the next 10 %: every choice is made there.

    Returns
    -------
    recall@10 and chance: ``own_caption`` (the product's name finds its photo), ``attributes`` ("Women Red Tops" finds
    any photo of such a product), ``colour_and_type``.
    """
    train, measured = split_rows(read_rows(folder), seed, part)
    report = train_image(
        (Pair(str(folder / "images" / f"{row['id']}.jpg"), fashion_captions(row)) for row in train),
        out, model=model, epochs=epochs, batch=batch, lr=lr, seed=seed, on_progress=on_progress,
    )  # fmt: skip
    measures = measure_rows(load_image_encoder(str(out)), folder, measured)
    return {"part": part, "trained_on": report.pictures, "seconds": round(report.seconds, 1), **measures}


def measure_rows(encoder: Encoder, folder: Path, rows: Sequence[Row]) -> dict[str, Any]:
    """The three figures of `measure_fashion` for any encoder; ``bad_pictures`` could not be read and are left out."""
    photos = [(row, photo) for row in rows if (photo := _photo(folder, row))]
    bad, rows = len(rows) - len(photos), [row for row, _ in photos]
    vectors = gallery_vectors(encoder, (photo for _, photo in photos))
    by = {
        "own_caption": [(row["id"], row["productDisplayName"]) for row in rows],
        "attributes": [(_words(row, "gender", "baseColour", "articleType"),) * 2 for row in rows],
        "colour_and_type": [(_words(row, "baseColour", "articleType"),) * 2 for row in rows],
    }
    measures: dict[str, Any] = {"bad_pictures": bad}
    for name, keyed in by.items():
        asked = dict(keyed)
        relevant = same(list(asked), [key for key, _ in keyed])
        scores = np.asarray(encoder.encode_texts(list(asked.values()))) @ vectors.T
        measures[name] = figures(recall_at_k(scores, relevant), relevant)
    return measures


def read_rows(folder: Path) -> list[Row]:
    """The table of products, in the order of their ids.

    Raises
    ------
    NotFound : there is no such table.
    """
    try:
        with (folder / "products.csv").open(encoding="utf-8", newline="") as table:
            return sorted(csv.DictReader(table), key=lambda row: int(row["id"]))
    except OSError as error:
        raise NotFound(f"no fashion data at {folder}: {error.strerror}; it holds products.csv and images/") from error


def split_rows(rows: Sequence[Row], seed: int, part: str) -> tuple[list[Row], list[Row]]:
    """Rows to train on and rows to measure on, drawn by product id.

    Examples
    --------
    >>> rows = [{"id": str(n)} for n in range(10)]
    >>> [len(side) for side in split_rows(rows, 7, "test")], [len(side) for side in split_rows(rows, 7, "validation")]
    ([8, 2], [7, 1])
    """
    shuffled = list(rows)
    Random(seed).shuffle(shuffled)
    end, start = len(rows) * 8 // 10, len(rows) * 7 // 10
    return (shuffled[:end], shuffled[end:]) if part == "test" else (shuffled[:start], shuffled[start:end])


def fashion_captions(row: Row) -> tuple[str, ...]:
    """Captions from a product's columns, long and short."""
    return (
        row["productDisplayName"],
        f"{row['productDisplayName']} {row['baseColour']}",
        _words(row, "baseColour", "articleType"),
        _words(row, "gender", "baseColour", "articleType"),
        f"{row['baseColour']} {row['usage']} {row['articleType']} for {row['gender']}",
    )


def _words(row: Row, *columns: str) -> str:
    return " ".join(row[column] for column in columns)


def _photo(folder: Path, row: Row) -> Image.Image | None:
    try:
        return load_picture(f"images/{row['id']}.jpg", base=folder)
    except BadPicture:
        return None
