"""What people search for, counted: how often, with what success, what they take then, what they try next."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Subquery, and_, case, distinct, func, literal, or_, select
from sqlmodel import Session

from service.core.searched import MAX_QUERY, normalised
from service.core.types import EventType
from service.store.search_events import answered, taken, told

_MOST_TAKERS = 200_000  # queries of which it is known who took something


@dataclass(frozen=True, slots=True)
class QueryCount:
    """What is known of one query.

    Attributes
    ----------
    visitors : different people who asked. searches : how often; the same visitor's within half an hour are one.
    nothing : searches without a filter that nothing matched. found : the most that any search of it found; None where
        the service answered none. takers : people who took a product after it.
    """

    query: str
    visitors: int
    searches: int
    nothing: int = 0
    found: int | None = None
    takers: int = 0

    @property
    def finds_nothing(self) -> bool:
        """Whether it was answered, never with anything, and nobody took what was shown instead."""
        return self.nothing > 0 and not self.found and not self.takers

    @property
    def click_rate(self) -> float:
        """Share of those who asked that took something, 0 to 1."""
        return self.takers / self.visitors


class TakenProduct(NamedTuple):
    """A product that people took after a query, and what that is worth."""

    query: str
    product_id: int
    people: int
    worth: float


class Instead(NamedTuple):
    """What people searched for next who had taken nothing, and then took something."""

    query: str
    instead: str
    people: int


class SearchTotals(NamedTuple):
    """The searches of all queries together: answered ones, of those without a visitor, and what else there is."""

    answered: int
    nameless: int
    nothing: int
    told: int
    taken: int


def query_counts(session: Session, tenant: str, *, since: datetime, visitors: int, limit: int) -> list[QueryCount]:
    """Queries that at least so many different people made, most people first.

    What fewer people typed stays with them: it may hold a name or an address.
    """
    own = _counts(session, answered(tenant, since), visitors, limit)
    theirs = _counts(session, told(tenant, since), visitors, limit)
    both = {query: _larger(own.get(query, count), theirs.get(query, count)) for query, count in (theirs | own).items()}
    takers = _takers(session, tenant, since)
    counted = [replace(count, takers=min(takers.get(query, 0), count.visitors)) for query, count in both.items()]
    return sorted(counted, key=lambda one: (-one.visitors, one.query))[:limit]


def products_taken(
    session: Session, tenant: str, *, since: datetime, people: int, weights: Mapping[EventType, float], limit: int
) -> list[TakenProduct]:
    """Products that at least so many different people took after the same query, most people first.

    Parameters
    ----------
    weights : what each type of event is worth; of one person's with one product the best counts.
    """
    rows = taken(tenant, since).subquery()
    worth = case({kind.value: float(weights.get(kind, 0.0)) for kind in EventType}, value=rows.c.type, else_=0.0)
    keys = (rows.c.query, rows.c.product_id)
    each = select(*keys, rows.c.person, func.max(worth).label("worth")).group_by(*keys, rows.c.person).subquery()
    e = each.c
    query = (
        select(e.query, e.product_id, func.count(), func.sum(e.worth))
        .group_by(e.query, e.product_id)
        .having(func.count() >= people)
        .order_by(func.count().desc(), e.query, e.product_id)
        .limit(limit)
    )
    best: dict[tuple[str, int], TakenProduct] = {}
    for text, product, count, sum_ in session.connection().execute(query):
        key = (normalised(text), product)
        if key not in best:  # of two ways to write it the one of more people, which comes first
            best[key] = TakenProduct(*key, int(count), float(sum_))
    return list(best.values())


def tried_instead(
    session: Session, tenant: str, *, since: datetime, within_s: float, people: int
) -> list[Instead]:  # fmt: skip
    """Second tries that led to something, of at least so many people who took nothing at the first; most people first.

    Parameters
    ----------
    within_s : how soon the second search followed.
    """
    rows = taken(tenant, since).subquery()
    requests = select(rows.c.request_id).where(rows.c.request_id.is_not(None)).distinct()
    own = answered(tenant, since)
    first, second = requests.subquery(), requests.subquery()
    of_requests = (
        select(own.c.query, own.c.next_query, own.c.visitor)
        .outerjoin(first, first.c.request_id == own.c.request_id)
        .join(second, second.c.request_id == own.c.next_request)
        .where(first.c.request_id.is_(None))
    )
    theirs = told(tenant, since)
    people_taking = select(rows.c.query, rows.c.person).distinct()
    before, after = people_taking.subquery(), people_taking.subquery()
    of_people = (
        select(theirs.c.query, theirs.c.next_query, theirs.c.visitor)
        .outerjoin(before, and_(before.c.query == theirs.c.query, before.c.person == theirs.c.visitor))
        .join(after, and_(after.c.query == theirs.c.next_query, after.c.person == theirs.c.visitor))
        .where(before.c.query.is_(None))
    )
    best: dict[tuple[str, str], int] = {}
    for log, pairs in ((own, of_requests), (theirs, of_people)):
        soon = pairs.where(log.c.next_query != log.c.query, log.c.next_at - log.c.at <= within_s)
        p = soon.where(log.c.visitor.is_not(None)).subquery().c
        count = func.count(distinct(p.visitor))
        query = select(p.query, p.next_query, count).group_by(p.query, p.next_query).having(count >= people)
        for text, instead, number in session.connection().execute(query):
            key = (normalised(text), normalised(instead))
            best[key] = max(best.get(key, 0), int(number))
    pairs_found = [Instead(*key, number) for key, number in best.items() if key[0] != key[1]]
    return sorted(pairs_found, key=lambda one: (-one.people, one.query, one.instead))


def search_totals(session: Session, tenant: str, *, since: datetime) -> SearchTotals:
    """How much the logs hold."""
    own, theirs, events = answered(tenant, since).c, told(tenant, since).c, taken(tenant, since).subquery()
    connection = session.connection()
    ours = connection.execute(
        select(_searches(own), func.sum(case((own.visitor.is_(None), 1), else_=0)), _nothing(own))
    ).one()
    told_count = connection.execute(select(_searches(theirs))).scalar()
    taken_count = connection.execute(select(func.count()).select_from(events)).scalar()
    return SearchTotals(*(int(number or 0) for number in (*ours, told_count, taken_count)))


def _counts(session: Session, log: Subquery, visitors: int, limit: int) -> dict[str, QueryCount]:
    """By normalised query; of several ways to write one, the one of most people."""
    c = log.c
    people = func.count(distinct(c.visitor))
    query = (
        select(c.query, people, _searches(c), _nothing(c), func.max(c.found))
        .where(func.length(c.query) <= MAX_QUERY)
        .group_by(c.query)
        .having(people >= visitors)
        .order_by(people.desc(), c.query)
        .limit(limit)
    )
    found: dict[str, QueryCount] = {}
    for text, asked_by, searches, nothing, most in session.connection().execute(query):
        count = QueryCount(normalised(text), int(asked_by), int(searches), int(nothing), most)
        if count.query:
            found.setdefault(count.query, count)
    return found


def _searches(columns: Any) -> Any:
    return func.sum(case((columns.is_repeat, 0), else_=1))


def _nothing(columns: Any) -> Any:
    is_nothing = and_(columns.found == 0, or_(columns.is_narrowed.is_(None), ~columns.is_narrowed))
    return func.sum(case((and_(is_nothing, ~columns.is_repeat), 1), else_=literal(0)))


def _takers(session: Session, tenant: str, since: datetime) -> dict[str, int]:
    rows = taken(tenant, since).subquery().c
    people = func.count(distinct(rows.person))
    query = select(rows.query, people).group_by(rows.query).order_by(people.desc()).limit(_MOST_TAKERS)
    return _most((normalised(text), int(count)) for text, count in session.connection().execute(query))


def _most(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for text, count in pairs:
        found[text] = max(found.get(text, 0), count)
    return found


def _larger(own: QueryCount, theirs: QueryCount) -> QueryCount:
    visitors, searches = max(own.visitors, theirs.visitors), max(own.searches, theirs.searches)
    return replace(own, visitors=visitors, searches=searches)
