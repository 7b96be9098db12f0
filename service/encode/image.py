"""Pictures and words to vectors in one space; the only module that imports open_clip."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from PIL import Image

from service.core.errors import ConfigurationError
from service.core.types import Floats
from service.encode.hub import offline_unless_hub_answers, quiet
from service.encode.image_words import WordTokenizer, load_words, split_words
from service.encode.plain_clip import WordTower
from service.encode.torch_threads import set_torch_threads

if TYPE_CHECKING:
    from torch import Tensor, nn

BUNDLED_FOLDER = Path(__file__).parent / "weights"
CONFIG_FILE = "open_clip_config.json"
WEIGHTS_FILE = "open_clip_model.safetensors"
_MAX_ASPECT = 8


@dataclass(frozen=True, eq=False)
class Clip:
    """An open_clip model with what belongs to it; `words` is its own vocabulary if it has one."""

    model: "nn.Module"
    preprocess: Callable[[Image.Image], "Tensor"]
    tokenize: Callable[[list[str]], "Tensor"]
    words: WordTokenizer | None
    config: dict[str, Any]


class LateClip:
    """The bundled model: its words' half from its file; all of it, with the library, when the first picture comes."""

    def __init__(self) -> None:
        from safetensors.torch import load_file

        self.config: dict[str, Any] = json.loads((BUNDLED_FOLDER / CONFIG_FILE).read_text("utf-8"))
        text = self.config["model_cfg"]["text_cfg"]
        weights = {
            name: tensor.float() if tensor.is_floating_point() else tensor
            for name, tensor in load_file(BUNDLED_FOLDER / WEIGHTS_FILE).items()
        }
        self.digest = _digest(weights)
        self.words = self.tokenize = cast(WordTokenizer, load_words(BUNDLED_FOLDER, text["context_length"]))
        self.tower = WordTower(weights, layers=text["layers"], heads=text["heads"], end=text["eos_id"])
        self._whole: Clip | None = None
        self._lock = Lock()

    @property
    def model(self) -> "nn.Module":
        """All of it."""
        return self._loaded().model

    @property
    def preprocess(self) -> "Callable[[Image.Image], Tensor]":
        """How pictures are made ready."""
        return self._loaded().preprocess

    def _loaded(self) -> Clip:
        with self._lock:
            if self._whole is None:
                self._whole = open_clip_model("bundled", None)
                self._whole.model.eval()
            return self._whole


class ImageEncoder:
    """A CLIP model; made by `load_image_encoder`. May be used by several threads at once.

    Attributes
    ----------
    name : says which weights made a vector; vectors of different names must never be compared.
    size : dimensions D.
    """

    def __init__(self, clip: Clip | LateClip, name: str, query_cache: int = 10_000) -> None:
        self._clip = clip
        self.name = name
        self.encode_query = lru_cache(maxsize=query_cache)(self._encode_query)
        self.size: int = self.encode_texts([""]).shape[1]

    @property
    def query_cache(self) -> tuple[int, int]:
        """How many queries were known and how many were not, so far."""
        known = self.encode_query.cache_info()
        return known.hits, known.misses

    def encode_images(self, pictures: Sequence[Image.Image], batch: int = 16) -> Floats:
        """Pictures to unit vectors, float32[P, D]; a picture that cannot be prepared gets a row of zeros."""
        rows = np.zeros((len(pictures), self.size), dtype=np.float32)
        for start in range(0, len(pictures), batch):
            prepared = [self._prepare(picture) for picture in pictures[start : start + batch]]
            sound = [n for n, tensor in enumerate(prepared) if tensor is not None]
            if sound:
                rows[start + np.array(sound)] = self._run("encode_image", [t for t in prepared if t is not None])
        return rows

    def encode_texts(self, texts: Sequence[str], batch: int = 256) -> Floats:
        """Texts to unit vectors in the pictures' space, float32[N, D]."""
        parts = [
            self._run("encode_text", list(self._clip.tokenize(list(texts[start : start + batch]))))
            for start in range(0, len(texts), batch)
        ]
        return np.concatenate(parts) if parts else np.zeros((0, self.size), dtype=np.float32)

    def coverage(self, text: str) -> float:
        """Share of the meaningful words of a text that the model knows, 0 to 1; at 0 its vector means nothing.

        Models with word pieces know every word more or less: 1 for any text with a letter or digit.
        """
        return self._clip.words.coverage(text) if self._clip.words else float(bool(split_words(text)))

    def _encode_query(self, text: str) -> Floats:
        """One text to a unit vector, float32[D]; cached, so it is read-only."""
        vector: Floats = self.encode_texts([text])[0]
        vector.setflags(write=False)
        return vector

    def _prepare(self, picture: Image.Image) -> "Tensor | None":
        try:
            return self._clip.preprocess(_not_too_long(picture.convert("RGB")))
        except (ValueError, OSError, ArithmeticError, RuntimeError):
            return None

    def _run(self, method: str, tensors: "list[Tensor]") -> Floats:
        import torch

        with torch.inference_mode():
            if isinstance(self._clip, LateClip) and method == "encode_text":
                vectors = self._clip.tower(torch.stack(tensors))
            else:
                model = self._clip.model
                device = next(model.parameters()).device
                vectors = getattr(model, method)(torch.stack(tensors).to(device), normalize=True)
        return np.asarray(vectors.float().cpu().numpy(), dtype=np.float32)


