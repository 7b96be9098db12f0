"""The contrastive training loop: a picture must find its caption among the batch's, and a caption its picture."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from indexer.train_image.augment import Accidents, augment
from service.encode.image import Clip, clip_loss
from service.encode.image_words import PAD

OnProgress = Callable[[int, int, float], None]
"""Called with batches done, batches in all, and the latest loss."""

_MAX_SCALE = math.log(100)


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and how fast to learn.

    Parameters
    ----------
    epochs : passes over the pictures. batch : pictures per step, 2 or more. lr : peak learning rate.
    warm_up : share of the steps in which the rate rises; then it falls to 0 along a cosine.
    word_drop : share of a caption's words that are left out, so that short queries work too.
    """

    epochs: int = 20
    batch: int = 128
    lr: float = 1e-3
    warm_up: float = 0.1
    weight_decay: float = 0.05
    word_drop: float = 0.1


@dataclass(frozen=True, slots=True)
class Lesson:
    """Prepared training data: pictures uint8[P, 3, H, W] and per picture its tokenized captions int64[*, L]."""

    pictures: Tensor
    captions: Sequence[Tensor]


def learn(clip: Clip, lesson: Lesson, schedule: Schedule, seed: int, on_progress: OnProgress | None = None) -> float:
    """Train `clip` in place; the mean loss of the last epoch.

    Notes
    -----
    The loss is open_clip's symmetric InfoNCE over each batch. The same seed, data and thread count give the same
    weights.
    """
    random = torch.Generator().manual_seed(seed)
    device = next(clip.model.parameters()).device
    normalise = _normaliser(clip, device)
    steps = max(1, len(lesson.pictures) // schedule.batch) * schedule.epochs
    optimizer, rate = _optimizer(clip.model, schedule, steps)
    loss_of, losses, done = clip_loss(), [0.0], 0
    # twice as fast on a CPU as channels first
    clip.model.train().to(memory_format=torch.channels_last)
    for _ in range(schedule.epochs):
        losses = []
        for chosen in _batches(len(lesson.pictures), schedule.batch, random):
            pictures = augment(lesson.pictures[chosen].float() / 255, Accidents(), random)
            texts = _draw_captions(clip, lesson.captions, chosen, schedule.word_drop, random)
            loss = _step(
                clip.model,
                normalise(pictures.to(device, memory_format=torch.channels_last)),
                texts.to(device),
                loss_of,
                optimizer,
            )
            rate.step()
            losses.append(loss)
            done += 1
            if on_progress:
                on_progress(done, steps, loss)
    clip.model.eval()
    return sum(losses) / len(losses)


def _step(
    model: nn.Module, pictures: Tensor, texts: Tensor, loss_of: Callable[..., Tensor], optimizer: torch.optim.Optimizer
) -> float:
    seen, read, scale = model(pictures, texts)[:3]
    loss = loss_of(seen, read, scale)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    with torch.no_grad():  # the temperature is bounded as in the CLIP paper
        model.logit_scale.clamp_(0, _MAX_SCALE)  # type: ignore[operator]
    return float(loss.detach())


def _optimizer(
    model: nn.Module, schedule: Schedule, steps: int
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LambdaLR]:
    # gains, biases and the temperature are not decayed
    matrices = [p for p in model.parameters() if p.requires_grad and p.ndim >= 2]
    others = [p for p in model.parameters() if p.requires_grad and p.ndim < 2]
    groups = [{"params": matrices, "weight_decay": schedule.weight_decay}, {"params": others, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=schedule.lr, betas=(0.9, 0.98), eps=1e-6)
    warm = max(1, round(steps * schedule.warm_up))

    def share(step: int) -> float:
        if step < warm:
            return (step + 1) / warm
        return 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm)))

    return optimizer, torch.optim.lr_scheduler.LambdaLR(optimizer, share)


def _batches(count: int, batch: int, random: torch.Generator) -> list[Tensor]:
    """Random full batches; the few pictures left over wait for the next epoch."""
    order = torch.randperm(count, generator=random)
    return list(order[: max(batch, count // batch * batch)].split(batch))  # type: ignore[no-untyped-call]


def _draw_captions(
    clip: Clip, captions: Sequence[Tensor], chosen: Tensor, word_drop: float, random: torch.Generator
) -> Tensor:
    draws = torch.rand(len(chosen), generator=random)
    rows = [captions[n][int(draw * len(captions[n]))] for n, draw in zip(chosen.tolist(), draws.tolist(), strict=True)]
    texts = torch.stack(rows)
    return _drop_words(texts, word_drop, random) if clip.words and word_drop else texts


def _drop_words(texts: Tensor, share: float, random: torch.Generator) -> Tensor:
    """Leave words out and close the gaps; only for a vocabulary of whole words."""
    words = texts > 2
    dropped = words & (torch.rand(texts.shape, generator=random) < share)
    dropped &= ~(dropped.sum(1) == words.sum(1))[:, None]  # never all of them
    order = dropped.long().sort(dim=1, stable=True).indices
    return texts.masked_fill(dropped, PAD).gather(1, order)


def _normaliser(clip: Clip, device: torch.device) -> Callable[[Tensor], Tensor]:
    mean, deviation = (
        torch.tensor(clip.config["preprocess_cfg"][key], device=device).view(1, 3, 1, 1) for key in ("mean", "std")
    )
    return lambda pictures: (pictures - mean) / deviation
