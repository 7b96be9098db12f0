"""What a user hides is never taken for a liking, and pushes away what resembles it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from service.core.types import EventType, Interaction, Past, Query
from service.past import make_past
from service.ranking.fold_in import fold_in
from service.served_release import ServedRelease, served_release
from service.signals.covisit import COVISIT
from service.store.history import history
from service.store.vector_cache import VectorCache

NOW = datetime(2025, 7, 1, tzinfo=UTC)


def did(user: str, *steps: tuple[EventType, str]) -> list[Interaction]:
    return [
        Interaction(kind, NOW + timedelta(minutes=place), user=user, product=product)
        for place, (kind, product) in enumerate(steps)
    ]


def past_of(shop: Any, served: ServedRelease, user: str) -> Past:
    with shop.database.session() as session:
        known = history(session, "default", user=user, session_id=None, limit=200)
    past = make_past(VectorCache(shop.store, 100, None), known, served, shop.params, (), NOW.timestamp())
    assert past is not None
    return past


def test_hiding_pushes_the_user_away_from_what_resembles_the_hidden_product(shop: Any) -> None:
    release = shop.release()
    served = served_release(release.id, release.manifest)
    looked = ((EventType.VIEW, "p1"), (EventType.CART, "p0"), (EventType.VIEW, "p0"))
    shop.record(did("looks", *looked) + did("hides", *looked, (EventType.HIDE, "p0")))
    looks, hides = past_of(shop, served, "looks"), past_of(shop, served, "hides")
    hidden = shop.key("p0")
    assert looks.opinions[looks.products == hidden].tolist() == [4.0]
    assert hides.opinions[hides.products == hidden].tolist() == [-5.0]
    assert looks.wanted.tolist() == [hidden]
    assert hides.wanted.tolist() == []
    others = [shop.key(f"p{number}") for number in range(3, 60, 3)]
    stored = shop.store.retrieve(served.behaviour, others, vectors=("cf",))
    alike = np.array([stored[key].vectors["cf"] for key in others], np.float32).mean(axis=0)
    assert looks.user is not None
    assert hides.user is not None
    assert hides.user @ alike < looks.user @ alike
    assert hides.user[:-1] @ alike[:-1] < 0


def test_who_only_hides_is_not_shown_the_neighbours_of_what_was_hidden(shop: Any) -> None:
    release = shop.release()
    served = served_release(release.id, release.manifest)
    shop.record(did("only-hides", (EventType.VIEW, "p0"), (EventType.HIDE, "p0")))
    past = past_of(shop, served, "only-hides")
    assert COVISIT.ask(Query(past=past, behaviour=served.behaviour), None) is None  # type: ignore[arg-type]
    key = shop.key("p0")
    vector = np.array([shop.store.retrieve(served.behaviour, [key], vectors=("cf",))[key].vectors["cf"]])
    expected = fold_in(vector, np.array([-5.0]), served.fold, biased=True)
    assert past.user is not None
    np.testing.assert_allclose(past.user, expected, rtol=1e-5)
