"""The client against the service itself: every answer is read, lists go on, events count once, sign-ins last."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import anyio
import httpx
import pytest
from fastapi import FastAPI

from service.client import AsyncVitrine, Vitrine, VitrineError, as_csv
from tests.client.samples import SAMPLES
from tests.client.served_shop import OPERATOR, URL, Shop

NOT_HERE = {
    "explain_words", "promote", "roll_back", "image", "refresh", "sign_in", "change_password", "erase_me",
    "revoke_key", "receipt",
}  # fmt: skip
"""What this shop has nothing for: no such release, picture, account or key."""


def test_every_answer_is_read_and_every_refusal_is_told(shop: Shop) -> None:
    answered, refused = set(), {}
    with shop.client() as server:
        server.put_product("mug-7", name="Blue mug", price=12.5, currency="EUR")
        for name, calls in SAMPLES.items():
            is_own = name in ("me", "put_me", "export_me")
            client = shop.client(key=None) if is_own else server
            if is_own:
                client.sign_in(**OPERATOR)
            for call in calls:
                try:
                    answer = client.send(call)
                except VitrineError as error:
                    refused[name] = error
                else:
                    answered.add(name)
                    kind = type(None) if answer is None else type(answer)
                    assert kind is call.answer, call
    for name, error in refused.items():
        assert error.status in (401, 404, 409, 422), (name, error)
        assert error.detail, name
        assert error.request_id, name
    assert refused.keys() - answered <= NOT_HERE, refused.keys() - answered
    assert SAMPLES.keys() - answered <= NOT_HERE


def test_a_shoppers_way_from_a_feed_to_a_click_that_finds_its_impression(shop: Shop) -> None:
    client = shop.client()
    feed = client.home(session="tab-1", n=5, in_stock=True)
    assert [card.rank for card in feed.items] == [1, 2, 3, 4, 5]
    shown = feed.items[1]
    told = client.event(
        type="click", session="tab-1", product=shown.id, request_id=feed.request_id, position=shown.rank
    )
    assert (told.recorded, told.results[0].status) == (1, "recorded")
    why = client.explain(surface="home", session="tab-1", product="mug-4")
    assert (why.shown, why.cause) == (False, "sold_out")
    found = client.search(query="blue mug", max_price=10.0, explain=True)
    assert found.items[0].id == "mug-2"
    assert found.items[0].contributions is not None
    assert sum(found.items[0].contributions.values()) == pytest.approx(found.items[0].score)


def test_a_link_and_a_body_that_say_the_same_get_the_same(shop: Shop) -> None:
    client = shop.client()
    simple: Any = {"brand": ["Alba", "Quill"], "category": "Home", "max_price": 15, "in_stock": True, "min_price": 1}
    in_link, in_body = Vitrine.search(query="mug", **simple), Vitrine.search(query="mug", exclude_ids=["-"], **simple)
    assert (in_link.method, in_body.method) == ("GET", "POST")
    by_link, by_body = client.send(in_link), client.send(in_body)
    assert [card.id for card in by_link.items] == [card.id for card in by_body.items]
    assert {card.category[0] for card in by_link.items} == {"Home"}


def test_lists_go_on_page_by_page(shop: Shop) -> None:
    client = shop.client()
    everything = [product.id for product in client.each_product(limit=5, category=["Home", "Bags"])]
    assert (len(everything), everything) == (12, sorted(everything))
    pages = list(client.pages(Vitrine.search(sort="price", n=4, in_stock=True)))
    prices = [card.price for page in pages for card in page.items]
    assert [len(page.items) for page in pages] == [4, 4, 2]
    assert prices == sorted(prices)  # type: ignore[type-var]
    weighted = list(client.pages(Vitrine.search(terms={"mug": 1.0}, sort="-price", n=1, exclude_ids=["mug-1"])))
    ids = [card.id for page in weighted for card in page.items]
    assert len(weighted) > 1
    assert len(ids) == len(set(ids))


def test_the_same_events_sent_twice_count_once(shop: Shop) -> None:
    client = shop.client()
    call = Vitrine.events([{"type": "view", "user": "twice", "product": f"mug-{number}"} for number in (1, 2)])
    assert client.send(call).recorded == 2
    again = client.send(call)
    assert (again.recorded, again.duplicates) == (0, 2)
    assert len(client.user_events("twice").events) == 2
    other = client.events([{"type": "view", "user": "twice", "product": "mug-1"}, {"type": "rating", "user": "twice"}])
    assert (other.recorded, other.refused) == (1, 1)
    assert "stars" in (other.results[1].reason or "")


def test_wrong_fields_are_named(shop: Shop) -> None:
    with pytest.raises(VitrineError) as raised:
        shop.client().home(user="ann", n=0)
    error = raised.value
    assert (error.status, error.code, error.is_temporary) == (422, "invalid_request", False)
    assert [one.field for one in error.errors] == ["query.n"]
    assert error.request_id in str(error)  # type: ignore[operator]


def test_nobody_and_a_key_that_is_none_are_turned_away(shop: Shop) -> None:
    for proof in ({"key": None}, {"key": "vk_wrong"}, {"token": "wrong"}):
        with pytest.raises(VitrineError) as raised:
            shop.client(**proof).home(n=1)
        assert raised.value.status == 401, proof


def test_a_sign_in_renews_itself_once_however_many_ask(shop: Shop) -> None:
    client = shop.client(key=None)
    before = client.sign_in(**OPERATOR)
    shop.late[0] += timedelta(minutes=20)
    with ThreadPoolExecutor(8) as threads:
        names = list(threads.map(lambda _: client.me().email, range(8)))
    assert names == [OPERATOR["email"]] * 8
    assert client.tokens is not None
    assert client.tokens.refresh_token != before.refresh_token
    later = shop.client(key=None)
    later.refresh(client.tokens.refresh_token)
    assert later.me().id == before.user
    later.sign_out()
    assert later.tokens is None
    with pytest.raises(VitrineError, match="401"):
        later.me()


def test_a_sign_in_that_was_ended_elsewhere_is_told_and_does_not_go_on_trying(shop: Shop) -> None:
    client, elsewhere = shop.client(key=None), shop.client(key=None)
    client.sign_in(**OPERATOR)
    assert client.tokens is not None
    elsewhere.refresh(client.tokens.refresh_token)
    shop.late[0] += timedelta(minutes=20)
    for _ in range(2):
        with pytest.raises(VitrineError) as raised:
            client.me()
        assert raised.value.status == 401


def test_a_wrong_password_is_tried_once(shop: Shop) -> None:
    client = shop.client(key=None)
    tokens = client.sign_in(**OPERATOR)
    with pytest.raises(VitrineError) as raised:
        client.change_password(password="not this one", new_password="battery staple")
    assert (raised.value.status, raised.value.code) == (401, "wrong_credentials")
    assert client.tokens == tokens


def test_operators_lists_come_as_csv_too(shop: Shop) -> None:
    text = shop.client().send(as_csv(Vitrine.catalogue_gaps()))
    assert text.splitlines()[0] == "name,products,share,about"


def test_acts_are_sent_as_a_programs_own_where_the_shop_is_open(shop: Shop, as_open: Callable[[Shop], FastAPI]) -> None:
    async def act() -> None:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(as_open(shop))) as http:
            with pytest.raises(VitrineError) as raised:
                await AsyncVitrine(URL, http=http).promote("no-such-release", live=None)
            assert raised.value.status == 404  # and not 403: see `sent_by_us`

    anyio.run(act)


def test_awaited_answers_are_the_same(shop: Shop) -> None:
    async def ask() -> tuple[Any, list[str], Any]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(shop.app)) as http:
            client = AsyncVitrine(URL, key=shop.key, http=http)
            one = await client.get_product("mug-1")
            ids = [product.id async for product in client.each_product(limit=5)]
            person = AsyncVitrine(URL, http=http)
            await person.sign_in(**OPERATOR)
            shop.late[0] += timedelta(minutes=20)
            async with anyio.create_task_group() as tasks:
                for _ in range(5):
                    tasks.start_soon(person.me)
            me = await person.me()
            await person.sign_out()
            return one, ids, me

    one, ids, me = anyio.run(ask)
    client = shop.client()
    assert one == client.get_product("mug-1")
    assert ids == [product.id for product in client.each_product()]
    assert me.email == OPERATOR["email"]
    assert asdict(one)["price"] == 5.0
