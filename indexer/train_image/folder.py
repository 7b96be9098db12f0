"""A model folder as open_clip's ``local-dir:`` reads it, plus the vocabulary of a small model."""

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from service.encode.image import CONFIG_FILE, WEIGHTS_FILE, Clip
from service.encode.image_words import WORDS_FILE


def write_config(config: Mapping[str, Any], words: tuple[str, ...] | None, folder: Path) -> None:
    """Architecture, picture preparation and vocabulary: enough to make the model with random weights."""
    folder.mkdir(parents=True, exist_ok=True)
    _replace(folder / CONFIG_FILE, lambda path: path.write_text(json.dumps(config, indent=2) + "\n", "utf-8"))
    if words is not None:
        _replace(folder / WORDS_FILE, lambda path: path.write_text("\n".join(words) + "\n", "utf-8"))


def write_model(clip: Clip, folder: Path) -> int:
    """The whole model, weights in half precision; the size of the weights file in bytes."""
    write_config(clip.config, clip.words.words if clip.words else None, folder)
    if hasattr(clip.tokenize, "save_pretrained"):
        clip.tokenize.save_pretrained(str(folder))
    tensors = {key: _half(tensor) for key, tensor in clip.model.state_dict().items()}
    _replace(folder / WEIGHTS_FILE, lambda path: save_file(tensors, path, {"format": "pt"}))
    return (folder / WEIGHTS_FILE).stat().st_size


def _half(tensor: torch.Tensor) -> torch.Tensor:
    kept = tensor.detach().cpu().contiguous().clone()
    return kept.half() if kept.is_floating_point() else kept


def _replace(path: Path, write: Callable[[Path], object]) -> None:
    """A file is there whole or not at all, also when the process dies while writing."""
    beside = path.with_name(path.name + ".part")
    write(beside)
    beside.chmod(0o644)  # safetensors makes files that only their maker can read
    os.replace(beside, path)
