"""`vitrine eval offpolicy`: what another configuration would have earned on a surface, from its log."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from config.surface import Surface
from eval.attribution_log import Credited, read_credited
from eval.offpolicy.candidate import Diversify
from eval.offpolicy.estimate import Overlap, Sample, estimates, overlap
from eval.offpolicy.gather import Gathered, check_usable, gathering
from eval.offpolicy.logged import LoggedSlate, Pools, are_as_logged, read_pools
from eval.offpolicy.sample import make_sample, plan
from eval.rewards import slot_rewards
from service.core.errors import InvalidQuery
from service.core.intervals import MARGIN, SEED, Interval, verdict
from service.store.database import Database
from service.store.impressions import read_impressions

DISAGREES = "its scores do not give its propensities"
MOST_UNSEEN = 0.05
"""Share of the candidate's slots that the log may hardly ever have shown. Judgement."""

Values = NDArray[np.float64]

ASSUMPTIONS = (
    "The value is reward per slate in the item-position model: what a slot earns depends on who looks, on its product "
    "and on the slot, not on the products beside it.",
    "The candidate is judged as another way to order the pool that was logged; products its weights would have lifted "
    "into the pool are not seen.",
    "Where MMR has to choose anew it does so with today's text vectors.",
)


@dataclass(frozen=True, slots=True)
class Options:
    """What is asked.

    Parameters
    ----------
    reward : click, cart, purchase or revenue (in `currency`). window : how long an impression is remembered by events
        that name no request. clip : largest weight. most : slates looked at, drawn at random if there are more.
    min_ess : effective slates below which nothing is said.
    """

    surface: str
    reward: str = "click"
    currency: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    window: timedelta = timedelta(hours=24)
    clip: float = 100.0
    most: int = 5000
    min_ess: float = 100.0
    seed: int = SEED


def offpolicy(
    database: Database,
    tenant: str,
    candidate: Surface,
    options: Options,
    diversified: Diversify,
    on_done: Callable[[float, float], None] = lambda done, total: None,
) -> dict[str, Any]:
    """Estimate what a candidate would have earned.

    Parameters
    ----------
    diversified : step 7 of the pipeline without chance, for MMR. on_done : told slates finished since, and of how many.

    Raises
    ------
    InvalidQuery : no impressions, no randomness, nothing that can be weighed anew, too little overlap.
    """
    gathered = Gathered()
    impressions = gathering(
        read_impressions(database, tenant, since=options.since, until=options.until),
        options.surface, candidate, options.most, options.seed, gathered,
    )  # fmt: skip
    credited = read_credited(
        database, tenant, since=options.since, until=options.until, window=options.window, impressions=impressions
    )
    check_usable(gathered, options.surface)
    slates, pools = _trusted(gathered)
    check_usable(gathered, options.surface)
    reward = slot_rewards(credited, options.reward, options.currency)
    sample, unseen = make_sample(
        slates,
        pools,
        plan(slates, pools, candidate, diversified),
        candidate.temperature,
        _by_slot(credited, slates, reward.values, pools.shown.shape[1]),
        _visitors(credited, slates),
        clip=options.clip,
        on_done=lambda done: on_done(done, len(slates)),
    )
    shared = overlap(sample, options.clip)
    _check_overlap(shared, unseen, options, len(slates))
    found = {name: asdict(one) for name, one in estimates(sample, options.clip, seed=options.seed).items()}
    return {
        "surface": options.surface,
        "reward": options.reward,
        "currency": reward.currency,
        "unpriced": reward.unpriced,
        **_told(options, gathered, sample),
        **found,
        "verdict": _verdict(found),
        "overlap": {**asdict(shared), "unseen": unseen, "clip": options.clip, "min_ess": options.min_ess},
        "assumptions": list(ASSUMPTIONS),
    }


def _trusted(gathered: Gathered) -> tuple[list[LoggedSlate], Pools]:
    """The slates whose logged propensities follow from their logged scores."""
    pools = read_pools(gathered.kept)
    agrees = are_as_logged(pools)
    if not agrees.all():
        gathered.left_out[DISAGREES] += int((~agrees).sum())
        gathered.kept = [slate for slate, good in zip(gathered.kept, agrees, strict=True) if good]
        pools = Pools(pools.products[agrees], pools.logits[agrees], pools.shown[agrees], pools.propensities[agrees])
    return gathered.kept, pools


def _by_slot(credited: Credited, slates: list[LoggedSlate], values: Values, slots: int) -> Values:
    """The rewards of these slates, float64[B, slots]."""
    shown = credited.shown
    first = np.searchsorted(shown.impression, [slate.number for slate in slates])
    found = np.zeros((len(slates), slots))
    for row, slate in enumerate(slates):
        found[row, : len(slate.items)] = values[first[row] : first[row] + len(slate.items)]
    return found


def _visitors(credited: Credited, slates: list[LoggedSlate]) -> NDArray[np.int64]:
    numbers = credited.slates.visitor[[slate.number for slate in slates]]
    return np.unique(numbers, return_inverse=True)[1]


def _check_overlap(shared: Overlap, unseen: float, options: Options, slates: int) -> None:
    if shared.ess < options.min_ess:
        raise InvalidQuery(
            f"too little overlap: the {slates:,} slates weigh as much as {shared.ess:.0f}, fewer than "
            f"{options.min_ess:g}; wait for more, or try a configuration nearer to the logged one",
            code="little_overlap",
        )
    if unseen > MOST_UNSEEN:
        raise InvalidQuery(
            f"too little overlap: {unseen:.0%} of what this configuration would show was hardly ever shown "
            f"(less than 1/{options.clip:g} as often); raise the logged temperature, or try a nearer configuration",
            code="little_overlap",
        )


def _told(options: Options, gathered: Gathered, sample: Sample) -> dict[str, Any]:
    return {
        "since": options.since,
        "until": options.until,
        "slates": len(sample.visitor),
        "usable": gathered.usable,
        "left_out": dict(gathered.left_out),
        "visitors": int(sample.visitor.max()) + 1,
        "rewarded_slots": int((sample.reward > 0).sum()),
    }


def _verdict(found: Mapping[str, Mapping[str, float]]) -> str:
    """By the interval of the doubly robust lift."""
    lift = Interval(found["dr"]["lift"], found["dr"]["lift_low"], found["dr"]["lift_high"])
    return str(verdict(lift, 0.0, MARGIN * abs(found["logged"]["value"])))
