"""The bandit as a signal: it proposes its arms, and scores what others proposed; the words of a past as a question."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from service.arms import make_arms
from service.complete import completed
from service.context import Request
from service.core.exposure import Exposure
from service.core.popular import Kinds, Popular, TopList
from service.core.types import Past, Query
from service.liked_words import liked_words
from service.retrieve import ask, retrieve
from service.runtime import Runtime
from service.store.catalog import product_ids

NOW = datetime(2026, 1, 1, tzinfo=UTC)
NOBODY = Request("home", "r1", "default")


def top(*ids: int) -> TopList:
    return TopList(np.array(ids, np.int64), np.arange(len(ids), 0, -1).astype(np.float32))


@pytest.fixture
def popular() -> Popular:
    kinds = Kinds(np.arange(1, 8), np.array([0, 0, 1, 1, 1, 2, 2]), ("Bags", "Home > Kitchen", "Home > Lighting"))
    many = np.arange(100, 5000)
    counts = np.ones(len(many))
    exposure = Exposure(many, counts, counts * 0.1, counts * 0.1, 0.1)
    return Popular(NOW, top(3, 1), {"Bags": top(1, 2)}, top(), top(7), ("Bags",), exposure, kinds)


def past(*products: int) -> Past:
    ids = np.array(products, np.int64)
    return Past(ids, np.ones(len(ids)), dict.fromkeys(("tfidf",), 1.0), ids[:0], {}, None)


def test_what_trends_is_new_and_was_shown_is_worth_a_try(popular: Popular) -> None:
    arms = make_arms(popular, NOBODY, None, ())
    assert {1, 3, 7} <= set(arms.ids.tolist())
    assert len(arms.ids) == 1003  # a thousand of what was shown
    assert arms.context == ()


def test_what_trends_in_the_categories_looked_at_is_too(popular: Popular) -> None:
    assert 2 in make_arms(popular, NOBODY, None, ("Bags",)).ids
    seen = make_arms(popular, NOBODY, past(2, 6, 3, 1), ("Home > Lighting",))
    assert seen.context == ("Home > Lighting", "Bags", "Home > Kitchen")  # told, then of the three newest products


def test_a_visitor_keeps_the_draw_until_the_next_count(popular: Popular) -> None:
    def seed(**of: Any) -> int:
        return make_arms(popular, Request("home", of.pop("request", "r1"), "default", **of), None, ()).seed

    assert seed(user="u1") == seed(user="u1", request="r2") != seed(user="u2")
    assert seed(session="s1") == seed(session="s1", request="r2")
    assert seed() != seed(request="r2")


def test_it_scores_what_others_proposed(runtime: Runtime, popular: Popular) -> None:
    arms = make_arms(popular, NOBODY, None, ())
    query = Query("red mug", arms=arms)
    questions = ask(query, {"text": 1.0, "bandit": 0.1}, runtime.services.encoders, 1000)
    found = completed(runtime.store, questions, retrieve(runtime.store, questions, 12, None, 64), None).lists
    assert set(found["text"].ids.tolist()) <= set(found["bandit"].ids.tolist())
    assert np.array_equal(found["bandit"].scores, arms.draws(found["bandit"].ids))
    assert (np.diff(found["bandit"].scores) <= 0).all()


def test_the_words_of_a_past_are_those_of_its_names_by_their_weights(runtime: Runtime) -> None:
    encode = runtime.services.encoders.lexical.encode_query
    with runtime.database.session() as session:
        ids = product_ids(session, "default", ["mug-1", "bag-2"])
    asked = liked_words(runtime.services, past(ids["mug-1"], ids["bag-2"]), ("Home > Lighting",))
    assert asked is not None
    expected: dict[int, float] = {}
    # the newest counts 1, the next one half (half-life 1); the categories as much as the newest; each of length 1
    for words, weight in (("Red Mug Kitchen", 1.0), ("Blue Bag Bags", 0.5), ("Lighting", 1.0)):
        own = encode(words)
        assert own is not None
        for index in own.indices.tolist():
            expected[index] = expected.get(index, 0.0) + weight / np.sqrt(len(own.indices))
    found = dict(zip(asked.indices.tolist(), asked.values.tolist(), strict=True))
    assert found == pytest.approx(expected, rel=1e-5)


def test_what_is_disliked_and_gone_says_no_words(runtime: Runtime) -> None:
    with runtime.database.session() as session:
        ids = product_ids(session, "default", ["mug-1"])
    disliked = Past(np.array([ids["mug-1"]]), -np.ones(1), {"tfidf": 1.0}, np.empty(0, np.int64), {}, None)
    assert liked_words(runtime.services, disliked, ()) is None
    assert liked_words(runtime.services, past(10**9), ()) is None
    assert liked_words(runtime.services, None, ()) is None
