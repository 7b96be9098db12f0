"""Small accidents of photography on a batch of pictures; colours stay what the captions call them."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True, slots=True)
class Accidents:
    """How far a training picture may stray from the original.

    Parameters
    ----------
    zoom, shift : share of the picture's side. turn : radians. mirror : whether left and right may be swapped.
    light, contrast : relative change. tint : per colour channel, kept so small that navy never becomes purple.
    blur : share of pictures that are blurred.
    """

    zoom: float = 0.15
    shift: float = 0.08
    turn: float = 0.10
    mirror: bool = True
    light: float = 0.10
    contrast: float = 0.12
    tint: float = 0.03
    blur: float = 0.15


def augment(pictures: Tensor, accidents: Accidents, random: torch.Generator) -> Tensor:
    """Randomly moved, lit and blurred copies.

    Parameters
    ----------
    pictures : float32[B, 3, H, W], values 0 to 1.

    Returns
    -------
    float32[B, 3, H, W], values 0 to 1.
    """
    pictures = _move(pictures, accidents, random)
    pictures = _blur(pictures, accidents, random)
    count = len(pictures)
    light = 1 + _signed(random, count, 1) * accidents.light + _signed(random, count, 3) * accidents.tint
    contrast = 1 + _signed(random, count, 1) * accidents.contrast
    middle = pictures.mean(dim=(1, 2, 3), keepdim=True)
    lit = (pictures - middle) * contrast[..., None, None] + middle
    return (lit * light[..., None, None]).clamp(0, 1)


def _move(pictures: Tensor, accidents: Accidents, random: torch.Generator) -> Tensor:
    count = len(pictures)
    turn = _signed(random, count, 1)[:, 0] * accidents.turn
    zoom = 1 + _signed(random, count, 1)[:, 0] * accidents.zoom
    flip = torch.ones(count)
    if accidents.mirror:
        flip = torch.where(torch.rand(count, generator=random) < 0.5, -1.0, 1.0)
    shift = _signed(random, count, 2) * 2 * accidents.shift  # grid coordinates run from -1 to 1
    rows = [
        torch.stack([flip * zoom * turn.cos(), -zoom * turn.sin(), shift[:, 0]], dim=1),
        torch.stack([flip * zoom * turn.sin(), zoom * turn.cos(), shift[:, 1]], dim=1),
    ]
    grid = functional.affine_grid(torch.stack(rows, dim=1), list(pictures.shape), align_corners=False)
    return functional.grid_sample(pictures, grid, padding_mode="border", align_corners=False)


def _blur(pictures: Tensor, accidents: Accidents, random: torch.Generator) -> Tensor:
    chosen = torch.rand(len(pictures), generator=random) < accidents.blur
    if not chosen.any():
        return pictures
    edged = functional.pad(pictures[chosen], (1, 1, 1, 1), mode="replicate")
    blurred = pictures.clone()
    blurred[chosen] = functional.avg_pool2d(edged, 3, stride=1)
    return blurred


def _signed(random: torch.Generator, *shape: int) -> Tensor:
    """Uniform in -1 to 1."""
    return torch.rand(*shape, generator=random) * 2 - 1
