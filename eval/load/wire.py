"""One HTTP/1.1 connection that is kept open, without waiting: the generator's half of the conversation."""

import errno
import socket
from contextlib import suppress

import httptools

_CHUNK = 65_536
_UNDER_WAY = (0, errno.EINPROGRESS, errno.EWOULDBLOCK)


class Connection:
    """A socket that is asked one thing at a time.

    Attributes
    ----------
    wants_write : there is something to send, or it is not yet connected. number : the request it works on, or -1.
    used : when its last answer ended. status : of the answer.
    """

    def __init__(self, host: str, port: int) -> None:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        self._socket = socket.socket(family, kind, protocol)
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._refused = self._socket.connect_ex(address)
        self._waiting = b""
        self._ended = False
        self._keep = True
        self.number, self.status, self.used, self.answered = -1, 0, 0.0, 0

    def fileno(self) -> int:
        """For `select`."""
        return self._socket.fileno()

    @property
    def wants_write(self) -> bool:
        """Whether there is something left to send."""
        return bool(self._waiting)

    @property
    def can_be_used_again(self) -> bool:
        """Whether the server keeps it open."""
        return self._keep

    def ask(self, number: int, request: bytes) -> None:
        """Begin a request.

        Raises
        ------
        OSError : the connection is refused or broken.
        """
        if self._refused not in _UNDER_WAY:
            raise OSError(self._refused, "cannot connect")
        self.number, self._ended = number, False
        self._parser = httptools.HttpResponseParser(self)
        self._waiting = request
        self.send()

    def send(self) -> None:
        """Send what can be sent now.

        Raises
        ------
        OSError : the connection is refused or broken.
        """
        if problem := self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            raise OSError(problem, "cannot connect")
        try:
            self._waiting = self._waiting[self._socket.send(self._waiting) :]
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.ENOTCONN, errno.EINPROGRESS):
                raise

    def receive(self) -> bool:
        """Read what is there; whether the answer is complete.

        Raises
        ------
        OSError : the connection broke, or what came is not HTTP.
        """
        with suppress(BlockingIOError):
            data = self._socket.recv(_CHUNK)
            if not data:
                raise ConnectionResetError(errno.ECONNRESET, "closed before the answer")
            try:
                self._parser.feed_data(data)
            except httptools.HttpParserError as error:
                raise OSError(errno.EPROTO, "not HTTP") from error
        return self._ended

    def close(self) -> None:
        """Give it up."""
        self._socket.close()

    def on_message_complete(self) -> None:
        """Told by the parser."""
        self._ended = True
        self._keep = bool(self._parser.should_keep_alive())
        self.status = int(self._parser.get_status_code())
        self.answered += 1
