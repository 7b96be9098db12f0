"""The products as a bandit's arms, for the visitor of one request."""

import numpy as np

from service.context import Request
from service.core.arms import Arms, uniform
from service.core.popular import Popular
from service.core.types import Past
from service.ranking.sample import request_seed

_OF_SHOWN = 1000  # of what was shown lately so many are arms at once; which ones is different for each visitor
_OF_PAST = 3  # newest products of the past whose categories count as looked at now


def make_arms(popular: Popular, request: Request, past: Past | None, categories: tuple[str, ...]) -> Arms:
    """What is worth a try: what trends, in the shop and in the categories looked at, what is new, and what was shown.

    Parameters
    ----------
    categories : paths that are looked at now.
    """
    kinds, newest = popular.kinds, past.products[:_OF_PAST] if past is not None else np.empty(0, np.int64)
    own = [kinds.paths[place] for place in kinds.of(newest).tolist() if place >= 0]
    context = tuple(dict.fromkeys((*categories, *own)))
    seed = request_seed("bandit", request.visitor or request.request_id, popular.made_at.isoformat())
    of_context = [popular.by_category[path] for path in context if path in popular.by_category]
    ids = [top.ids for top in (popular.trending, popular.newest, *of_context)]
    if popular.exposure is not None:
        shown = popular.exposure.ids
        ids.append(shown[np.argsort(uniform(shown, seed + 1))[:_OF_SHOWN]])
    return Arms(np.unique(np.concatenate(ids)), popular.exposure, popular.trending, kinds, context, seed)
