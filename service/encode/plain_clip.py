"""The words' half of a small CLIP from its file: searches need nothing else, and the library takes long to import."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

_EPS = 1e-5

Block = tuple["Tensor", ...]


class WordTower:
    """A text transformer as open_clip makes them (Radford et al. 2021, arXiv:2103.00020), pooled at the end mark.

    Parameters
    ----------
    weights : by open_clip's names. end : the number of the end mark.
    """

    def __init__(self, weights: "Mapping[str, Tensor]", *, layers: int, heads: int, end: int) -> None:
        self._heads, self._end = heads, end
        self._words, self._places = weights["token_embedding.weight"], weights["positional_embedding"]
        self._blocks = [_block(weights, f"transformer.resblocks.{n}.") for n in range(layers)]
        self._last = (weights["ln_final.weight"], weights["ln_final.bias"])
        self._projection = weights["text_projection"]

    def __call__(self, tokens: "Tensor") -> "Tensor":
        """Unit vectors float32[N, D] of tokens int64[N, L]."""
        import torch
        from torch.nn.functional import layer_norm, normalize

        ends = (tokens == self._end).int().argmax(dim=-1)
        tokens = tokens[:, : int(ends.max()) + 1]  # no word looks at what comes behind it
        state = self._words[tokens] + self._places[: tokens.shape[1]]
        for block in self._blocks:
            state = self._through(state, block)
        state = layer_norm(state, state.shape[2:], *self._last, _EPS)
        return normalize(state[torch.arange(len(state)), ends] @ self._projection, dim=-1)

    def _through(self, state: "Tensor", block: Block) -> "Tensor":
        from torch.nn.functional import gelu, layer_norm, linear, scaled_dot_product_attention

        first, first_b, asking, asking_b, joined, joined_b, second, second_b, wide, wide_b, narrow, narrow_b = block
        texts, count, size = state.shape
        parts = linear(layer_norm(state, (size,), first, first_b, _EPS), asking, asking_b)
        parts = parts.view(texts, count, 3, self._heads, -1).permute(2, 0, 3, 1, 4)
        seen = scaled_dot_product_attention(parts[0], parts[1], parts[2], is_causal=True)
        state = state + linear(seen.transpose(1, 2).reshape(texts, count, size), joined, joined_b)
        thought = linear(layer_norm(state, (size,), second, second_b, _EPS), wide, wide_b)
        return state + linear(gelu(thought), narrow, narrow_b)


def _block(weights: "Mapping[str, Tensor]", prefix: str) -> Block:
    names = ("ln_1.weight", "ln_1.bias", "attn.in_proj_weight", "attn.in_proj_bias", "attn.out_proj.weight",
             "attn.out_proj.bias", "ln_2.weight", "ln_2.bias", "mlp.c_fc.weight", "mlp.c_fc.bias",
             "mlp.c_proj.weight", "mlp.c_proj.bias")  # fmt: skip
    return tuple(weights[prefix + name] for name in names)
