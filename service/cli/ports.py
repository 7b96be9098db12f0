"""Listening sockets."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from service.core.errors import ConfigurationError


@contextmanager
def bound_socket(host: str, port: int) -> Iterator[socket.socket]:
    """A TCP socket bound to the address; 0 takes any free port.

    Raises
    ------
    ConfigurationError : the port is taken or not allowed, or the host is not ours.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError as error:
        raise ConfigurationError(
            f"cannot listen on {host}:{port} ({error.strerror}); choose another with --port and --host"
        ) from error
    try:
        yield listener
    finally:
        listener.close()
