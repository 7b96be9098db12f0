"""Kept answers: as few as there is room for, and true whatever happens to the shop meanwhile."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace

from config.params import AnswerParams, load_params
from service.api.cached import KeptAnswers, Made, made_of
from service.context import Request
from service.runtime import Runtime
from service.shelves import home_page
from service.store.catalog import get_products, patch_product

NAMES = [f"{kind}-{number}" for kind in ("mug", "lamp", "bag") for number in (1, 2, 3)]


def answers(runtime: Runtime, **changes: float) -> KeptAnswers:
    return KeptAnswers(runtime.services, load_params().answers.model_copy(update=changes))


def newest(runtime: Runtime, counted: list[int] | None = None) -> Callable[[], Made]:
    """New arrivals: the ids of what may be bought."""

    def make() -> Made:
        request = Request("home", "r", "default", n=12)
        (shelf,) = home_page(runtime.services, request, ("new_arrivals",))
        with runtime.database.session() as session:
            found = get_products(session, [item.product_id for item in shelf.slate.items])
        shown = {id: one for id, one in found.items() if one.product.visible and one.product.stock}
        body = {"ids": sorted(one.product.external_id for one in shown.values())}
        if counted is not None:
            counted.append(1)
        return made_of(body, {id: one.updated_at for id, one in shown.items()}, (request, shelf.slate))

    return make


def test_an_answer_is_made_once_until_it_is_too_old(own_shop: Runtime) -> None:
    own_shop.count_popular()
    made: list[int] = []
    kept = answers(own_shop, ttl_s=0.3)
    hits = [kept.get("default", "r", "key", newest(own_shop, made))[1] for _ in range(5)]
    assert (hits, len(made)) == ([False, True, True, True, True], 1)
    assert kept.get("default", "r", "other", newest(own_shop, made))[1] is False
    assert kept.get("another", "r", "key", newest(own_shop, made))[1] is False  # another shop's
    time.sleep(0.35)
    assert kept.get("default", "r", "key", newest(own_shop, made))[1] is False


def test_what_does_not_fit_makes_room_or_is_not_kept(own_shop: Runtime) -> None:
    kept = KeptAnswers(own_shop.services, AnswerParams(kept_mb=1, ttl_s=60))
    large = Made(b"x" * 600_000, {})
    for key in ("one", "two"):
        kept.get("default", "r", key, lambda: large)
    assert kept.get("default", "r", "two", lambda: large)[1] is True
    assert kept.get("default", "r", "one", lambda: large)[1] is False
    too_large = Made(b"x" * 2_000_000, {})
    assert [kept.get("default", "r", "huge", lambda: too_large)[1] for _ in range(2)] == [False, False]


def test_an_answer_by_vectors_is_not_kept_while_some_are_to_be_written(own_shop: Runtime) -> None:
    kept = answers(own_shop)
    with own_shop.database.session() as session:
        patch_product(session, "default", "bag-4", {"name": "White Bag of another name"})
    hits = [kept.get("default", "r", "key", newest(own_shop), by_vectors=True)[1] for _ in range(2)]
    assert hits == [False, False]


def test_a_hit_is_recorded_as_what_its_own_request_was_shown(own_shop: Runtime) -> None:
    shown: list[tuple[str, str]] = []
    services = replace(
        own_shop.services, record=lambda request, slate: shown.append((request.request_id, slate.request_id))
    )
    kept = KeptAnswers(services, load_params().answers)
    make = newest(own_shop)
    assert kept.get("default", "first-look", "key", make)[1] is False  # recorded as it is made
    assert kept.get("default", "second-look", "key", make)[1] is True
    assert shown == [("second-look", "second-look")]


def test_what_is_sold_out_is_never_in_a_kept_answer_while_stock_flips(own_shop: Runtime) -> None:
    kept, sold_out_since, stop = answers(own_shop), dict[str, float](), threading.Event()
    flips, hits, wrong = 0, 0, []

    def flip() -> None:
        nonlocal flips
        while not stop.wait(0.01):
            name = NAMES[flips % len(NAMES)]
            is_back = sold_out_since.pop(name, None) is not None
            with own_shop.database.session() as session:
                patch_product(session, "default", name, {"stock": 5 if is_back else 0})
            if not is_back:
                sold_out_since[name] = time.monotonic()
            flips += 1

    thread = threading.Thread(target=flip)
    thread.start()
    end = time.monotonic() + 60
    while (flips < 60 or hits < 30) and time.monotonic() < end:
        before, start = dict(sold_out_since), time.monotonic()
        made, is_hit = kept.get("default", "r", "key", newest(own_shop))
        hits += is_hit
        # sold out before we asked, and never back since
        wrong += [
            name for name in before
            if f'"{name}"'.encode() in made.body and before[name] < start and sold_out_since.get(name) == before[name]
        ]  # fmt: skip
    stop.set()
    thread.join()
    assert wrong == []
    assert (flips >= 60, hits >= 30) == (True, True)
