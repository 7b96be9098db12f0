"""Experiments: which share of the visitors is served with which changes of a surface."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, model_validator

from config.frozen import Frozen, Share

_ROUNDING = 1e-9

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]


class Variant(Frozen):
    """One arm.

    Parameters
    ----------
    share : of the experiment's visitors. changes : keys of the surface with other values; empty for the control.
    rules_on, rules_off : ids of business rules that count for these visitors although they are disabled, or do not.
    release : id of a trained release that answers them instead of the live one, which does if that one cannot.
    """

    share: Annotated[float, Field(gt=0, le=1)]
    changes: dict[str, Any] = Field(default_factory=dict)
    rules_on: tuple[str, ...] = ()
    rules_off: tuple[str, ...] = ()
    release: str | None = None


class Experiment(Frozen):
    """A comparison of variants on the same surfaces at the same time.

    Parameters
    ----------
    layer : a visitor is in one experiment per layer at most. traffic : share of the layer's visitors that take part.
    salt : another one shuffles the visitors anew. start, end : outside of which nobody takes part.
    """

    surfaces: Annotated[tuple[str, ...], Field(min_length=1)]
    layer: Name = "ranking"
    traffic: Share = 1.0
    salt: str = ""
    start: datetime | None = None
    end: datetime | None = None
    variants: Annotated[dict[Name, Variant], Field(min_length=2)]

    @model_validator(mode="after")
    def _consistent(self) -> "Experiment":
        total = sum(variant.share for variant in self.variants.values())
        if abs(total - 1) > _ROUNDING:
            raise ValueError(f"the shares of the variants must add up to 1, got {total:g}")
        if self.start is not None and self.end is not None and self.start >= self.end:
            raise ValueError(f"it ends ({self.end}) before it starts ({self.start})")
        if any(moment is not None and moment.tzinfo is None for moment in (self.start, self.end)):
            raise ValueError("start and end need a time zone, as in 2026-05-01T00:00:00Z")
        return self


class Assignment(Frozen):
    """Who takes part in experiments at all.

    Parameters
    ----------
    holdout : share of visitors that no experiment ever touches. salt : of that choice, and of the layers.
    """

    holdout: Share
    salt: str


def check_layers(experiments: dict[str, Experiment]) -> None:
    """See that no layer promises more visitors than there are.

    Raises
    ------
    ValueError : naming the layer and its experiments.
    """
    layers: dict[str, list[str]] = {}
    for name, experiment in experiments.items():
        layers.setdefault(experiment.layer, []).append(name)
    for layer, names in layers.items():
        total = sum(experiments[name].traffic for name in names)
        if total > 1 + _ROUNDING:
            raise ValueError(f"the experiments of layer {layer} ({', '.join(names)}) take {total:g} of it, more than 1")
