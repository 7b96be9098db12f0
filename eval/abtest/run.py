"""`vitrine eval abtest`: the read-out of an experiment."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from math import isfinite
from typing import Any

import numpy as np

from config.experiments import Experiment
from config.params import Params
from eval.abtest.effect import effect
from eval.abtest.ratio import Ratio, ratio
from eval.abtest.sample_ratio import SUSPICIOUS, sample_ratio_p
from eval.abtest.sequential import PLANNED
from eval.abtest.table import OUT, Members, VisitorTable, members, ratios_of, visitor_table
from eval.attribution import Outcome
from eval.attribution_log import Credited, read_credited
from service.core.errors import InvalidQuery, NotFound
from service.store.database import Database

CONTROL = "control"
ALL = "all"


@dataclass(frozen=True, slots=True)
class Options:
    """What is asked.

    Parameters
    ----------
    since, until : the experiment's own start and end if None. window : how long what was shown is remembered by
        events that name no request. planned : visitors the experiment was planned for; chosen before looking.
    """

    experiment: str
    since: datetime | None = None
    until: datetime | None = None
    window: timedelta = timedelta(hours=24)
    planned: int = PLANNED


def abtest(database: Database, tenant: str, params: Params, options: Options) -> dict[str, Any]:
    """Read an experiment out of the log.

    Raises
    ------
    NotFound : no such experiment is configured. InvalidQuery : nobody was in it in that time.
    """
    experiment = _experiment(params, options.experiment)
    since, until = options.since or experiment.start, options.until or experiment.end
    credited = read_credited(database, tenant, since=since, until=until, window=options.window)
    told = {
        "experiment": options.experiment,
        "since": since,
        "until": until,
        "window_hours": options.window.total_seconds() / 3600,
    }
    return told | read_out(credited, options.experiment, experiment, planned=options.planned)


def read_out(credited: Credited, name: str, experiment: Experiment, *, planned: int = PLANNED) -> dict[str, Any]:
    """The same from a log that was read already.

    Raises
    ------
    InvalidQuery : nobody was in the experiment.
    """
    variants = list(experiment.variants)
    control = CONTROL if CONTROL in variants else variants[0]
    found = members(credited, name, variants)
    if not (found.variant != OUT).any():
        raise InvalidQuery(
            f"nobody was in {name} in this time: no slate carries one of its variants; choose another time, or look "
            "whether it has started",
            code="no_impressions",
        )
    whole = visitor_table(credited, found)
    shares = [experiment.variants[variant].share for variant in variants]
    counts = np.bincount(whole.variant, minlength=len(variants)).tolist()
    p = sample_ratio_p(counts, shares)
    is_trusted = p >= SUSPICIOUS
    tables = {
        ALL: whole,
        **{surface: visitor_table(credited, found, surface) for surface in _surfaces(credited, found)},
    }
    return {
        "control": control,
        "sample_ratio": {
            "p": p,
            "trusted": is_trusted,
            "visitors": dict(zip(variants, counts, strict=True)),
            "shares": dict(zip(variants, shares, strict=True)),
            "mixed": found.mixed,
        },
        "planned": planned,
        "events": _events(credited),
        "surfaces": {
            surface: _surface(table, variants, variants.index(control), is_trusted, planned)
            for surface, table in tables.items()
        },
    }


def _experiment(params: Params, name: str) -> Experiment:
    if name not in params.experiments:
        known = ", ".join(params.experiments) or "none"
        raise NotFound(
            f"there is no experiment {name[:100]!r} in the configuration; there are: {known}", code="unknown_experiment"
        )
    return params.experiments[name]


def _surfaces(credited: Credited, found: Members) -> list[str]:
    numbers = np.unique(credited.slates.surface[found.variant != OUT])
    return [credited.slates.surfaces[number] for number in numbers]


def _events(credited: Credited) -> dict[str, int]:
    """What became of all clicks, carts and purchases of the time."""
    counts = np.bincount(credited.credit.outcome, minlength=len(Outcome))
    return {outcome.name.lower(): int(counts[outcome]) for outcome in Outcome}


def _surface(
    table: VisitorTable, variants: Sequence[str], control: int, is_trusted: bool, planned: int
) -> dict[str, Any]:
    measured: list[dict[str, Ratio]] = []
    for place in range(len(variants)):
        is_in = table.variant == place
        measured.append({name: ratio(above[is_in], below[is_in]) for name, (above, below) in ratios_of(table).items()})
    return {
        "variants": {
            variant: {
                "visitors": int((table.variant == place).sum()),
                "slates": int(table.slates[table.variant == place].sum()),
                "slots": int(table.slots[table.variant == place].sum()),
                **{name: _rounded(asdict(one.interval())) for name, one in measured[place].items()},
            }
            for place, variant in enumerate(variants)
        },
        "effects": {
            variant: {
                name: _rounded(asdict(effect(measured[control][name], one, is_trusted=is_trusted, planned=planned)))
                for name, one in measured[place].items()
            }
            for place, variant in enumerate(variants)
            if place != control
        },
    }


def _rounded(values: dict[str, Any]) -> dict[str, Any]:
    """For JSON: None for what is not a number."""
    return {
        name: (round(value, 6) if isfinite(value) else None) if isinstance(value, float) else value
        for name, value in values.items()
    }
