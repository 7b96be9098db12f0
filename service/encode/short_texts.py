"""One short text through a BERT of sentence-transformers, without what the library does around it.

A query is a handful of word pieces: the library takes as long to prepare, hand around and collect as the model takes to
compute. The arithmetic is that of the model itself, in the same precision, and checked against it when it is loaded.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from service.core.types import Floats

if TYPE_CHECKING:
    from torch import Tensor

_PROBES = ("Red mug", " Crème brûlée set, 8GB (2 pcs.) ", "a lamp that is bright enough to read by " * 8)
_TOLERANCE = 1e-4

Encode = Callable[[str], Floats]
Layer = tuple["Tensor", ...]


def short_text_encoder(model: Any, encode: Encode) -> Encode | None:
    """A quicker way to the vectors of `encode`; None where the model is anything but a plain BERT on the CPU.

    Parameters
    ----------
    model : of sentence-transformers. encode : one text to a unit vector float32[D], as the library does it.
    """
    try:
        quick = _bert(model) if _is_plain(model) else None
        same = quick is not None and all(np.allclose(quick(one), encode(one), atol=_TOLERANCE) for one in _PROBES)
    except (AttributeError, KeyError, TypeError, ValueError, RuntimeError):
        return None  # built in another way than this file knows: the library then encodes as ever
    return quick if same else None


def _is_plain(model: Any) -> bool:
    """Whether it is a BERT whose word vectors are averaged, and nothing else is done to texts or vectors."""
    parts = [type(part).__name__ for part in model]
    config = model[0].auto_model.config
    return (
        parts in (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"])
        and model.device.type == "cpu"
        and (config.model_type, config.hidden_act) == ("bert", "gelu")
        and not any(model.prompts.values())
    )


def _bert(model: Any) -> "Bert":
    """The same arithmetic with the weights and the word pieces of a model of sentence-transformers."""
    config, tokenizer, longest = model[0].auto_model.config, model.tokenizer, model.max_seq_length

    def pieces_of(text: str) -> list[int]:
        found: list[int] = tokenizer(text, truncation=True, max_length=longest)["input_ids"]
        return found

    return Bert(
        model[0].auto_model.state_dict(), pieces_of, layers=config.num_hidden_layers,
        heads=config.num_attention_heads, eps=config.layer_norm_eps,
    )  # fmt: skip


class Bert:
    """BERT (Devlin et al. 2019, arXiv:1810.04805) with mean pooling.

    Parameters
    ----------
    weights : by their usual names. pieces_of : a text's word pieces, its own marks included, cut where the model ends.
    """

    def __init__(
        self, weights: Mapping[str, "Tensor"], pieces_of: Callable[[str], list[int]], *, layers: int, heads: int,
        eps: float,
    ) -> None:  # fmt: skip
        self._pieces_of, self._heads, self._eps = pieces_of, heads, eps
        self._words = weights["embeddings.word_embeddings.weight"]
        types = weights["embeddings.token_type_embeddings.weight"]
        self._places = weights["embeddings.position_embeddings.weight"] + types[0]
        self._norm = (weights["embeddings.LayerNorm.weight"], weights["embeddings.LayerNorm.bias"])
        self._layers = [_layer(weights, f"encoder.layer.{n}.") for n in range(layers)]

    def pieces_of(self, text: str) -> list[int]:
        """The word pieces of a text that are read."""
        return self._pieces_of(text.strip())

    def together(self, texts: Sequence[Sequence[int]]) -> Floats:
        """Unit vectors of the word pieces of some texts, float32[P, D]."""
        import torch
        from torch.nn.functional import layer_norm

        longest = max(map(len, texts))
        pieces, is_there = torch.zeros(2, len(texts), longest, dtype=torch.int64)
        for row, text in enumerate(texts):
            pieces[row, : len(text)], is_there[row, : len(text)] = torch.tensor(text), 1
        there = is_there.bool()[:, None, None, :] if int(is_there.min()) == 0 else None
        with torch.inference_mode():
            state = self._words[pieces] + self._places[:longest]
            state = layer_norm(state, state.shape[2:], *self._norm, self._eps)
            for layer in self._layers:
                state = self._through(state, layer, there)
            mean = (state * is_there[:, :, None]).sum(1) / is_there.sum(1, keepdim=True)
            vectors: Floats = (mean / mean.norm(dim=1, keepdim=True)).numpy()
        return vectors

    def __call__(self, text: str) -> Floats:
        """The unit vector of one text, float32[D]."""
        import torch
        from torch.nn.functional import layer_norm

        pieces = self.pieces_of(text)
        with torch.inference_mode():
            state = self._words[torch.tensor(pieces)] + self._places[: len(pieces)]
            state = layer_norm(state, state.shape[1:], *self._norm, self._eps)[None]
            for layer in self._layers:
                state = self._through(state, layer)
            mean = state[0].mean(0)
            vector: Floats = (mean / mean.norm()).numpy()
        return vector

    def _through(self, state: "Tensor", layer: Layer, there: "Tensor | None" = None) -> "Tensor":
        """Texts [P, L, D] through a layer; `there` says which word pieces are any."""
        from torch.nn.functional import gelu, layer_norm, linear, scaled_dot_product_attention

        asking, asking_b, joined, joined_b, norm, norm_b, wide, wide_b, narrow, narrow_b, last, last_b = layer
        texts, count, size = state.shape
        parts = linear(state, asking, asking_b).view(texts, count, 3, self._heads, -1).permute(2, 0, 3, 1, 4)
        seen = scaled_dot_product_attention(parts[0], parts[1], parts[2], attn_mask=there)
        seen = linear(seen.transpose(1, 2).reshape(texts, count, size), joined, joined_b)
        state = layer_norm(state + seen, (size,), norm, norm_b, self._eps)
        thought = linear(gelu(linear(state, wide, wide_b)), narrow, narrow_b)
        return layer_norm(state + thought, (size,), last, last_b, self._eps)


def _layer(weights: Mapping[str, "Tensor"], prefix: str) -> Layer:
    """What one layer computes with; its three questions to the words as one matrix."""
    import torch

    asking = [f"{prefix}attention.self.{name}." for name in ("query", "key", "value")]
    names = ("attention.output.dense", "attention.output.LayerNorm", "intermediate.dense", "output.dense",
             "output.LayerNorm")  # fmt: skip
    return (
        torch.cat([weights[f"{name}weight"] for name in asking]),
        torch.cat([weights[f"{name}bias"] for name in asking]),
        *(weights[f"{prefix}{name}.{kind}"] for name in names for kind in ("weight", "bias")),
    )
