"""A client that costs next to nothing beside the service it asks: the load must not be what is measured."""

import socket
from urllib.parse import urlsplit

_MOST = 2**18


class Client:
    """One connection that is kept open, and made again where the service has closed it.

    Parameters
    ----------
    address : as ``http://127.0.0.1:8000``.
    """

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self._where = (parts.hostname or "127.0.0.1", parts.port or 80)
        self._socket: socket.socket | None = None
        self._buffer = memoryview(bytearray(_MOST))

    def get(self, path: str) -> tuple[int, int]:
        """Status and bytes of the answer.

        Raises
        ------
        OSError : there is no answer.
        """
        asked = f"GET {path} HTTP/1.1\r\nHost: {self._where[0]}\r\nAccept: application/json\r\n\r\n".encode()
        try:
            return self._ask(asked)
        except (OSError, EOFError):
            self.close()
            return self._ask(asked)

    def close(self) -> None:
        """End the connection; closing twice is fine."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _ask(self, asked: bytes) -> tuple[int, int]:
        if self._socket is None:
            self._socket = socket.create_connection(self._where, timeout=60)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(asked)
        head = b""
        while b"\r\n\r\n" not in head:
            if not (count := self._socket.recv_into(self._buffer)):
                raise EOFError("the service closed the connection")
            head += self._buffer[:count]
        head, _, body = head.partition(b"\r\n\r\n")
        size = _length(head)
        left = size - len(body)
        while left > 0:
            if not (count := self._socket.recv_into(self._buffer)):
                raise EOFError("the service closed the connection")
            left -= count
        return int(head[9:12]), size


def _length(head: bytes) -> int:
    """What the head of an answer says of its body.

    Examples
    --------
    >>> _length(b"HTTP/1.1 200 OK\\r\\nContent-Length: 12\\r\\ndate: now")
    12
    """
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    raise EOFError("the answer does not say how long it is")
