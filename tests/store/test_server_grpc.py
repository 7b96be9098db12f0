"""gRPC is used where it answers, and its status codes become our errors, against a small gRPC server."""

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
from qdrant_client import QdrantClient
from qdrant_client import grpc as qdrant_grpc

from service.core.errors import ConfigurationError, DependencyUnavailable, InvalidQuery, NotFound, RecommenderError
from service.store.server import ServerStore
from service.store.server_connect import _client


class Collections(qdrant_grpc.CollectionsServicer):  # type: ignore[misc]
    """Answers `List`, and fails `Get` as told."""

    def __init__(self) -> None:
        self.failure = (grpc.StatusCode.NOT_FOUND, "Collection `products` doesn't exist!")

    def List(self, request: Any, context: grpc.ServicerContext) -> Any:
        name = qdrant_grpc.CollectionDescription(name="products")
        return qdrant_grpc.ListCollectionsResponse(collections=[name], time=0.0)

    def Get(self, request: Any, context: grpc.ServicerContext) -> Any:
        context.abort(*self.failure)


@pytest.fixture
def collections() -> Collections:
    return Collections()


@pytest.fixture
def store(collections: Collections) -> Iterator[ServerStore]:
    server = grpc.server(ThreadPoolExecutor(2))
    qdrant_grpc.add_CollectionsServicer_to_server(collections, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    url = "http://127.0.0.1:6333"
    opened = ServerStore(url, client=_client(url, "key", port, 2))
    yield opened
    opened.close()
    server.stop(None).wait()


def test_calls_go_over_grpc(store: ServerStore) -> None:
    assert store.names() == ["products"]


@pytest.mark.parametrize(
    ("code", "error", "said"),
    [
        (grpc.StatusCode.NOT_FOUND, NotFound, "the server's sentence"),
        (grpc.StatusCode.UNAUTHENTICATED, ConfigurationError, "set QDRANT_API_KEY"),
        (grpc.StatusCode.PERMISSION_DENIED, ConfigurationError, "set QDRANT_API_KEY"),
        (grpc.StatusCode.INVALID_ARGUMENT, InvalidQuery, "the server's sentence"),
        (grpc.StatusCode.UNAVAILABLE, DependencyUnavailable, "start it or unset QDRANT_URL"),
        (grpc.StatusCode.INTERNAL, DependencyUnavailable, "the server's sentence"),
    ],
)
def test_a_status_code_becomes_the_error_it_means(
    store: ServerStore, collections: Collections, code: grpc.StatusCode, error: type[RecommenderError], said: str
) -> None:
    collections.failure = (code, "the server's sentence")
    with pytest.raises(error, match=said):
        store.search("products", [])


def test_nobody_at_the_port_is_unavailable() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        client: QdrantClient = _client("http://127.0.0.1:6333", None, free.getsockname()[1], 1)
        store = ServerStore("http://127.0.0.1:6333", client=client)
        with pytest.raises(DependencyUnavailable, match="does not answer"):
            store.names()
        store.close()
