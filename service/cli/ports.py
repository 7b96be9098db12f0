"""Listening sockets."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address

from service.core.errors import ConfigurationError


@contextmanager
def bound_socket(host: str, port: int) -> Iterator[socket.socket]:
    """A TCP socket that listens on the address; 0 takes any free port. Callers wait until somebody serves it.

    Raises
    ------
    ConfigurationError : the port is taken or not allowed, or the host is not ours.
    """
    listener = None
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        # at once: of two that only bind the same port, Linux refuses neither
        listener.listen(2048)
    except OSError as error:
        if listener is not None:
            listener.close()
        raise ConfigurationError(
            f"cannot listen on {host}:{port} ({error.strerror}); choose another with --port and --host"
        ) from error
    try:
        yield listener
    finally:
        listener.close()


def address_of(listener: socket.socket) -> str:
    """Where a browser on this machine finds what `listener` serves."""
    host, port = listener.getsockname()[:2]
    return web_address(host, port)


def is_loopback(listener: socket.socket) -> bool:
    """Whether only this machine can reach `listener`."""
    return ip_address(listener.getsockname()[0].partition("%")[0]).is_loopback


def web_address(host: str, port: int) -> str:
    """The address as a URL; one that means "everywhere" becomes this machine's own.

    Examples
    --------
    >>> web_address("0.0.0.0", 8000), web_address("::1", 80)
    ('http://127.0.0.1:8000', 'http://[::1]:80')
    """
    host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)  # nosec B104: nothing is bound here
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
