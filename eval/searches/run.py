"""Reading a shop's searches: queries that find nothing or lead to no click, and the synonyms that could help."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from eval.searches.alike import Encode, Meanings, spelled_alike
from eval.searches.proposal import Proposal, from_second_tries, lines_of, usable
from eval.searches.shop_words import ShopWords
from service.store.database import Database
from service.store.search_counts import (
    Instead,
    QueryCount,
    SearchTotals,
    query_counts,
    search_totals,
    tried_instead,
)

_MOST_READ = 100_000  # queries
_MOST_LINES = 4  # synonyms for one query
_TRIED_BY = 2


@dataclass(frozen=True, slots=True)
class Options:
    """How to read.

    Attributes
    ----------
    days : how far back. visitors : different people who must have made a query before it is shown.
    low : share of people who take something, 0 to 1, up to which clicks are few. limit : queries of a list.
    within_s : how soon a second try follows the first.
    """

    days: float
    visitors: int
    low: float = 0.1
    limit: int = 50
    within_s: float = 600.0


@dataclass(frozen=True, slots=True)
class Log:
    """What the logs say."""

    totals: SearchTotals
    queries: Sequence[QueryCount]
    tried: Sequence[Instead]


def read_log(database: Database, tenant: str, options: Options, now: datetime) -> Log:
    """Count what there is; second tries only between queries that enough people made."""
    since = now - timedelta(days=options.days)
    with database.session() as session:
        queries = query_counts(session, tenant, since=since, visitors=options.visitors, limit=_MOST_READ)
        tried = tried_instead(session, tenant, since=since, within_s=options.within_s, people=_TRIED_BY)
        totals = search_totals(session, tenant, since=since)
    common = {one.query for one in queries}
    return Log(totals, queries, [one for one in tried if one.query in common and one.instead in common])


def search_report(log: Log, words: ShopWords, encode: Encode, options: Options) -> dict[str, Any]:
    """The queries people are not served well with, and what could help; plain values only.

    Returns
    -------
    dict : ``days, visitors, low, totals, queries, nothing, few_clicks, synonyms, remarks``.
    """
    nothing = sorted((one for one in log.queries if one.nothing), key=lambda one: -one.nothing)[: options.limit]
    few = [] if not log.totals.taken else [one for one in log.queries if one.click_rate <= options.low]
    few = [one for one in few if not one.finds_nothing][: options.limit]
    propose = _proposer(log, words, encode)
    proposals = {one.query: propose(one.query) for one in (*nothing, *few)}
    return {
        "days": options.days,
        "visitors": options.visitors,
        "low": options.low,
        "totals": log.totals._asdict(),
        "queries": len(log.queries),
        "nothing": [_row(one, words, proposals[one.query]) for one in nothing],
        "few_clicks": [_row(one, words, proposals[one.query]) for one in few],
        "synonyms": lines_of(proposals.values()),
        "remarks": list(_remarks(log, options)),
    }


def _proposer(log: Log, words: ShopWords, encode: Encode) -> Callable[[str], list[Proposal]]:
    tried: dict[str, list[Instead]] = defaultdict(list)
    for one in log.tried:
        tried[one.query].append(one)
    counts = words.vocabulary.counts
    meanings = Meanings(counts, words.categories, encode)

    def propose(query: str) -> list[Proposal]:
        proposals = from_second_tries(tried[query])
        for word in words.unknown(query):
            proposals += [*spelled_alike(word, counts), *meanings.near(word)]
        return usable(proposals, words.synonyms, _MOST_LINES)

    return propose


def _row(one: QueryCount, words: ShopWords, proposals: Sequence[Proposal]) -> dict[str, Any]:
    return {
        "query": one.query,
        "visitors": one.visitors,
        "searches": one.searches,
        "nothing": one.nothing,
        "takers": one.takers,
        "click_rate": round(one.click_rate, 4),
        "unknown_words": words.unknown(one.query),
        "synonyms": [proposal.line for proposal in proposals],
    }


def _remarks(log: Log, options: Options) -> Iterable[str]:
    totals = log.totals
    if not totals.answered and not totals.told:
        yield f"No search of the last {options.days:g} days is known: none was answered here, no event tells of one."
        return
    if not totals.answered:
        yield "Only events tell of searches, so nobody knows which found nothing; search through /v1/search to know."
    if totals.nameless:
        yield (
            f"{totals.nameless:,} of {totals.answered:,} searches came without `user` or `session`: they count for "
            "nobody, and what only they looked for is not shown."
        )
    if not totals.taken:
        yield (
            "No event says which search it came from, so clicks are unknown: send the answer's `request_id` with views "
            "and clicks, or the `query` itself."
        )
    if not log.queries:
        yield f"No query was made by {options.visitors} different people or more; what fewer typed stays with them."
