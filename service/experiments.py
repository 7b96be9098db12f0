"""Step 1, assign: which parameters a request is served with, and which experiments it takes part in."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from itertools import accumulate
from typing import Any

from config.experiments import Experiment
from config.params import Params
from config.search import SimilarMode
from config.surface import Surface
from service.core.errors import InvalidQuery
from service.core.near import NOWHERE, Near

CONTROL = "control"
PLAIN = "similar"
"""The way to be similar that changes nothing."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """What a request is served with.

    Attributes
    ----------
    arms : experiment -> variant, of the experiments it counts in; those a tester forced do not count.
    label : all that made it differ from the configured surface, in one word.
    rules_on, rules_off : business rules that its variants switch on and off; off where they disagree.
    release : id of the release that answers, None for the live one.
    near : what products are to have in common with the anchor. mode : the one asked for.
    behind : what comes behind where a mode finds too few, each with its signals' weights.
    """

    arms: Mapping[str, str]
    label: str
    surface: Surface
    rules_on: frozenset[str] = frozenset()
    rules_off: frozenset[str] = frozenset()
    release: str | None = None
    near: Near = NOWHERE
    mode: str | None = None
    behind: tuple[tuple[str, Mapping[str, float]], ...] = ()


def assign(
    params: Params,
    surface: str,
    *,
    visitor: str | None = None,
    now: float = 0.0,
    forced: Mapping[str, str] | None = None,
    weights: Mapping[str, float] | None = None,
    mmr_lambda: float | None = None,
    mode: str | None = None,
    all_variants: bool = False,
) -> Assignment:
    """The surface's parameters for a visitor: configured, changed by a mode, experiments, and the request itself.

    Parameters
    ----------
    visitor : what the assignment sticks to; None takes part in nothing. now : seconds since 1970, UTC.
    forced : experiment -> variant a tester asks for.
    weights : signal -> weight; replaces the configured weight of the signals it names, the others stay. They are taken
        at their word: nothing fills up where they find too few.
    mode : in which way products are to be similar. all_variants : show every variant of a product.

    Raises
    ------
    InvalidQuery : a weight that is negative or not finite, all weights 0, an unknown signal, variant or mode.
    """
    way = known_mode(params, mode)
    arms = dict(_arms(params, surface, visitor, now))
    forced = _known(params, forced or {})
    chosen = [
        params.experiments[experiment].variants[variant]
        for experiment, variant in (arms | forced).items()
        if surface in params.experiments[experiment].surfaces
    ]
    plain, arm_changes = params.surfaces[surface], [arm.changes for arm in chosen]
    configured = _changed(plain, way.over(plain.weights), *arm_changes)
    changes: dict[str, object] = {}
    if weights is not None:
        changes["weights"] = _checked(weights, configured.weights)
    if mmr_lambda is not None:
        changes["mmr_lambda"] = mmr_lambda
    if all_variants:
        changes["one_per_group"] = False
    counted = {name: variant for name, variant in arms.items() if name not in forced}
    labels = [f"{name}={variant}" for name, variant in counted.items()]
    labels += [f"{name}={variant} (forced)" for name, variant in forced.items()]
    return Assignment(
        counted,
        ",".join(labels) or CONTROL,
        configured.model_copy(update=changes) if changes else configured,
        frozenset(rule for arm in chosen for rule in arm.rules_on),
        frozenset(rule for arm in chosen for rule in arm.rules_off),
        next((arm.release for arm in chosen if arm.release), None),
        way.near,
        mode,
        () if weights is not None else _behind(params, plain, way, arm_changes),
    )


def _behind(
    params: Params, plain: Surface, way: SimilarMode, arm_changes: Sequence[Mapping[str, Any]]
) -> tuple[tuple[str, Mapping[str, float]], ...]:
    """What comes behind where a mode finds too few, each with its signals' weights."""
    if not way.over(plain.weights):
        return ()
    others = [(name, params.similar_modes[name].over(plain.weights)) for name in way.then] + [(PLAIN, {})]
    return tuple((name, _changed(plain, other, *arm_changes).weights) for name, other in others)


def known_mode(params: Params, mode: str | None) -> SimilarMode:
    """What a mode changes; None changes nothing.

    Raises
    ------
    InvalidQuery : there is no such mode.
    """
    if mode is None:
        return SimilarMode()
    if mode not in params.similar_modes:
        known = ", ".join(params.similar_modes)
        raise InvalidQuery(f"there is no mode {mode[:100]!r}; choose one of: {known}", code="unknown_mode")
    return params.similar_modes[mode]


def _changed(surface: Surface, *changes: Mapping[str, Any]) -> Surface:
    for one in changes:
        surface = surface.changed(one)
    return surface


def _arms(params: Params, surface: str, visitor: str | None, now: float) -> Iterator[tuple[str, str]]:
    """The experiments this visitor is in, one per layer at most, each with its variant."""
    if visitor is None or not params.experiments:
        return
    salt = params.assignment.salt
    if place(f"{salt}:holdout", visitor) < params.assignment.holdout:
        return
    starts: dict[str, float] = {}
    for name, experiment in params.experiments.items():
        # a layer is a line from 0 to 1 that its experiments share: whoever is in one is in no other
        start = starts.get(experiment.layer, 0.0)
        starts[experiment.layer] = start + experiment.traffic
        if surface not in experiment.surfaces or not _is_running(experiment, now):
            continue
        if start <= place(f"{salt}:{experiment.layer}", visitor) < start + experiment.traffic:
            yield name, _variant(experiment, place(f"{salt}:{name}:{experiment.salt}", visitor))


def _is_running(experiment: Experiment, now: float) -> bool:
    moment = datetime.fromtimestamp(now, UTC)
    return (experiment.start is None or experiment.start <= moment) and (
        experiment.end is None or moment < experiment.end
    )


def _variant(experiment: Experiment, where: float) -> str:
    names = list(experiment.variants)
    reached = accumulate(variant.share for variant in experiment.variants.values())
    return next((name for name, end in zip(names, reached, strict=True) if where < end), names[-1])


def place(salt: str, visitor: str) -> float:
    """Where a visitor stands on the line from 0 to 1, the same for ever; another salt is another line.

    Examples
    --------
    >>> place("a", "anna") == place("a", "anna") != place("b", "anna")
    True
    """
    digest = blake2b(f"{salt}\0{visitor}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def _known(params: Params, forced: Mapping[str, str]) -> dict[str, str]:
    for name, variant in forced.items():
        if name not in params.experiments:
            known = ", ".join(params.experiments) or "none"
            raise InvalidQuery(f"there is no experiment {name[:100]!r}; there are: {known}", code="unknown_experiment")
        if variant not in params.experiments[name].variants:
            known = ", ".join(params.experiments[name].variants)
            raise InvalidQuery(f"{name} has no variant {variant[:100]!r}; it has {known}", code="unknown_variant")
    return dict(forced)


def _checked(weights: Mapping[str, float], configured: Mapping[str, float]) -> dict[str, float]:
    if unknown := sorted(set(weights) - set(configured)):
        raise InvalidQuery(
            f"weights: unknown signals {unknown}; this surface has {', '.join(configured)}", code="unknown_signal"
        )
    if bad := {name: weight for name, weight in weights.items() if not 0 <= weight <= 1000}:
        raise InvalidQuery(f"weights must lie between 0 and 1000, got {bad}", code="invalid_weights")
    merged = {**configured, **weights}
    if not any(merged.values()):
        raise InvalidQuery(
            "weights: all are 0, so nothing can be found; set at least one above 0", code="invalid_weights"
        )
    return merged
