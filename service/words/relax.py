"""Where nothing answers the words, less is asked for and said so: vectors have neighbours for nonsense too."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from service.context import Request, Services
from service.core.types import Ids, SparseVector
from service.core.understood import Understood
from service.retrieve import Questions
from service.store.spaces import PRODUCTS
from service.store.vectors import Hits
from service.words.plain import words_of

SOME_WORDS = "no product has all of these words; shown are those that have some of them"
POPULAR = "nothing here matches these words; shown is what is popular now"
NEAREST = "nothing here matches these words; shown is what comes nearest to their meaning"

_HELD = 0.5  # share of the words
_LOOKED_AT = 10


@dataclass(frozen=True, slots=True)
class Relaxed:
    """What to ask instead.

    Attributes
    ----------
    questions : None leaves those that were asked. weights : signal -> weight. level, reason : of the answer.
    """

    questions: Questions | None
    weights: Mapping[str, float]
    level: str
    reason: str


def relax(
    services: Services, request: Request, understood: Understood, questions: Questions, found: Mapping[str, Hits]
) -> Relaxed | None:
    """What to ask instead; None where some product has more than half of the words, or a text that is near.

    First only products that have some of the words are left, else what is popular now.

    Parameters
    ----------
    found : each signal's list for `questions`.
    """
    share = _share_held(services, request, understood, found)
    if share is None:
        return None
    if share:
        lexical = replace(questions, vectors={"lexical": questions.vectors["lexical"]}, ready={})
        return Relaxed(lexical, {"lexical": 1.0}, "content", SOME_WORDS)
    popular = services.popular(request.tenant)
    if popular is None or not len(popular.trending.ids):
        return Relaxed(None, {}, "content", NEAREST)
    trend = Questions({}, {"trending": Hits(popular.trending.ids, popular.trending.scores)}, questions.degraded)
    return Relaxed(trend, {"trending": 1.0}, "global", POPULAR)


def _share_held(
    services: Services, request: Request, understood: Understood, found: Mapping[str, Hits]
) -> float | None:
    """Largest share of the words that one product has, 0 to .5; None if it is more, or a text is near.

    The rule of `eval.golden.confidence`, cheapest part first: most queries are settled by a cosine that is known.
    """
    text, words = found.get("text"), services.words(request.tenant)
    if words is None or text is None or understood.exact:
        return None
    if len(text.scores) and text.scores[0] >= services.params.search.floor:
        return None
    stems = {words.vocabulary.stem(word) for word in words_of(understood.text)} - {None}
    hits = found.get("lexical")
    if not stems or hits is None or not len(hits.ids):
        return 0.0
    share = _most_held(services, hits.ids[:_LOOKED_AT], np.array(sorted(filter(None, stems)), np.uint32))
    return share if share <= _HELD else None


def _most_held(services: Services, ids: Ids, wanted: Ids) -> float:
    records = services.store.retrieve(PRODUCTS, ids.tolist(), vectors=("lexical",)).values()
    vectors = [record.vectors.get("lexical") for record in records]
    return max((float(np.isin(wanted, v.indices).mean()) for v in vectors if isinstance(v, SparseVector)), default=0.0)
