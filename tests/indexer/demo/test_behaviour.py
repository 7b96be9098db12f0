"""Laws of the demo shop's behaviour: time, funnel, taste, and the long tail."""

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

import numpy as np
import pytest

from indexer.demo.behaviour import demo_events
from indexer.demo.catalogue import REFERENCE, demo_products
from indexer.demo.events import CART, KINDS, PURCHASE, SEARCH, VIEW, WISHLIST, event_rows, write_events
from indexer.demo.queries import misspell
from indexer.demo.shoppers import demo_shoppers
from indexer.demo.taste import true_utility, utilities
from indexer.demo.words import words

COUNT = 12_000


@pytest.fixture(scope="module")
def products():
    return demo_products(count=600)


@pytest.fixture(scope="module")
def shoppers():
    return demo_shoppers(count=300)


@pytest.fixture(scope="module")
def events(products, shoppers):
    return demo_events(products, shoppers, count=COUNT)


def test_there_are_exactly_as_many_events_as_asked_for(products, shoppers, events) -> None:
    assert len(events) == COUNT
    assert len(demo_events(products, shoppers, count=0)) == 0
    assert len(demo_events(products[:80], shoppers[:5], count=137)) == 137


def test_the_same_seed_gives_the_same_events_and_another_seed_others(products, shoppers, events) -> None:
    again = demo_events(products, shoppers, count=COUNT)
    assert list(event_rows(again)) == list(event_rows(events))
    other = demo_events(products, shoppers, 8, count=COUNT)
    assert not np.array_equal(other.product, events.product)


def test_events_lie_within_the_window_in_order_of_time(events) -> None:
    first, last = (datetime.fromtimestamp(events.at_ms[row] / 1000, UTC) for row in (0, -1))
    assert REFERENCE - timedelta(days=90) <= first < last < REFERENCE
    assert (np.diff(events.at_ms) >= 0).all()


def test_nothing_is_seen_before_it_was_created_and_nobody_comes_before_joining(products, shoppers, events) -> None:
    created = np.array([item.product.created_at.timestamp() for item in products])
    joined = np.array([shopper.joined_at.timestamp() for shopper in shoppers])
    assert (created[events.product] * 1000 <= events.at_ms).all()
    known = events.shopper >= 0
    assert (joined[events.shopper[known]] * 1000 <= events.at_ms[known]).all()


def test_every_cart_wishlist_and_purchase_follows_a_view_in_its_session(events) -> None:
    viewed: set[tuple[int, int]] = set()
    for session, kind, product in zip(events.session, events.kind, events.product, strict=True):
        if kind == VIEW:
            viewed.add((session, product))
        elif kind in (CART, WISHLIST, PURCHASE):
            assert (session, product) in viewed


def test_the_funnel_narrows(events) -> None:
    share = dict(zip(KINDS, np.bincount(events.kind) / len(events), strict=True))
    assert share["view"] > 0.6
    assert share["view"] > share["cart"] > share["purchase"] > 0.02
    assert 0.02 < share["wishlist"] < 0.08
    assert 0.05 < share["search"] < 0.2


def test_a_session_is_one_shopper_or_anonymous(events) -> None:
    owner: dict[int, tuple[int, int]] = {}
    for session, shopper, hidden in zip(events.session, events.shopper, events.hidden_shopper, strict=True):
        assert owner.setdefault(session, (shopper, hidden)) == (shopper, hidden)
        assert shopper in (-1, hidden)
    anonymous = np.mean([shopper < 0 for shopper, _ in owner.values()])
    assert 0.12 < anonymous < 0.25


def test_popularity_has_a_long_tail(events) -> None:
    views = np.sort(np.bincount(events.product[events.kind == VIEW], minlength=600))[::-1]
    assert views[:60].sum() > 0.35 * views.sum()
    assert np.count_nonzero(views) > 400


def test_shoppers_look_at_what_they_like_and_buy_what_they_like_more(products, shoppers, events) -> None:
    liking = utilities(shoppers, products, 0.5)
    liking = liking - liking.mean(axis=1, keepdims=True)
    seen = liking[events.hidden_shopper, events.product]
    assert seen[events.kind == VIEW].mean() > 1.0
    assert seen[events.kind == PURCHASE].mean() > seen[events.kind == VIEW].mean()


def test_taste_drifts(products, shoppers) -> None:
    early, late = utilities(shoppers, products, 0.0), utilities(shoppers, products, 1.0)
    alike = [np.corrcoef(a, b)[0, 1] for a, b in zip(early, late, strict=True)]
    assert 0.6 < np.mean(alike) < 0.99
    assert true_utility(shoppers[3], products[4]) == pytest.approx(float(early[3, 4]), abs=1e-4)


def test_carts_are_followed_by_what_goes_with_the_product(products, events) -> None:
    """A phone leads to a phone case: the next view is of a partner type far more often than by chance."""
    kinds = [item.look.type for item in products]
    follows = partners = by_chance = 0
    order = np.lexsort((events.at_ms, events.session))
    views = order[events.kind[order] == VIEW]
    for a, b in pairwise(views):
        if events.session[a] == events.session[b] and kinds[events.product[a]] != kinds[events.product[b]]:
            goes_with = words().types[kinds[events.product[a]]].goes_with
            follows += 1
            partners += kinds[events.product[b]] in goes_with
            by_chance += len(goes_with) / 60
    assert partners > 4 * by_chance
    assert follows > 500


def test_searches_carry_a_query_and_other_events_a_product(products, shoppers, events, tmp_path) -> None:
    write_events(events, tmp_path / "events.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "events.jsonl").read_text().splitlines()]
    products_known, users_known = set(events.product_ids), set(events.shopper_ids)
    assert len({row["event_id"] for row in rows}) == COUNT
    for row in rows:
        assert (row["type"] == "search") == (row["product_id"] is None)
        assert row["query"] is not None or row["type"] != "search"
        assert row["product_id"] is None or row["product_id"] in products_known
        assert row["user_id"] is None or row["user_id"] in users_known
        assert datetime.fromisoformat(row["timestamp"]).tzinfo is not None
    assert len(rows) - sum(events.kind == SEARCH) == sum(row["product_id"] is not None for row in rows)
    asked = {(row["session_id"], row["query"]) for row in rows if row["type"] == "search"}
    followed = {(row["session_id"], row["query"]) for row in rows if row["type"] == "view" and row["query"]}
    assert followed <= asked
    assert len(followed) > 0.99 * len(asked)  # the last visit may end in between


def test_a_typo_changes_one_letter_and_keeps_the_first() -> None:
    for seed in range(50):
        wrong = misspell(Random(seed), "trainers")
        assert wrong[0] == "t"
        assert abs(len(wrong) - len("trainers")) <= 1


def test_a_shop_without_shoppers_or_products_on_any_day_is_refused() -> None:
    products, shoppers = demo_products(count=2, now=REFERENCE + timedelta(days=800)), demo_shoppers(count=2)
    with pytest.raises(ValueError, match="on no day"):
        demo_events(products, shoppers, count=10)
