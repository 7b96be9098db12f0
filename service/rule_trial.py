"""A dry run: what rules would have changed in slates that were shown lately, asked for again with and without them."""

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace

import numpy as np

from service.asked import request_again
from service.context import Request, Services
from service.core.errors import IndexNotReady, InvalidQuery, NotFound
from service.core.fields import with_attributes
from service.core.rules import STEERING, Rule, by_precedence
from service.core.types import Slate
from service.pipeline import recommend
from service.store.impressions import recent_feeds


@dataclass(frozen=True, slots=True)
class Trial:
    """What rules change in recent slates.

    Attributes
    ----------
    tried : requests asked again. skipped : why others could not be -> how many. changed : slates that differ.
    comes, leaves, moves : internal id -> slates it comes into, leaves, or stands at another rank in.
    mean_rank_change : ranks that products move by, up or down, over those in both slates; 0 without any.
    relevance_before, relevance_after : mean score of a slot, as it is without the rules; 0 for what is not among the
        best then.
    acted : rule -> slates it acted in. why_not : what rules could not do, the most frequent first.
    """

    tried: int
    skipped: Mapping[str, int]
    changed: int
    comes: Mapping[int, int]
    leaves: Mapping[int, int]
    moves: Mapping[int, int]
    mean_rank_change: float
    relevance_before: float
    relevance_after: float
    acted: Mapping[str, int]
    why_not: Mapping[str, int]

    @property
    def cost(self) -> float:
        """Share of the relevance that is lost; below 0 if it grows, 0 where there was none."""
        return 1 - self.relevance_after / self.relevance_before if self.relevance_before else 0.0


def dry_run(services: Services, tenant: str, tried: Sequence[Rule], *, limit: int, surface: str | None = None) -> Trial:
    """Ask the newest logged requests again, with and without these rules; nothing is logged or kept.

    Parameters
    ----------
    tried : they take the place of stored rules with the same id, and count whether enabled, begun, expired or not.
    limit : requests, at most. surface : only of this one.
    """
    names = {rule.id for rule in tried}
    others = tuple(rule for rule in services.rules(tenant) if rule.id not in names)
    now_on = tuple(replace(rule, is_enabled=True, start=None, end=None) for rule in tried)
    silent = replace(services, record=lambda *_: None)
    without = replace(silent, rules=lambda _: others)
    with_them = replace(silent, rules=lambda _: by_precedence([*others, *now_on]))
    fields = with_attributes(services.params.catalogue.filterable_attributes)
    with services.database.session() as session:
        shown = recent_feeds(session, tenant, limit=limit, surface=surface)
    tries: list[_Try] = []
    skipped: Counter[str] = Counter()
    for one in shown:
        try:
            request = request_again(one, fields)
            if request is None:
                skipped["not_kept"] += 1
            else:
                before, after = recommend(without, request), recommend(with_them, request)
                tries.append(_Try(before, after, _scores(without, request)))
        except (NotFound, IndexNotReady, InvalidQuery) as error:
            skipped[error.code] += 1
    return _compared(tries, dict(skipped), names)


@dataclass(frozen=True, slots=True)
class _Try:
    """One request without and with the rules, and what its best products score without them."""

    before: Slate
    after: Slate
    scores: Mapping[int, float]

    def relevance(self, slate: Slate) -> list[float]:
        """Of each slot; 0 for what is not even among the best."""
        return [self.scores.get(item.product_id, 0.0) for item in slate.items]


def _scores(services: Services, request: Request) -> dict[int, float]:
    # the slates' own scores do not compare: normalising goes by the list, and rules change the list
    longest = services.params.surfaces[request.surface].max_n
    best = recommend(services, replace(request, n=longest, mmr_lambda=1.0))
    return {
        item.product_id: sum(share for name, share in item.contributions.items() if not name.startswith(STEERING))
        for item in best.items
    }


def _compared(tries: Sequence[_Try], skipped: Mapping[str, int], names: Set[str]) -> Trial:
    comes: Counter[int] = Counter()
    leaves: Counter[int] = Counter()
    moves: Counter[int] = Counter()
    acted: Counter[str] = Counter()
    why_not: Counter[str] = Counter()
    changed = 0
    distances: list[float] = []
    for one in tries:
        old = {item.product_id: item.rank for item in one.before.items}
        new = {item.product_id: item.rank for item in one.after.items}
        changed += old != new
        comes.update(new.keys() - old.keys())
        leaves.update(old.keys() - new.keys())
        both = old.keys() & new.keys()
        moves.update(product for product in both if old[product] != new[product])
        distances += [abs(old[product] - new[product]) for product in both]
        acts = [act for act in one.after.trace.rules if act.rule in names]
        acted.update(act.rule for act in acts)
        why_not.update(f"{act.rule}: {why}" for act in acts for why in act.why_not)
    return Trial(
        len(tries), skipped, changed, comes, leaves, moves, _mean(distances),
        _mean([score for one in tries for score in one.relevance(one.before)]),
        _mean([score for one in tries for score in one.relevance(one.after)]),
        acted, why_not,
    )  # fmt: skip


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else 0.0
