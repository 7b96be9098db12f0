"""One service, many visitors: products change over HTTP and in the database, other commands run beside it."""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

SEARCHABLE_S = 2.0


@pytest.fixture(scope="module")
def service(serve: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A shop that is served for all tests here."""
    with serve(tmp_path_factory.mktemp("served") / "shop") as service:
        service.put("first", "Plain white plate")  # the first product of all builds the index's own files
        service.settle()
        yield service


def test_a_product_is_searchable_within_two_seconds(service: Any) -> None:
    service.put("kettle", "Purple elephant kettle")
    assert service.finds("purple elephant kettle", "kettle", within_s=SEARCHABLE_S)


def test_a_file_loaded_beside_the_service_is_searchable_within_two_seconds(
    service: Any, vitrine: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "feed.csv").write_text("id,name\nlantern,Copper whale lantern\n")
    report = vitrine(service.data_dir, "load", "products", tmp_path / "feed.csv")
    assert report["files"][0]["created"] == 1
    assert service.finds("copper whale lantern", "lantern", within_s=SEARCHABLE_S)


def test_status_beside_the_service_says_who_has_the_index(service: Any, vitrine: Callable[..., Any]) -> None:
    status = vitrine(service.data_dir, "status")
    assert status["products"] >= 1
    assert status["indexed"] is None
    assert f"in use by another process (pid {service.process.pid})" in status["note"]


@pytest.mark.parametrize("command", [("index",), ("index", "--check"), ("serve", "--port", "0"), ("eval", "ann")])
def test_commands_that_need_the_index_say_that_it_is_in_use(
    service: Any, vitrine: Callable[..., Any], command: tuple[str, ...]
) -> None:
    error = vitrine(service.data_dir, *command, code=1)["error"]
    assert "in use by another process" in error["message"]


def test_the_demo_stays_out_of_a_shop_that_is_served(service: Any, vitrine: Callable[..., Any]) -> None:
    vitrine(service.data_dir, "demo", "--no-serve", code=1)
    assert not (service.data_dir / "demo").exists()


def test_a_service_ends_cleanly_and_soon_when_asked_to_even_with_pages_open(
    serve: Callable[..., Any], tmp_path: Path
) -> None:
    with serve(tmp_path / "shop") as service:
        service.put("mug", "Red mug")
        pages = service.address.replace("http", "ws") + "/v1/live"
        with connect(pages) as page, connect(pages, close_timeout=0):
            service.process.send_signal(signal.SIGTERM)  # Ctrl+C: see the demo's journey
            with pytest.raises(ConnectionClosed) as closed:
                page.recv(timeout=5)
            assert closed.value.rcvd.code == 1001
            assert service.process.wait(timeout=5) == 0
    assert "Traceback" not in (tmp_path / "serve.log").read_text()
