"""A real Redis for tests: on a socket in a folder of its own, started, killed and stopped at will."""

import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import RedisError


class RedisServer:
    """One server that listens on a socket file only and keeps nothing on disk."""

    def __init__(self, folder: Path) -> None:
        self._socket = folder / "redis.sock"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"unix://{self._socket}"

    def start(self) -> None:
        """Returns once it answers; it is empty."""
        binary = shutil.which("redis-server")
        if binary is None:
            pytest.skip("redis-server is not installed")
        options = ["--port", "0", "--unixsocket", str(self._socket), "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen(
            [binary, *options, "--dir", str(self._folder)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                with Redis.from_url(self.url) as client:
                    client.ping()
                return
            except RedisError:
                time.sleep(0.01)
        raise TimeoutError("redis-server did not answer within 10 s")

    def kill(self) -> None:
        """Gone at once, as after a power cut."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """It takes connections and questions, and answers none."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on."""
        self._process.send_signal(signal.SIGCONT)

    def client(self) -> Redis:
        """A client of its own, to look into it."""
        return Redis.from_url(self.url, decode_responses=True)


@contextmanager
def running_redis() -> Iterator[RedisServer]:
    """A server that answers."""
    with tempfile.TemporaryDirectory(prefix="vitrine-redis-") as folder:  # short: a socket's path has 107 bytes at most
        server = RedisServer(Path(folder))
        server.start()
        yield server
        server.kill()
