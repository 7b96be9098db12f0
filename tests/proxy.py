"""A TCP proxy in front of a real server, for faults of the network: slow, silent, cut, reset, gone, and back again."""

import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import Enum
from pathlib import Path

_CHUNK = 65_536
_ABORT = struct.pack("ii", 1, 0)  # SO_LINGER: closing sends a reset


class Fault(Enum):
    """What the network does.

    SLOW: every piece is held back for `delay_s`. SILENT: connections stay, and
    nothing arrives any more; those on which something was swallowed stay silent for good. RESET: every
    connection is reset, the open ones at once, new ones as soon as they come. GONE: the same, and nobody listens.
    """

    NONE = 0
    SLOW = 1
    SILENT = 2
    RESET = 3
    GONE = 4


class Proxy:
    """Passes on what comes to `port` to a server, and back.

    Parameters
    ----------
    target : host and port of the server, or the path of its socket.
    """

    def __init__(self, target: tuple[str, int] | Path) -> None:
        self._target = target
        self._fault = Fault.NONE
        self.delay_s = 0.0
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = int(self._listener.getsockname()[1])
        self._accepts()

    @contextmanager
    def fault(self, fault: Fault, delay_s: float = 0.0) -> Iterator[None]:
        """The network behaves so for the length of a `with` block, and then as it should again."""
        self._fault, self.delay_s = fault, delay_s
        if fault is Fault.GONE:
            self._stop_listening()
        if fault in (Fault.RESET, Fault.GONE):
            self.reset()
        try:
            yield
        finally:
            self._fault, self.delay_s = Fault.NONE, 0.0
            if fault is Fault.GONE:
                self._listener = socket.create_server(("127.0.0.1", self.port), backlog=128)
                self._accepts()

    def reset(self) -> None:
        """Reset every open connection."""
        with self._lock:
            pairs, self._pairs = self._pairs, []
        for pair in pairs:
            _abort(*pair)

    def close(self) -> None:
        """Let go of everything."""
        self._stop_listening()
        self.reset()

    def _stop_listening(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts, which would keep the port
        self._listener.close()

    def _accepts(self) -> None:
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):  # closed
            while True:
                client, _ = listener.accept()
                self._connect(client)

    def _connect(self, client: socket.socket) -> None:
        try:
            server = self._open()
        except OSError:
            _abort(client)
            return
        if self._fault in (Fault.RESET, Fault.GONE):
            _abort(client, server)
            return
        with self._lock:
            self._pairs.append((client, server))
        for here, there in ((client, server), (server, client)):
            threading.Thread(target=self._pass_on, args=(here, there), daemon=True).start()

    def _open(self) -> socket.socket:
        if isinstance(self._target, Path):
            server = socket.socket(socket.AF_UNIX)
            server.connect(str(self._target))
            return server
        return socket.create_connection(self._target, timeout=None)

    def _pass_on(self, here: socket.socket, there: socket.socket) -> None:
        is_silent = False
        with suppress(OSError):
            while data := here.recv(_CHUNK):
                is_silent = is_silent or self._fault is Fault.SILENT
                if is_silent:
                    continue
                if self._fault is Fault.SLOW:
                    time.sleep(self.delay_s)
                there.sendall(data)
        for end in (here, there):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


def _abort(*sockets: socket.socket) -> None:
    for one in sockets:
        with suppress(OSError):
            if one.family != socket.AF_UNIX:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)
            one.shutdown(socket.SHUT_RD)  # wakes the thread that reads
        one.close()


@contextmanager
def running_proxy(target: tuple[str, int] | Path) -> Iterator[Proxy]:
    """A proxy for the length of a `with` block."""
    proxy = Proxy(target)
    try:
        yield proxy
    finally:
        proxy.close()
