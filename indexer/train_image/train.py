"""From pairs of pictures and captions to a model folder."""

import tempfile
import time
from collections.abc import Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from indexer.train_image.pairs import Pair, load_pairs
from service.core.errors import InvalidQuery
from service.encode.image import Clip, open_clip_model
from service.encode.image_words import FIRST_WORD, count_words

if TYPE_CHECKING:
    from indexer.train_image.loop import Lesson, OnProgress

SMALL: dict[str, Any] = {
    "model_cfg": {
        "embed_dim": 128,
        "vision_cfg": {"image_size": 64, "layers": [1, 1, 1, 1], "width": 24, "head_width": 64, "patch_size": None},
        "text_cfg": {
            "context_length": 20, "vocab_size": FIRST_WORD, "width": 128, "heads": 4, "layers": 2,
            "pool_type": "eos", "eos_id": 2,
        },
    },
    "preprocess_cfg": {
        "mean": [0.5, 0.5, 0.5], "std": [0.25, 0.25, 0.25], "resize_mode": "longest", "fill_color": 255,
    },
}  # fmt: skip
"""The small architecture: a ResNet of four blocks and two text layers, as open_clip's model factory reads it."""

MAX_WORDS = 8000
_LR = {"small": 1e-3, "full": 1e-5}


@dataclass(frozen=True, slots=True)
class TrainingReport:
    """What a training run saw and made.

    Parameters
    ----------
    pictures : used. bad_pictures : left out because they could not be read.
    words : size of the model's own vocabulary, 0 for models with word pieces.
    loss : mean over the last epoch. weights_bytes : size of the weights file.
    """

    pictures: int
    bad_pictures: int
    captions: int
    words: int
    loss: float
    seconds: float
    weights_bytes: int


def train_image(
    pairs: Iterable[Pair],
    out: Path,
    *,
    model: str = "bundled",
    pretrained: str | None = None,
    epochs: int = 20,
    batch: int = 128,
    lr: float | None = None,
    seed: int = 7,
    base: Path | None = None,
    allow_private: bool = False,
    on_progress: "OnProgress | None" = None,
) -> TrainingReport:
    """Fine-tune a CLIP model on a shop's own pictures and captions and write it to a folder.

    Parameters
    ----------
    out : folder to write; ``VITRINE_IMAGE_MODEL=<out>`` then uses it.
    model, pretrained : where to start, as for `service.encode.image.load_image_encoder`; ``new`` starts the small
        architecture from nothing. A small model's vocabulary grows by the words of the captions.
    epochs : passes over the pictures, >= 1. batch : pictures per step, >= 2; fewer pictures make smaller batches.
    lr : peak learning rate; by default 1e-3 for small models and 1e-5 for full ones.
    base : folder that relative picture paths start from.

    Raises
    ------
    InvalidQuery : fewer than two pictures could be read. ConfigurationError : the model to start from is unknown.
    """
    from indexer.train_image.folder import write_model
    from indexer.train_image.loop import Schedule, learn

    if epochs < 1 or batch < 2:
        raise InvalidQuery(f"epochs must be 1 or more and batch 2 or more, got {epochs} and {batch}")
    began = time.monotonic()
    wanted = [pair for pair in pairs if pair.captions]
    clip = _start(model, pretrained, [caption for pair in wanted for caption in pair.captions], seed)
    lesson = _prepare(clip, load_pairs(wanted, base, allow_private))
    used = len(lesson.captions)
    if used < 2:
        raise InvalidQuery(f"only {used} of {len(wanted)} pictures could be read; two or more are needed")
    rate = lr if lr is not None else _LR["small" if clip.words else "full"]
    schedule = Schedule(epochs=epochs, batch=min(batch, used), lr=rate)
    loss = learn(clip, lesson, schedule, seed, on_progress)
    size = write_model(clip, out)
    words = len(clip.words.words) if clip.words else 0
    count = sum(len(captions) for captions in lesson.captions)
    return TrainingReport(used, len(wanted) - used, count, words, loss, time.monotonic() - began, size)


def _start(model: str, pretrained: str | None, captions: Sequence[str], seed: int) -> Clip:
    """The model to train, its vocabulary grown by the captions' words, on the accelerator if there is one."""
    import torch

    with torch.random.fork_rng():
        torch.manual_seed(seed)
        clip = None if model == "new" else open_clip_model(model, pretrained)
        if clip is None or clip.words:
            clip = _with_words(clip, captions)
    clip.model.to("cuda" if torch.cuda.is_available() else "cpu")
    return clip


def _with_words(old: Clip | None, captions: Sequence[str]) -> Clip:
    """A small model that knows the old words under their old ids, and the captions' words after them."""
    import torch

    from indexer.train_image.folder import write_config

    before = old.words.words if old and old.words else ()
    counted = count_words(captions)
    news = sorted(set(counted) - set(before), key=lambda word: (-counted[word], word))
    words = (*before, *news)[: max(MAX_WORDS, len(before))]
    config = deepcopy(old.config if old else SMALL)
    config["model_cfg"]["text_cfg"]["vocab_size"] = FIRST_WORD + len(words)
    with tempfile.TemporaryDirectory() as folder:
        write_config(config, words, Path(folder))
        clip = open_clip_model(folder, trained=False)
    if old:
        weights = old.model.state_dict()
        table = clip.model.state_dict()["token_embedding.weight"].clone()
        table[: FIRST_WORD + len(before)] = weights["token_embedding.weight"]
        with torch.no_grad():
            clip.model.load_state_dict(weights | {"token_embedding.weight": table})
    return clip


def _prepare(clip: Clip, loaded: Iterable[tuple[Pair, Image.Image | None]]) -> "Lesson":
    """Good pictures through the model's own preparation, kept as bytes; captions as tokens."""
    import torch

    from indexer.train_image.loop import Lesson

    mean, deviation = (torch.tensor(clip.config["preprocess_cfg"][key]).view(3, 1, 1) for key in ("mean", "std"))
    pictures, captions = [], []
    for pair, picture in loaded:
        if picture is not None:
            seen = clip.preprocess(picture.convert("RGB")) * deviation + mean
            pictures.append((seen * 255).round().clamp(0, 255).byte())
            captions.append(clip.tokenize(list(pair.captions)))
    return Lesson(torch.stack(pictures) if pictures else torch.empty(0), captions)
