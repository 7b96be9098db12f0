"""Step 1, assign: which parameters a request is served with."""

from collections.abc import Mapping
from dataclasses import dataclass

from config.params import Params, Surface
from service.core.errors import InvalidQuery

CONTROL = "control"


@dataclass(frozen=True, slots=True)
class Assignment:
    """The experiment arm of a request and the parameters it means."""

    variant: str
    surface: Surface


def assign(
    params: Params, surface: str, *, weights: Mapping[str, float] | None = None, mmr_lambda: float | None = None
) -> Assignment:
    """The surface's configured parameters with what the request overrides.

    Parameters
    ----------
    weights : signal -> weight; replaces the configured weight of the signals it names, the others stay.

    Raises
    ------
    InvalidQuery : a weight that is negative or not finite, an unknown signal, or all weights 0.
    """
    configured = params.surfaces[surface]
    changes: dict[str, object] = {}
    if weights is not None:
        changes["weights"] = _checked(weights, configured.weights)
    if mmr_lambda is not None:
        changes["mmr_lambda"] = mmr_lambda
    return Assignment(CONTROL, configured.model_copy(update=changes) if changes else configured)


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
