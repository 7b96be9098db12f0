"""What goes over the wire to a Qdrant server, and what each failure there becomes, against a small HTTP server."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from structlog.testing import capture_logs

from config.params import load_params
from service.core.errors import ConfigurationError, DependencyUnavailable, InvalidQuery, NotFound
from service.core.fields import FieldKind
from service.core.filters import Filter, Match
from service.store.open_store import open_store
from service.store.server import ServerStore
from service.store.vectors import Dense, Point, Space, Sparse, VectorQuery

SPACE = Space(
    "products",
    {"text": Dense(3)},
    {"lexical": Sparse(idf=True)},
    {"tenant": FieldKind.KEYWORD, "price": FieldKind.FLOAT, "attributes.shoe size": FieldKind.KEYWORD},
)
STORED: dict[str, Any] = {
    "status": "green",
    "optimizer_status": "ok",
    "segments_count": 1,
    "config": {
        "params": {
            "vectors": {"text": {"size": 3, "distance": "Cosine"}},
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
    "payload_schema": {"tenant": {"data_type": "keyword", "points": 0}},
}


class FakeQdrant:
    """An HTTP server that answers as Qdrant would; `routes` overrides single calls, `seen` holds what was asked."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, Any, dict[str, str]]] = []
        self.routes: dict[tuple[str, str], Callable[[], tuple[int, Any]]] = {
            ("GET", "/collections"): lambda: (200, {"collections": [{"name": "products"}]}),
            ("GET", "/collections/products"): lambda: (200, STORED),
            ("PUT", "/collections/products/index"): lambda: (200, {"operation_id": 1, "status": "completed"}),
        }
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                body = json.loads(self.rfile.read(length)) if length else None
                fake.seen.append((self.command, self.path, body, dict(self.headers)))
                status, result = fake.routes.get((self.command, self.path.split("?")[0]), lambda: (200, True))()
                sent = result if isinstance(result, bytes) else json.dumps(fake.envelope(status, result)).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(sent)))
                self.end_headers()
                self.wfile.write(sent)

            do_GET = do_PUT = do_POST = do_DELETE = answer

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    @staticmethod
    def envelope(status: int, result: Any) -> dict[str, Any]:
        return {"result": result, "status": "ok", "time": 0.0} if status == 200 else {"status": {"error": result}}

    def bodies(self, method: str, path: str) -> list[Any]:
        return [body for m, p, body, _ in self.seen if (m, p) == (method, path)]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def qdrant() -> Iterator[FakeQdrant]:
    fake = FakeQdrant()
    yield fake
    fake.close()


