"""The bundled small CLIP: trained on drawings of demo products, some combinations of attributes held out."""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from indexer.demo.catalogue import demo_products
from indexer.demo.look import Look
from indexer.demo.phrases import captions
from indexer.demo.words import words
from indexer.train_image.pairs import Pair
from indexer.train_image.train import TrainingReport, train_image
from service.encode.image import BUNDLED_FOLDER

if TYPE_CHECKING:
    from indexer.train_image.loop import OnProgress

HELD_OUT_SEED = 1
HELD_OUT_SHARE = 0.1
TRAINING_SEED = 20_250
"""Seed of the shop whose drawings are learnt from; the demo shop has another, so none of its own pictures is seen."""

_CAPTIONS = 8
_SIDE = 128


@lru_cache(maxsize=1)
def held_out_combinations() -> frozenset[tuple[str, str, str]]:
    """The (type, colour, pattern) combinations that no training picture and no training caption shows.

    Examples
    --------
    >>> len(held_out_combinations())  # a tenth of 60 types x 12 colours x 7 patterns
    504
    """
    every = [(t, c, p) for t in words().types for c in words().colours for p in words().patterns]
    return frozenset(Random(HELD_OUT_SEED).sample(every, round(len(every) * HELD_OUT_SHARE)))


def may_be_learnt(look: Look) -> bool:
    """Whether a drawing of this look may be trained on."""
    return look.combination not in held_out_combinations()


def training_pairs(count: int, seed: int = TRAINING_SEED) -> Iterator[Pair]:
    """Drawings of `count` demo products with captions; the same for the same seed."""
    from indexer.demo.pictures import draw_look

    for item in demo_products(seed, count, keep=may_be_learnt):
        rng = Random(f"{seed}/{item.product.external_id}")
        yield Pair(draw_look(item.look, _SIDE), (*captions(item, rng, _CAPTIONS), *partial_captions(item.look, rng)))


def partial_captions(look: Look, rng: Random) -> tuple[str, ...]:
    """What a shopper types who leaves something open: "green bag" finds striped ones too."""
    kind, pattern = words().types[look.type], words().patterns[look.pattern]
    noun = rng.choice((kind.name, *kind.also))
    return f"{look.colour} {kind.name}", f"{look.shade} {noun}", f"{rng.choice(pattern.adjectives)} {noun}"


def train_bundled(
    seed: int = 7,
    *,
    out: Path = BUNDLED_FOLDER,
    count: int = 6000,
    epochs: int = 8,
    threads: int = 1,
    on_progress: "OnProgress | None" = None,
) -> TrainingReport:
    """Train the bundled model anew and write it to `out`: two to five minutes on one core, by how busy it is.

    The same seed, thread count, torch version and kind of CPU give the same weights.

    Parameters
    ----------
    count : drawings to learn from, 2 or more.
    threads : CPU threads; 0 = all cores. One is fastest where others use the machine too: more wait for each other.
    """
    import torch

    if threads:
        torch.set_num_threads(threads)
    pairs = training_pairs(count)
    return train_image(pairs, out, model="new", epochs=epochs, seed=seed, on_progress=on_progress)
