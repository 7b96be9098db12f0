"""The client over a real connection: the example of its docstring, a slow service, and one that restarts."""

import ast
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp

import service.client
from config.settings import Settings
from service.app import create_app
from service.client import Patience, Vitrine, VitrineError
from service.runtime import open_runtime

PATIENT = Patience(tries=60, first_s=0.05, longest_s=10)


@contextmanager
def serving(app: ASGIApp, port: int = 0) -> Iterator[int]:
    """The port of an app that is served for the length of a `with` block."""
    config = uvicorn.Config(app, port=port, log_config=None, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", port))
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join()


def test_the_example_runs_as_it_stands(
    tmp_path: Path, settings_for: Callable[[Path], Settings], capsys: pytest.CaptureFixture[str]
) -> None:
    text = (ast.get_docstring(ast.parse(Path(service.client.__file__).read_text("utf-8"))) or "").split("::\n", 1)[1]
    example = "\n".join(line[4:] for line in text.splitlines() if line.startswith("    ") or not line)
    assert "Vitrine(" in example
    with open_runtime(settings_for(tmp_path)) as runtime, serving(create_app(runtime)) as port:
        exec(re.sub(r"http://127\.0\.0\.1:8000", f"http://127.0.0.1:{port}", example), {})
        printed = capsys.readouterr().out.splitlines()
        with Vitrine(f"http://127.0.0.1:{port}") as shop:
            assert shop.get_product("mug-7").brand == "Alba"
    assert printed[-1].startswith("404 product_not_found ")


async def _live(_: Request) -> JSONResponse:
    return JSONResponse({"status": "ok"})


async def _suggest(_: Request) -> JSONResponse:
    return JSONResponse({"q": "mu", "corrected": None, "suggestions": []})


SMALL = Starlette(routes=[Route("/health/live", _live), Route("/v1/suggest", _suggest)])


def test_a_service_that_restarts_between_two_calls_is_found_again() -> None:
    with serving(SMALL) as port:
        client = Vitrine(f"http://127.0.0.1:{port}", patience=PATIENT)
        assert client.live() == {"status": "ok"}  # its connection stays open, and is of no use soon
    with client:
        with serving(SMALL, port):
            assert client.suggest("mu").suggestions == ()
        down = threading.Event()

        def ask() -> None:
            down.set()
            answers.append(client.suggest("mu").q)

        answers: list[str] = []
        waiting = threading.Thread(target=ask)
        waiting.start()  # nobody listens yet
        down.wait()
        with serving(SMALL, port):
            waiting.join()
    assert answers == ["mu"]


def test_a_service_that_does_not_answer_in_time_is_left() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        with (
            Vitrine(f"http://127.0.0.1:{silent.getsockname()[1]}", timeout_s=0.2) as client,
            pytest.raises(VitrineError) as raised,
        ):
            client.home(user="ann")
    assert raised.value.code == "timed_out"
