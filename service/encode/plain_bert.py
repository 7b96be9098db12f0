"""A sentence model that is a plain BERT, from its files and without the libraries that make any model: those take as
long to import as the rest of the service takes to start, and a quarter of its memory."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from service.core.types import Floats
from service.encode.short_texts import Bert

if TYPE_CHECKING:
    from tokenizers import Tokenizer


class PlainBert:
    """What `TextEncoder` needs of a sentence-transformers model; made by `load_plain_bert`.

    Attributes
    ----------
    max_seq_length : word pieces that are read of a text.
    """

    def __init__(self, bert: Bert, every: "Tokenizer", limit: int, size: int) -> None:
        self._bert = bert
        self._every = every
        self._size = size
        self.max_seq_length = limit

    def get_embedding_dimension(self) -> int:
        """Dimensions D."""
        return self._size

    def encode_query(self, text: str, **_: object) -> Floats:
        """One text to a unit vector, float32[D]."""
        return self._bert(text)

    def encode_document(self, texts: Sequence[str], *, batch_size: int = 32, **_: object) -> Floats:
        """Texts to unit vectors, float32[P, D]; those of about one length together, so that little is padded."""
        pieces = [self._bert.pieces_of(text) for text in texts]
        order = sorted(range(len(texts)), key=lambda place: -len(pieces[place]))
        rows = np.zeros((len(texts), self._size), np.float32)
        for start in range(0, len(order), batch_size):
            some = order[start : start + batch_size]
            rows[some] = self._bert.together([pieces[place] for place in some])
        return rows

    def tokenizer(self, texts: Sequence[str], **_: object) -> dict[str, list[list[int]]]:
        """The word pieces of texts, however long, as transformers gives them."""
        return {"input_ids": [one.ids for one in self._every.encode_batch(list(texts))]}


def load_plain_bert(folder: Path) -> PlainBert:
    """Read a model whose word vectors are averaged and brought to length 1, as all-MiniLM-L6-v2.

    Raises
    ------
    OSError, ValueError, KeyError : its files are not those of such a model.
    """
    from safetensors.torch import load_file
    from tokenizers import Tokenizer

    config = _json(folder / "config.json")
    limit = int(_json(folder / "sentence_bert_config.json")["max_seq_length"])
    pooling = _json(folder / "1_Pooling" / "config.json")
    if (config["model_type"], config["hidden_act"]) != ("bert", "gelu") or not pooling["pooling_mode_mean_tokens"]:
        raise ValueError(f"{folder} holds no BERT whose word vectors are averaged")
    file = str(folder / "tokenizer.json")
    every, short = Tokenizer.from_file(file), Tokenizer.from_file(file)
    for one in (every, short):
        one.no_padding()
        one.no_truncation()
    short.enable_truncation(limit)
    bert = Bert(
        load_file(folder / "model.safetensors"), lambda text: short.encode(text).ids,
        layers=config["num_hidden_layers"], heads=config["num_attention_heads"], eps=config["layer_norm_eps"],
    )  # fmt: skip
    return PlainBert(bert, every, limit, int(config["hidden_size"]))


def _json(file: Path) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(file.read_text("utf-8"))
    return found
