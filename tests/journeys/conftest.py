"""The real command as a process of its own, and a served shop that is asked over real HTTP."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from service.client import Vitrine

ROOT = Path(__file__).parent.parent.parent
START_S = 120  # a busy machine takes long to import torch
COMMAND = (sys.executable, "-c", "from service.cli.main import run; run()")


def environment() -> dict[str, str]:
    """This process's environment without settings; the tree under test, not an installed copy of it."""
    settings = ("VITRINE_", "QDRANT_", "DATABASE_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(settings)}
    return kept | {"PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1", "VITRINE_IMAGE_MODEL": "none"}


@dataclass(frozen=True)
class Service:
    """A running `vitrine serve`."""

    process: subprocess.Popen[str]
    address: str
    shop: Vitrine
    data_dir: Path

    def put(self, product_id: str, name: str) -> None:
        """Store a product; returns once it is acknowledged."""
        self.shop.put_product(product_id, name=name)

    def first(self, text: str) -> str | None:
        """The id of the best hit."""
        return next((card.id for card in self.shop.search(query=text, n=1).items), None)

    def finds(self, text: str, product_id: str, within_s: float) -> bool:
        """Whether the product becomes the best hit in time."""
        end = time.monotonic() + within_s
        while self.first(text) != product_id:
            if time.monotonic() > end:
                return False
            time.sleep(0.05)
        return True

    def settle(self) -> None:
        """Wait until nothing waits to be indexed."""
        end = time.monotonic() + START_S
        while (state := self.shop.ready()).waiting or state.indexing_failure:
            assert time.monotonic() < end, state
            time.sleep(0.1)


@pytest.fixture(scope="session")
def vitrine() -> Callable[..., Any]:
    """Run a command to its end: `vitrine(folder, "status")` is its JSON; other exit codes than `code` are failures."""

    def run(folder: Path, *arguments: object, code: int = 0) -> Any:
        done = subprocess.run(
            [*COMMAND, *map(str, arguments), "--json", "--data-dir", str(folder)],
            capture_output=True, text=True, env=environment(), timeout=START_S, check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return json.loads(done.stdout)

    return run


@pytest.fixture
def start(tmp_path: Path) -> Callable[..., Any]:
    """Start a command with pipes and a process group of its own, as a shell does."""

    @contextmanager
    def started(*arguments: object) -> Iterator[subprocess.Popen[str]]:
        process = subprocess.Popen(
            [*COMMAND, *map(str, arguments)], cwd=tmp_path, env=environment(), text=True, start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        with process:
            try:
                yield process
            finally:
                process.kill()

    return started


@pytest.fixture(scope="session")
def serve() -> Callable[..., Any]:
    """Serve a folder for the length of a `with` block, on a port of its own."""

    @contextmanager
    def serving(folder: Path) -> Iterator[Service]:
        log = folder.parent / "serve.log"
        with log.open("w") as errors:
            process = subprocess.Popen(
                [*COMMAND, "serve", "--port", "0", "--json", "--data-dir", str(folder)],
                stdout=subprocess.PIPE, stderr=errors, text=True, env=environment(),
            )  # fmt: skip
        with process:
            try:
                line = process.stdout.readline() if process.stdout else ""
                assert line, log.read_text()
                address = json.loads(line)["address"]
                with Vitrine(address, timeout_s=START_S) as shop:
                    assert shop.ready().status == "ok"
                    yield Service(process, address, shop, folder)
            finally:
                process.kill()

    return serving
