"""A shop on a port of its own and a real browser to look at it; journeys may leave screenshots behind."""

import os
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn

DESKTOP = {"viewport": {"width": 1280, "height": 900}}
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
SCREENSHOTS = "SCREENSHOTS_DIR"  # an environment variable; unset: none are kept
_WAIT_S = 15


@contextmanager
def served(app: Any, port: int = 0) -> Iterator[str]:
    """The app's address for the length of a `with` block; with the port of one that has ended, it is back again."""
    listener = socket.create_server(("127.0.0.1", port))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="on", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(20)
        listener.close()


@contextmanager
def chromium() -> Iterator[Any]:
    """The system's Chromium, for one file of tests: its driver runs an event loop, which is in the way of others."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    binary = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if binary is None:
        pytest.skip("there is no Chromium on this machine")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=binary, args=["--no-sandbox", "--disable-dev-shm-usage"])
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def visits(browser: Any, address: str) -> Iterator[Callable[..., Any]]:
    """A function that opens a page as a fresh visitor; that a script failed, or the policy stopped it, is an error."""
    contexts, problems = [], []

    def visit(path: str = "/", **options: Any) -> Any:
        context = browser.new_context(base_url=address, **(DESKTOP | options))
        contexts.append(context)
        context.set_default_timeout(_WAIT_S * 1000)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda said: problems.append(said.text) if _is_failure(said) else None)
        page.goto(path)
        return page

    try:
        yield visit
    finally:
        for context in contexts:
            context.close()
    assert problems == []


def until(page: Any, true: str | Callable[[], bool]) -> None:
    """Wait for a script's expression or a function to be true; a page's policy forbids Playwright's own way to wait."""
    end = time.monotonic() + _WAIT_S
    while not (page.evaluate(true) if isinstance(true, str) else true()):
        assert time.monotonic() < end, true
        page.wait_for_timeout(50)


def screenshot(page: Any, name: str) -> None:
    """Keep what the page looks like in the folder that the environment names, if it does."""
    folder = os.environ.get(SCREENSHOTS)
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def serious_problems(page: Any) -> list[str]:
    """What axe-core finds serious or critical: the rule, and where."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    return [
        f"{one['id']}: {[node['target'] for node in one['nodes']]}"
        for one in axe.Axe().run(page).response["violations"]
        if one["impact"] in ("serious", "critical")
    ]


def _is_failure(said: Any) -> bool:
    # what the browser itself says of a service that is away is no failure of a script
    return said.type == "error" and not any(one in said.text for one in ("Failed to load resource", "net::ERR_"))
