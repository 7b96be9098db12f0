"""An API process that leaves what goes on behind it to a worker."""

from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from config.settings import Settings, load_settings
from indexer.sync import index_stale
from service.app import create_app
from service.runtime import open_runtime
from service.store.jobs import recent


def test_what_changes_waits_for_the_worker_and_health_says_how_much(
    tmp_path: Path, settings_for: Callable[[Path], Settings]
) -> None:
    settings = settings_for(tmp_path).model_copy(update={"background": "off"})
    with open_runtime(settings) as runtime, TestClient(create_app(runtime)) as client:
        assert client.put("/v1/products/mug", json={"name": "Red mug"}).status_code == 200
        assert client.get("/health/ready").json()["waiting"] == 1
        index_stale(runtime.outbox)  # as a worker does
        assert client.get("/health/ready").json()["waiting"] == 0
        assert client.get("/v1/search", params={"q": "red mug"}).json()["items"][0]["id"] == "mug"
        with runtime.database.session() as session:
            assert recent(session, 10) == []


@pytest.mark.parametrize(
    ("background", "url", "runs"),
    [("auto", None, True), ("auto", "http://q", False), ("on", "http://q", True), ("off", None, False)],
)
def test_who_does_the_work_behind_the_answers(background: str, url: str | None, *, runs: bool) -> None:
    assert load_settings(background=background, qdrant_url=url).runs_background is runs
