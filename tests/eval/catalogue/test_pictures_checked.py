"""Pictures are asked for by the project's own fetcher; dead ones are named."""

from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from PIL import Image

from eval.catalogue.pictures import fetch_all, missing_files
from service.encode.pictures import load_picture


class _Pictures(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        found = self.path == "/mug.png"
        self.send_response(200 if found else 404)
        self.send_header("content-type", "image/png")
        self.end_headers()
        if found:
            Image.new("RGB", (4, 4)).save(self.wfile, "PNG")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def host() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), _Pictures) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_link_that_answers_404_is_dead_and_one_that_works_is_not(host: str) -> None:
    load = partial(load_picture, allow_private=True)
    found = fetch_all([f"{host}/mug.png", f"{host}/gone.png"], load, workers=2, host_failures=5)
    assert (found.asked, list(found.dead), found.unanswered) == (2, [f"{host}/gone.png"], 0)
    assert "404" in found.dead[f"{host}/gone.png"]


def test_a_host_that_does_not_answer_is_not_called_a_dead_picture(host: str) -> None:
    nobody = "http://127.0.0.1:9"
    load = partial(load_picture, allow_private=True)
    found = fetch_all([f"{nobody}/{n}.png" for n in range(4)], load, workers=1, host_failures=2)
    assert (found.dead, found.unanswered, found.hosts) == ({}, 4, ("127.0.0.1:9",))


def test_addresses_inside_the_network_are_not_asked(host: str) -> None:
    found = fetch_all([f"{host}/mug.png"], load_picture, workers=1, host_failures=5)
    assert list(found.dead) == [f"{host}/mug.png"]


def test_a_file_must_be_there_and_hold_something(tmp_path: Path) -> None:
    good, empty = tmp_path / "good.png", tmp_path / "empty.png"
    good.write_bytes(b"x")
    empty.touch()
    sources = [str(good), str(empty), str(tmp_path / "gone.png"), "relative.png", "https://a/b.png", None]
    assert {Path(source).name: why for source, why in missing_files(sources).items()} == {
        "empty.png": "an empty file",
        "gone.png": "no such file",
        "relative.png": "a relative path; the service reads absolute ones",
    }
