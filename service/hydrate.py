"""Step 2, hydrate: fetch everything known about a request, so that later steps need no look-ups of their own."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from config.surface import Surface
from service.affinity import affinity_weight
from service.arms import make_arms
from service.context import Request, Services
from service.core.behaviour import History, no_history
from service.core.errors import DependencyUnavailable, IndexNotReady, NotFound
from service.core.exposure import Exposure
from service.core.filters import Filter, all_of
from service.core.popular import Popular
from service.core.types import Anchor, Floats, Ids, Past, Query
from service.core.understood import Understood
from service.encode.document import product_text
from service.liked_words import liked_words
from service.past import make_past, seen
from service.served_release import ServedRelease
from service.signals.tfidf import own_words
from service.store import catalog
from service.store.history import history
from service.store.product_rows import StoredProduct
from service.store.spaces import PRODUCTS
from service.store.users import StoredUser, find_user
from service.terms import read_terms
from service.told import Heard, hear
from service.words.reading import read

_DAY_S = 86_400


@dataclass(frozen=True, slots=True, eq=False)
class Hydrated:
    """A request with everything known about it.

    Attributes
    ----------
    excluded : internal ids never to be shown: asked for, hidden, or had already. banned : the same without the last.
    level : what the answer can build on: personal, session, category or global. reason : why not on more.
    preferences : what the user told on arrival, if it is to be used. exposure : what was shown and clicked lately.
    history : what the user did. understood : how the words of the query were read.
    past : of who asks, to order what matches by; `query` has it only where signals are to propose products for it.
    unknown : of what the request told, the products and categories that the shop does not have.
    """

    query: Query
    excluded: frozenset[int]
    release: ServedRelease | None
    level: str
    reason: str | None = None
    preferences: Mapping[str, Any] | None = None
    exposure: Exposure | None = None
    history: History = field(default_factory=no_history)
    understood: Understood | None = None
    banned: frozenset[int] = frozenset()
    past: Past | None = None
    unknown: tuple[str, ...] = ()

    def within(self, wanted: Filter | None) -> Filter | None:
        """What products must meet: a filter, and what the words of the query demand."""
        return wanted if self.understood is None else all_of(wanted, self.understood.filter)


def hydrate(services: Services, request: Request, surface: Surface, release_id: str | None = None) -> Hydrated:
    """Everything the signals may look at.

    Parameters
    ----------
    release_id : of the release to answer with; None, and one that cannot be used, mean the live one.

    Raises
    ------
    NotFound : there is no such anchor product.
    """
    release = None
    is_asker_known = bool(request.user or request.session)
    is_ordered = is_asker_known and affinity_weight(request, surface) > 0
    if surface.uses_behaviour or is_ordered:
        release = (services.release_of(release_id) if release_id else None) or services.release()
    with services.database.session() as session:
        stored = catalog.get_product(session, request.tenant, request.product) if request.product is not None else None
        excluded = (
            frozenset(catalog.product_ids(session, request.tenant, request.exclude).values())
            if request.exclude
            else frozenset()
        )
        understood = read(services, request, session)
        known = no_history()
        user = None
        if is_ordered or (surface.personal and is_asker_known):
            limit = services.params.history.limit
            known = history(session, request.tenant, user=request.user, session_id=request.session, limit=limit)
            if surface.personal and request.user and len(known.products) < services.params.history.few_products:
                user = find_user(session, request.tenant, request.user)
        heard = Heard(known)
        if surface.personal or is_ordered:
            heard = hear(session, request.tenant, request.told, known, services.now())
    anchor = _anchor(services, stored, release) if stored is not None else None
    if anchor is not None:
        excluded |= {anchor.product_id}  # nobody looks for what is before them
    if not surface.personal:
        query = Query(request.text, anchor, behaviour=release.behaviour if release else None)
        past = _past(services, heard.history, release)[0] if is_ordered else None
        hydrated = Hydrated(query, excluded, release, "content", past=past, unknown=heard.unknown)
    else:
        hydrated = _personal(services, request, surface, release, heard, user, anchor, excluded)
    return _asking(services, request, hydrated, understood)


def _asking(services: Services, request: Request, hydrated: Hydrated, understood: Understood | None) -> Hydrated:
    """The same with what the words and the picture of the request ask for."""
    query = hydrated.query
    if request.picture is not None:
        query = replace(query, picture=request.picture.vector)
    if understood is not None:
        query = replace(query, text=understood.text, words=understood.words)
        if not request.goes_with_something:
            query = replace(query, chosen=services.chosen(request.tenant, request.text or ""))
    if request.terms:
        read = read_terms(services, request)
        query = replace(query, terms=read.terms, words=read.words)
    return hydrated if query is hydrated.query else replace(hydrated, query=query, understood=understood)


def _personal(
    services: Services, request: Request, surface: Surface, release: ServedRelease | None, heard: Heard,
    user: StoredUser | None, anchor: Anchor | None, excluded: frozenset[int],
) -> Hydrated:  # fmt: skip
    known = heard.history
    past, reason = _past(services, known, release)
    preferences = user.preferences if user is not None and user.preferences else None
    popular = services.popular(request.tenant)
    categories = heard.categories or (tuple(preferences.get("categories", ())) if preferences else ())
    query = Query(
        request.text,
        anchor,
        past,
        release.behaviour if release else None,
        _trending(popular, categories) if popular else None,
        (popular.best_value.ids, popular.best_value.scores) if popular and not categories else None,
        arms=make_arms(popular, request, past, categories) if popular and surface.weights.get("bandit") else None,
        liked_words=liked_words(services, past, categories) if surface.weights.get("tfidf") else None,
    )
    level = ("personal" if known.user_id else "session") if past else "category" if categories else "global"
    exposure = popular.exposure if popular else None
    banned = excluded | known.hidden
    never = banned | seen(known, surface.exclude_types)
    return Hydrated(
        query, never, release, level, reason, preferences, exposure, known, banned=banned, past=past,
        unknown=heard.unknown,
    )  # fmt: skip


def _past(services: Services, known: History, release: ServedRelease | None) -> tuple[Past | None, str | None]:
    if known.newest is None:
        return None, "nothing is known of this user yet"
    idle_days = (services.now() - known.newest) / _DAY_S
    if idle_days > services.params.history.idle_days:
        return None, f"the last event of this user is {idle_days:.0f} days old"
    slots = ("text",) if services.encoders.image is None else ("text", "image")
    past = make_past(services.vectors, known, release, services.params, slots, services.now())
    if past is not None and not past.profile and past.user is None and not services.vectors.is_answered:
        return None, "the index does not answer just now, so nothing can be said of this user's taste"
    return past, None if past else "what this user did says nothing about taste"


def _anchor(services: Services, stored: StoredProduct, release: ServedRelease | None) -> Anchor:
    slots = ("text",) if services.encoders.image is None else ("text", "image")
    try:
        record = services.store.retrieve(PRODUCTS, [stored.id], vectors=slots).get(stored.id)
    except (DependencyUnavailable, NotFound):  # no answer, or an index that was emptied and is being filled again
        record = None
    # a product saved a moment ago has no point yet: its words are enough for a first answer
    vectors = (
        dict(record.vectors) if record else {"text": services.encoders.text.encode_query(product_text(stored.product))}
    )
    if not vectors:
        raise IndexNotReady(
            f"product {stored.product.external_id!r} has no vectors yet; run `vitrine index` or try again in a moment"
        )
    if release is not None:
        trained, _ = services.vectors.vectors(release.behaviour, "cf", np.array([stored.id]))
        vectors |= {"cf": trained[0]} if len(trained) else {}
    return Anchor(stored.id, {**vectors, **own_words(stored.product, services.encoders.lexical)})


def _trending(popular: Popular, categories: tuple[str, ...]) -> tuple[Ids, Floats]:
    """The trend in the user's own categories if there is one, else of the whole shop, else the newest products."""
    own = [popular.by_category[path] for path in categories if path in popular.by_category]
    if own:
        ids, first = np.unique(np.concatenate([top.ids for top in own]), return_index=True)
        scores = np.concatenate([top.scores for top in own])[first]
        order = np.argsort(-scores, kind="stable")
        return ids[order], scores[order]
    top = popular.trending if len(popular.trending.ids) else popular.newest
    return top.ids, top.scores
