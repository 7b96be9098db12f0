"""The service is killed in the midst of writes, again and again: what it acknowledged is there and searchable."""

from collections.abc import Callable
from pathlib import Path
from random import Random
from threading import Timer
from typing import Any

import httpx

KILLS = 5


def test_nothing_acknowledged_is_lost_when_the_service_is_killed(
    serve: Callable[..., Any], vitrine: Callable[..., Any], tmp_path: Path
) -> None:
    shop = tmp_path / "shop"
    random = Random(7)
    acknowledged: list[str] = []
    for kill in range(KILLS):
        with serve(shop) as service:
            assert lost(service, acknowledged) == []
            Timer(random.uniform(0.2, 1.0), service.process.kill).start()
            acknowledged += put_until_killed(service, kill)
    assert len(acknowledged) > KILLS
    with serve(shop) as service:
        assert lost(service, acknowledged) == []
        service.settle()
        for product_id in random.sample(acknowledged, 20 if len(acknowledged) > 20 else len(acknowledged)):
            assert service.first(name_of(product_id)) == product_id
        service.process.terminate()
        assert service.process.wait(timeout=30) == 0
    check = vitrine(shop, "index", "--check")["check"]["before"]
    assert (check["agrees"], check["pending"]) == (True, 0)
    assert check["products"] == check["points"] >= len(acknowledged)


def put_until_killed(service: Any, round_: int) -> list[str]:
    """The ids that were acknowledged before the service died."""
    acknowledged = []
    try:
        for number in range(100_000):
            product_id = f"p{round_}x{number}"
            service.put(product_id, name_of(product_id))
            acknowledged.append(product_id)
    except httpx.TransportError:
        pass
    return acknowledged


def lost(service: Any, product_ids: list[str]) -> list[str]:
    """Those of the products that the service does not know."""
    return [id for id in product_ids if service.http.get(f"/v1/products/{id}").status_code != 200]


def name_of(product_id: str) -> str:
    """A name no other product has."""
    return f"Vase {product_id}"
