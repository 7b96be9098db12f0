"""`vitrine serve` and other commands as processes of their own, for what is measured over HTTP."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from types import MappingProxyType
from typing import IO
from urllib.parse import urlsplit

_COMMAND = (sys.executable, "-c", "from service.cli.main import run; run()")


@contextmanager
def served(folder: Path, *options: str, environment: Mapping[str, str] = MappingProxyType({})) -> Iterator[str]:
    """The address of a service of its own, once everything is indexed; without pictures, whatever the settings here.

    Parameters
    ----------
    environment : settings beside that.
    """
    command = [*_COMMAND, "serve", "--port", "0", "--json", "--data-dir", str(folder), *options]
    own = _environment() | dict(environment)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=own) as process:
        try:
            address = json.loads(process.stdout.readline() if process.stdout else "{}")["address"]
            while _waiting(address):
                time.sleep(0.1)
            yield address
        finally:
            process.terminate()


def run_command(folder: Path, *arguments: str, environment: Mapping[str, str] = MappingProxyType({})) -> None:
    """Run a command on the shop in `folder` to its end.

    Parameters
    ----------
    environment : settings beside those of `served`.

    Raises
    ------
    RuntimeError : it failed; the text is what it said.
    """
    command = [*_COMMAND, *arguments, "--json", "--data-dir", str(folder)]
    own = _environment() | dict(environment)
    done = subprocess.run(command, capture_output=True, text=True, env=own, check=False)
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)


def start_command(
    folder: Path, *arguments: str, environment: Mapping[str, str] = MappingProxyType({}), log: IO[bytes] | None = None
) -> "subprocess.Popen[bytes]":
    """Start a command on the shop in `folder`; it speaks to nobody.

    Parameters
    ----------
    environment : settings beside those of `served`. log : what it logs goes there.
    """
    command = [*_COMMAND, *arguments, "--json", "--data-dir", str(folder)]
    own = _environment() | dict(environment)
    errors = subprocess.DEVNULL if log is None else log
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors, env=own)


def connect(address: str) -> HTTPConnection:
    """A connection that is kept open between requests."""
    return HTTPConnection(urlsplit(address).netloc, timeout=60)


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("VITRINE_", "QDRANT_", "DATA"))}
    return kept | {"VITRINE_IMAGE_MODEL": "none", "VITRINE_LOG_LEVEL": "warning"}


def _waiting(address: str) -> int:
    with closing(connect(address)) as connection:
        connection.request("GET", "/health/ready")
        return int(json.loads(connection.getresponse().read())["waiting"])