def load_image_encoder(
    model: str = "bundled", pretrained: str | None = None, *, threads: int = 0, query_cache: int = 10_000
) -> ImageEncoder:
    """Load a CLIP model on the accelerator that torch finds, else on the CPU.

    Parameters
    ----------
    model : ``bundled`` (the small CLIP trained on the demo pictures), an open_clip architecture with its weights in
        `pretrained` (``ViT-B-32`` with ``laion2b_s34b_b79k`` or a checkpoint file), ``hf-hub:owner/name``, or a
        folder as `vitrine train-image` writes it.
    threads : CPU threads; 0 = all cores.

    Raises
    ------
    ConfigurationError : unknown name, weights that cannot be had, a broken file; one line that says what to do.
    """
    set_torch_threads(threads)
    import torch

    if model == "bundled" and not pretrained and not torch.cuda.is_available():
        late = LateClip()
        return ImageEncoder(late, f"{model}#{late.digest}", query_cache)
    clip = open_clip_model(model, pretrained)
    clip.model.eval().to("cuda" if torch.cuda.is_available() else "cpu")
    label = Path(model).name if Path(model).is_dir() else model
    name = "/".join(filter(None, (label, pretrained and Path(pretrained).name)))
    return ImageEncoder(clip, f"{name}#{_digest(clip.model.state_dict())}", query_cache)


def open_clip_model(model: str, pretrained: str | None = None, *, trained: bool = True) -> Clip:
    """Model, picture preparation and tokenizer as open_clip makes them; see `load_image_encoder`.

    Parameters
    ----------
    trained : False leaves the weights random, as a start for training; for a folder its weights may be missing.
    """
    name = _checked_name(model, pretrained)
    try:
        with quiet(), offline_unless_hub_answers(name):
            import open_clip

            loaded, _, preprocess = open_clip.create_model_and_transforms(name, pretrained, load_weights=trained)
            config = open_clip.get_model_config(name)
            words = _own_words(name, config)
            tokenize = words or open_clip.get_tokenizer(name)
    except ConfigurationError:
        raise
    except Exception as error:  # the library raises whatever its hub, tokenizer or file readers raise
        raise ConfigurationError(
            f"image model {_said(model, pretrained)} cannot be loaded ({_first_line(error)}). Set VITRINE_IMAGE_MODEL "
            "to 'bundled', to a folder that holds open_clip_config.json and its weights, or to a hub name while the "
            "hub can be reached"
        ) from error
    settings = {"model_cfg": config, "preprocess_cfg": loaded.visual.preprocess_cfg}
    return Clip(loaded, preprocess, tokenize, words, settings)


def clip_loss() -> Callable[..., "Tensor"]:
    """open_clip's contrastive loss over a batch of picture and text vectors."""
    with quiet():
        import open_clip
    loss: Callable[..., Tensor] = open_clip.ClipLoss()
    return loss


def _checked_name(model: str, pretrained: str | None) -> str:
    """The name open_clip understands, or an error that offers the nearest valid ones."""
    if model == "bundled":
        return f"local-dir:{BUNDLED_FOLDER}"
    if model.startswith(("hf-hub:", "local-dir:")):
        return model
    if Path(model).is_dir():
        return f"local-dir:{model}"
    with quiet():
        import open_clip
    known = open_clip.list_models()
    if model not in known:
        raise ConfigurationError(
            f"image model {model!r} is unknown; {_nearest(model, [*known, 'bundled'])}. Set VITRINE_IMAGE_MODEL to one "
            "of open_clip's names, 'hf-hub:owner/name', a folder with open_clip_config.json, or 'bundled'"
        )
    tags = open_clip.list_pretrained_tags_by_model(model)
    if pretrained not in tags and not Path(pretrained or "").is_file():
        what = f"{pretrained!r} are no weights of" if pretrained else "no weights are named for"
        raise ConfigurationError(
            f"{what} image model {model!r}; {_nearest(pretrained or '', tags)}. Set VITRINE_IMAGE_PRETRAINED to one of "
            "its tags or to a checkpoint file"
        )
    return model


def _nearest(name: str, known: Sequence[str]) -> str:
    near = get_close_matches(name, known, 3, 0.4) or list(known[:3])
    return "nearest are " + ", ".join(near) if near else "none are known"


def _own_words(name: str, config: dict[str, Any]) -> WordTokenizer | None:
    if not name.startswith("local-dir:"):
        return None
    return load_words(Path(name.removeprefix("local-dir:")), config["text_cfg"]["context_length"])


def _digest(weights: "Mapping[str, Tensor]") -> str:
    """The first 12 hex digits of the sha256 over all weights."""
    digest = hashlib.sha256()
    for key, tensor in sorted(weights.items()):
        digest.update(key.encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()[:12]


def _not_too_long(picture: Image.Image) -> Image.Image:
    """The middle of a banner: resizing its short side would make the long one huge."""
    width, height = picture.size
    keep_width, keep_height = min(width, height * _MAX_ASPECT), min(height, width * _MAX_ASPECT)
    left, top = (width - keep_width) // 2, (height - keep_height) // 2
    return picture.crop((left, top, left + keep_width, top + keep_height))


def _said(model: str, pretrained: str | None) -> str:
    return repr(model) + (f" with weights {pretrained!r}" if pretrained else "")


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
