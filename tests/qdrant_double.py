"""A small HTTP server that speaks Qdrant's REST protocol over qdrant-client's in-memory engine: no Qdrant at hand."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel, TypeAdapter
from qdrant_client import QdrantClient, models

_SELECTOR: TypeAdapter[Any] = TypeAdapter(models.PointsSelector)
_POINTS: TypeAdapter[Any] = TypeAdapter(models.PointInsertOperations)
_DONE = {"operation_id": 1, "status": "completed"}


class Engine:
    """What the server holds: collections with points, and which payload fields have an index."""

    def __init__(self) -> None:
        self._client = QdrantClient(":memory:")
        self._indexes: dict[str, dict[str, Any]] = {}

    def answer(self, method: str, path: str, body: Any) -> Any:
        """The result of one call.

        Raises
        ------
        KeyError : there is no such collection, or no such call.
        """
        match [method, *path.strip("/").split("/")]:
            case ["GET", "collections"]:
                return self._client.get_collections()
            case [verb, "collections", name]:
                return self._collection(verb, unquote(name), body)
            case [verb, "collections", name, *rest]:
                self._check(unquote(name))
                return self._in_collection(verb, unquote(name), "/".join(rest), body)
        raise KeyError(f"Not found: {method} {path}")

    def _check(self, name: str) -> None:
        if not self._client.collection_exists(name):
            raise KeyError(f"Not found: Collection `{name}` doesn't exist!")

    def _collection(self, verb: str, name: str, body: Any) -> Any:
        if verb == "PUT":
            wanted = models.CreateCollection.model_validate(body)
            self._client.create_collection(
                name, vectors_config=wanted.vectors or {}, sparse_vectors_config=wanted.sparse_vectors
            )
            self._indexes[name] = {}
            return True
        self._check(name)
        if verb == "DELETE":
            del self._indexes[name]
            return self._client.delete_collection(name)
        return self._client.get_collection(name).model_dump(mode="json") | {"payload_schema": self._indexes[name]}

    def _in_collection(self, verb: str, name: str, call: str, body: Any) -> Any:
        client = self._client
        match [verb, call]:
            case ["PUT", "index"]:
                kind = body["field_schema"] if isinstance(body["field_schema"], str) else body["field_schema"]["type"]
                self._indexes[name][body["field_name"]] = {"data_type": kind, "points": 0}
            case ["PUT", "points"]:
                client.upsert(name, _POINTS.validate_python(body).points)
            case ["POST", "points/delete"]:
                client.delete(name, _SELECTOR.validate_python(body))
            case ["POST", "points/batch"]:
                client.batch_update_points(name, models.UpdateOperations.model_validate(body).operations)
                return [_DONE]
            case ["POST", "points/query/batch"]:
                asked = models.QueryRequestBatch.model_validate(body).searches
                plain = [one.model_copy(update={"params": None}) for one in asked]  # it always searches exactly
                return client.query_batch_points(name, plain)
            case ["POST", "points"]:
                of = models.PointRequest.model_validate(body)
                return client.retrieve(name, of.ids, with_payload=of.with_payload, with_vectors=of.with_vector)
            case ["POST", "points/scroll"]:
                page = models.ScrollRequest.model_validate(body)
                found, following = client.scroll(
                    name, page.filter, limit=page.limit or 10, offset=page.offset, with_payload=page.with_payload,
                    with_vectors=page.with_vector or False,
                )  # fmt: skip
                return {"points": [point.model_dump(mode="json") for point in found], "next_page_offset": following}
            case ["POST", "points/count"]:
                return client.count(name, models.CountRequest.model_validate(body).filter)
            case ["POST", "facet"]:
                of_field = models.FacetRequest.model_validate(body)
                return client.facet(name, of_field.key, of_field.filter, limit=of_field.limit or 10)
            case _:
                raise KeyError(f"Not found: {verb} {call}")
        return _DONE


class QdrantDouble:
    """The server; `calls` counts what was asked."""

    def __init__(self) -> None:
        self._engine = Engine()
        self._lock = threading.Lock()
        self.calls = 0
        double = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def answer(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                body = json.loads(self.rfile.read(length)) if length else None
                status, sent = double.answer(self.command, urlsplit(self.path).path, body)
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(sent)))
                self.end_headers()
                self.wfile.write(sent)

            do_GET = do_PUT = do_POST = do_DELETE = answer

            def handle(self) -> None:
                try:
                    super().handle()
                except OSError:
                    self.close_connection = True  # the network had other plans

            def finish(self) -> None:
                with suppress(OSError):
                    super().finish()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def answer(self, method: str, path: str, body: Any) -> tuple[int, bytes]:
        """Status and body as Qdrant sends them."""
        with self._lock:
            self.calls += 1
            try:
                result = self._engine.answer(method, path, body)
            except KeyError as error:
                return 404, json.dumps({"status": {"error": str(error.args[0])}, "time": 0.0}).encode()
            except ValueError as error:
                return 400, json.dumps({"status": {"error": f"Wrong input: {error}"}, "time": 0.0}).encode()
            return 200, json.dumps({"result": _plain(result), "status": "ok", "time": 0.0}).encode()

    def empty(self) -> None:
        """As after a restart without its disk."""
        with self._lock:
            self._engine = Engine()

    def close(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _plain(result: Any) -> Any:
    if isinstance(result, list):
        return [_plain(one) for one in result]
    return result.model_dump(mode="json") if isinstance(result, BaseModel) else result


@contextmanager
def running_qdrant() -> Iterator[QdrantDouble]:
    """A server for the length of a `with` block."""
    double = QdrantDouble()
    try:
        yield double
    finally:
        double.close()