@pytest.fixture
def store(qdrant: FakeQdrant) -> Iterator[ServerStore]:
    store = ServerStore(qdrant.url, timeout_s=1)
    yield store
    store.close()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def test_a_refused_connection_says_what_to_start_or_unset(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(
        DependencyUnavailable,
        match=rf"Qdrant at {url} does not answer \(.*refused\); start it or unset QDRANT_URL to use the embedded",
    ):
        open_store(tmp_path, url, None)


def test_a_server_that_accepts_and_never_answers_does_not_hang_us() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        began = time.monotonic()
        with pytest.raises(DependencyUnavailable, match=r"does not answer .*timed out"):
            ServerStore(f"http://127.0.0.1:{silent.getsockname()[1]}", timeout_s=60)
        assert time.monotonic() - began < 20


def test_a_slow_answer_later_is_cut_off(qdrant: FakeQdrant, store: ServerStore) -> None:
    qdrant.routes["POST", "/collections/products/points/count"] = lambda: (time.sleep(1.6), (200, {"count": 1}))[1]
    with pytest.raises(DependencyUnavailable, match=r"does not answer .*timed out"):
        store.count("products")


@pytest.mark.parametrize("status", [401, 403])
def test_a_wrong_key_is_one_clear_line(qdrant: FakeQdrant, status: int) -> None:
    qdrant.routes["GET", "/collections"] = lambda: (status, "Invalid API key")
    with pytest.raises(ConfigurationError, match=rf"refuses the key \({status}\); set QDRANT_API_KEY"):
        ServerStore(qdrant.url, "wrong")


def test_the_key_goes_with_every_call_and_into_no_message(qdrant: FakeQdrant) -> None:
    store = ServerStore(qdrant.url, "s3cret")
    qdrant.routes["POST", "/collections/products/points/count"] = lambda: (500, "disk is on fire")
    with pytest.raises(DependencyUnavailable, match=r"failed \(500: disk is on fire\)") as raised:
        store.count("products")
    store.close()
    assert "s3cret" not in raised.value.message
    assert all(headers["api-key"] == "s3cret" for *_, headers in qdrant.seen)


@pytest.mark.parametrize("url", ["localhost:6333", "ftp://host", "http://", "http://host:port"])
def test_what_is_no_address_is_refused_before_anything_is_sent(url: str) -> None:
    with pytest.raises(ConfigurationError, match="QDRANT_URL"):
        ServerStore(url)


@pytest.mark.parametrize(("status", "body"), [(404, b"<html>not here</html>"), (200, b"<html>hello</html>")])
def test_something_else_at_the_address_is_named(qdrant: FakeQdrant, status: int, body: bytes) -> None:
    qdrant.routes["GET", "/collections"] = lambda: (status, body)
    with pytest.raises((ConfigurationError, DependencyUnavailable), match=f"what answers at {qdrant.url}.*QDRANT_URL"):
        ServerStore(qdrant.url)


def test_grpc_is_used_only_where_it_answers() -> None:
    # what listens one port above speaks no gRPC
    fake = FakeQdrant()
    port = int(fake.url.rsplit(":", 1)[1]) + 1
    with socket.socket() as other:
        try:
            other.bind(("127.0.0.1", port))
        except OSError:
            fake.close()
            pytest.skip(f"port {port} is taken")
        other.listen()
        store = ServerStore(fake.url)
    assert store.names() == ["products"]
    assert fake.seen[-1][:2] == ("GET", "/collections")
    store.close()
    fake.close()


def test_other_dimensions_on_the_server_are_a_configuration_error(store: ServerStore) -> None:
    wanted = Space("products", {"text": Dense(384)}, {"lexical": Sparse(idf=True)})
    with pytest.raises(ConfigurationError, match=r"'text' is stored as 3 dimensions .* wanted 384 .*--rebuild"):
        store.create(wanted)


def test_an_existing_collection_gets_only_the_indexes_it_lacks(qdrant: FakeQdrant, store: ServerStore) -> None:
    store.create(SPACE)
    assert qdrant.bodies("PUT", "/collections/products") == []
    made = qdrant.bodies("PUT", "/collections/products/index?wait=true")
    assert made == [
        {"field_name": "price", "field_schema": "float"},
        {"field_name": 'attributes."shoe size"', "field_schema": "keyword"},
    ]


def test_a_new_collection_is_made_with_slots_idf_and_a_tenant_index(qdrant: FakeQdrant, store: ServerStore) -> None:
    answers = iter([(404, "Not found: Collection `products` doesn't exist!")])
    qdrant.routes["GET", "/collections/products"] = lambda: next(answers, (200, {**STORED, "payload_schema": {}}))
    store.create(SPACE)
    (made,) = qdrant.bodies("PUT", "/collections/products")
    assert made["vectors"]["text"] == {"size": 3, "distance": "Cosine"}
    assert made["sparse_vectors"]["lexical"] == {"modifier": "idf"}
    first = qdrant.bodies("PUT", "/collections/products/index?wait=true")[0]
    assert first == {"field_name": "tenant", "field_schema": {"type": "keyword", "is_tenant": True}}


def test_a_collection_that_another_process_made_first_is_fine(qdrant: FakeQdrant, store: ServerStore) -> None:
    answers = iter([(404, "Not found: Collection `products` doesn't exist!")])
    qdrant.routes["GET", "/collections/products"] = lambda: next(answers, (200, STORED))
    qdrant.routes["PUT", "/collections/products"] = lambda: (409, "Collection `products` already exists!")
    store.create(SPACE)


def test_the_filter_goes_inside_the_query_and_queries_go_together(qdrant: FakeQdrant, store: ServerStore) -> None:
    qdrant.routes["POST", "/collections/products/points/query/batch"] = lambda: (
        200,
        [{"points": [{"id": 9, "version": 0, "score": 0.5}, {"id": 4, "version": 0, "score": 0.5}]}] * 2,
    )
    condition = Filter(must=(Match("visible", (True,)),))
    text = np.array([1, 0, 0], np.float32)
    answers = store.search(
        "products", [VectorQuery("text", text, 5, condition, exact=True), VectorQuery("text", text, 5, ef=200)]
    )
    assert [hits.ids.tolist() for hits in answers] == [[4, 9], [4, 9]]
    (sent,) = qdrant.bodies("POST", "/collections/products/points/query/batch")
    assert sent["searches"][0]["filter"] == {"must": [{"key": "visible", "match": {"value": True}}]}
    assert sent["searches"][0]["params"] == {"exact": True}
    assert sent["searches"][1]["params"] == {"exact": False, "hnsw_ef": 200}


def test_writes_wait_and_missing_points_are_left_to_a_filter(qdrant: FakeQdrant, store: ServerStore) -> None:
    done = {"operation_id": 1, "status": "completed"}
    qdrant.routes["PUT", "/collections/products/points"] = lambda: (200, done)
    qdrant.routes["POST", "/collections/products/points/batch"] = lambda: (200, [done])
    store.upsert("products", [Point(i, {"text": np.ones(3, np.float32)}, {}) for i in range(300)])
    store.set_payload("products", {1: {"price": 2.0}, 2: {"price": 2.0}})
    written = qdrant.bodies("PUT", "/collections/products/points?wait=true")
    assert [len(body["points"]) for body in written] == [256, 44]
    (updated,) = qdrant.bodies("POST", "/collections/products/points/batch?wait=true")
    assert updated["operations"] == [
        {"set_payload": {"payload": {"price": 2.0}, "filter": {"must": [{"has_id": [1, 2]}]}}}
    ]


@pytest.mark.parametrize(
    ("status", "sentence", "error"),
    [
        (400, "Wrong input: Vector dimension error: expected dim: 4, got 3", InvalidQuery),
        (404, "Not found: Collection `products` doesn't exist!", NotFound),
        (500, "Service internal error: No space left on device", DependencyUnavailable),
        (503, "Service Unavailable", DependencyUnavailable),
    ],
)
def test_the_servers_own_sentence_reaches_the_reader(
    qdrant: FakeQdrant, store: ServerStore, status: int, sentence: str, error: type[Exception]
) -> None:
    qdrant.routes["PUT", "/collections/products/points"] = lambda: (status, sentence)
    with pytest.raises(error) as raised:
        store.upsert("products", [Point(1, {"text": np.ones(3, np.float32)}, {})])
    assert sentence in str(raised.value)


def test_a_collection_is_made_as_configured_and_searched_by_its_short_vectors(qdrant: FakeQdrant) -> None:
    wanted = load_params().qdrant.model_copy(
        update={"shard_number": 6, "replication_factor": 2, "quantization": "scalar", "quantize_from": 2}
    )
    answers = iter([(404, "Not found: Collection `products` doesn't exist!")])
    qdrant.routes["GET", "/collections/products"] = lambda: next(answers, (200, STORED))
    qdrant.routes["POST", "/collections/products/points/query/batch"] = lambda: (200, [{"points": []}])
    store = ServerStore(qdrant.url, layout=wanted)
    store.create(SPACE)
    store.search("products", [VectorQuery("text", np.ones(3, np.float32), 5)])
    store.close()
    (made,) = qdrant.bodies("PUT", "/collections/products")
    assert (made["shard_number"], made["replication_factor"], made["write_consistency_factor"]) == (6, 2, 1)
    assert made["vectors"]["text"]["quantization_config"]["scalar"]["type"] == "int8"
    (sent,) = qdrant.bodies("POST", "/collections/products/points/query/batch")
    assert sent["searches"][0]["params"]["quantization"] == {"rescore": True, "oversampling": 2.0}


def test_a_collection_that_is_laid_out_otherwise_is_used_and_reported(qdrant: FakeQdrant) -> None:
    wanted = load_params().qdrant.model_copy(update={"replication_factor": 2})
    store = ServerStore(qdrant.url, layout=wanted)
    with capture_logs() as said:
        store.create(SPACE)
    store.close()
    assert qdrant.bodies("PUT", "/collections/products") == []
    (line,) = [line for line in said if line["event"] == "collection_laid_out_otherwise"]
    assert "replication_factor is 1, wanted 2" in line["differs"]
    assert "--rebuild" in line["do"]
