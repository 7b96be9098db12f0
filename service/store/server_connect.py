"""Reach a Qdrant server: test the address and the key quickly, use gRPC where it is open."""

import math
import socket
from urllib.parse import urlsplit

from qdrant_client import QdrantClient

from service.core.errors import ConfigurationError, NotFound, RecommenderError
from service.core.masking import without_password
from service.store.server_errors import guarded

PROBE_TIMEOUT_S = 3
DEFAULT_PORT = 6333


def connect(url: str, api_key: str | None, prefer_grpc: bool, timeout_s: float) -> QdrantClient:
    """A client whose server has answered.

    Parameters
    ----------
    url : ``http://host:port`` or ``https://host:port``; port 6333 if none is given. gRPC is looked for one port above.
    timeout_s : seconds each later call may take; the tests here take at most a few seconds whatever it is.

    Raises
    ------
    DependencyUnavailable : nobody answers.
    ConfigurationError : not an address, not a Qdrant server, or the key is refused.
    """
    grpc_port = _grpc_port(url)
    _probe(url, _client(url, api_key, None, PROBE_TIMEOUT_S))
    if prefer_grpc and _is_open(urlsplit(url).hostname or "", grpc_port):
        try:
            _probe(url, _client(url, api_key, grpc_port, PROBE_TIMEOUT_S))
            return _client(url, api_key, grpc_port, timeout_s)
        # something else listens there, or a proxy that speaks no HTTP/2: REST has just worked
        except RecommenderError:
            pass
    return _client(url, api_key, None, timeout_s)


def _client(url: str, api_key: str | None, grpc_port: int | None, timeout_s: float) -> QdrantClient:
    return QdrantClient(
        url,
        prefer_grpc=grpc_port is not None,
        grpc_port=grpc_port or DEFAULT_PORT + 1,
        # as a header, because the client warns of a key over plain http, which is usual inside a private network
        headers={"api-key": api_key} if api_key else None,
        timeout=math.ceil(timeout_s),
        check_compatibility=False,
    )


def _probe(url: str, client: QdrantClient) -> None:
    try:
        guarded(url, client.get_collections)
    except NotFound as error:
        raise ConfigurationError(
            f"what answers at {without_password(url)} is not Qdrant ({error}); correct QDRANT_URL"
        ) from error
    finally:
        client.close()


def _grpc_port(url: str) -> int:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ConfigurationError(f"QDRANT_URL {without_password(url)!r} is not an address ({error})") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigurationError(f"QDRANT_URL must look like http://localhost:6333, got {without_password(url)!r}")
    return (port or DEFAULT_PORT) + 1


def _is_open(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False
