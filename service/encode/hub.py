"""Manners for model libraries: quiet, and quick to give up on a hub that cannot be reached."""

import contextlib
import logging
import os
import socket
import warnings
from collections.abc import Iterator
from urllib.parse import urlsplit


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Silence for open_clip and its friends: they warn, and log to the root logger, which installs a handler."""
    root = logging.getLogger()
    handlers, disabled = list(root.handlers), root.manager.disable
    logging.disable(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(disabled)
        root.handlers[:] = handlers


@contextlib.contextmanager
def offline_unless_hub_answers(name: str) -> Iterator[None]:
    """Without a hub its client retries for a minute per file; told it is offline, it uses its cache or gives up."""
    if name.startswith("local-dir:"):
        yield
        return
    from huggingface_hub import constants

    before = constants.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE = before or not _answers(constants.ENDPOINT)
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = before


def _answers(endpoint: str) -> bool:
    if os.environ.get("HTTPS_PROXY") or os.environ.get("https_proxy"):
        return True  # the proxy knows
    address = urlsplit(endpoint)
    try:
        socket.create_connection((address.hostname or "", address.port or 443), timeout=3).close()
    except OSError:
        return False
    return True
