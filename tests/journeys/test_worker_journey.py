"""Two workers beside a Qdrant server share one job table: the real command, against a server that says as little."""

import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

PRODUCTS = {
    "status": "green",
    "optimizer_status": "ok",
    "segments_count": 1,
    "config": {
        "params": {
            "vectors": {"text": {"size": 384, "distance": "Cosine"}},
            "sparse_vectors": {"lexical": {"modifier": "idf"}},
        },
        "hnsw_config": {"m": 16, "ef_construct": 100, "full_scan_threshold": 10000},
        "optimizer_config": {
            "deleted_threshold": 0.2,
            "vacuum_min_vector_number": 1000,
            "default_segment_number": 0,
            "flush_interval_sec": 5,
        },
    },
    "payload_schema": {},
}
ANSWERS = {"/collections": {"collections": [{"name": "products"}]}, "/collections/products": PRODUCTS}


class Qdrant(BaseHTTPRequestHandler):
    """A server with an empty collection of products, which takes every write."""

    def answer(self) -> None:
        self.rfile.read(int(self.headers.get("content-length") or 0))
        written = {"operation_id": 1, "status": "completed"}
        result = ANSWERS.get(self.path, written) if self.command == "GET" else written
        sent = json.dumps({"result": result, "status": "ok", "time": 0.0}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    do_GET = do_PUT = do_POST = do_DELETE = answer

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def qdrant() -> Iterator[str]:
    """The address of a Qdrant server."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Qdrant)
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@contextmanager
def workers(start: Callable[..., Any], count: int, *options: object) -> Iterator[list["subprocess.Popen[str]"]]:
    if not count:
        yield []
        return
    with start("worker", "--json", *options) as first, workers(start, count - 1, *options) as others:
        yield [first, *others]


def jobs(vitrine: Callable[..., Any], folder: Path) -> list[tuple[str, str]]:
    return sorted((job["name"], job["status"]) for job in vitrine(folder, "jobs")["jobs"])


def test_two_workers_do_each_job_once_and_end_when_asked_to(
    start: Callable[..., Any], vitrine: Callable[..., Any], tmp_path: Path, qdrant: str
) -> None:
    shop = tmp_path / "shop"
    (tmp_path / "own.toml").write_text("[schedule]\ntraining_delay_s = 0")
    (tmp_path / ".env").write_text(f"VITRINE_QDRANT_URL={qdrant}")  # `start` runs commands here
    with workers(start, 2, "--data-dir", shop, "--config", tmp_path / "own.toml") as running:
        for process in running:
            line = process.stdout.readline()
            assert line, process.stderr.read()
            assert json.loads(line) == {"pid": process.pid}
        # counts are made at each start
        done = [("popular", "done"), ("popular", "done"), ("privacy", "done"), ("training", "done")]
        end = time.monotonic() + 60
        while (found := jobs(vitrine, shop)) != done:
            assert time.monotonic() < end, found
            time.sleep(0.2)
        began = time.monotonic()
        for process in running:
            process.send_signal(signal.SIGTERM)
        assert [process.wait(timeout=10) for process in running] == [0, 0]
        assert time.monotonic() - began < 5
        assert all("Traceback" not in process.stderr.read() for process in running)
    assert jobs(vitrine, shop) == done
