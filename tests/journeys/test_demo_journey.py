"""A stranger types `vitrine demo`, types it again, and pastes what it prints."""

import os
import re
import shlex
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx


def test_a_stranger_tries_the_demo(vitrine: Callable[..., Any], start: Callable[..., Any], tmp_path: Path) -> None:
    shop = tmp_path / "my shop"
    first = vitrine(shop, "demo", "--no-serve", "--products", 60)
    assert (first["products"], first["indexed"], first["address"]) == (60, 60, None)
    assert len(first["found"]) == 5

    with start("demo", "--products", 60, "--port", 0, "--data-dir", shop) as demo:
        printed = "".join(iter(demo.stdout.readline, "\n"))
        assert "60 products; 0 were indexed now" in printed  # drawn, loaded and embedded before
        printed += "".join(iter(demo.stdout.readline, "\n")) + "".join(iter(demo.stdout.readline, "\n"))
        commands = [shlex.split(line) for line in printed.splitlines() if line.startswith("  curl ")]
        assert len(commands) == 4
        for _, url in commands:
            answer = httpx.get(url, timeout=60)
            assert answer.status_code == 200, answer.text
            assert answer.json()["items"], url
        docs = re.search(r"http://\S+/docs", printed)
        assert docs is not None
        assert httpx.get(docs[0]).status_code == 200
        os.killpg(demo.pid, signal.SIGINT)  # Ctrl+C
        _, err = demo.communicate(timeout=30)
    assert demo.returncode == 0
    assert "Traceback" not in err

    check = vitrine(shop, "index", "--check")
    assert check["embedded"] == 0
    assert check["check"]["before"] == {
        "agrees": True, "products": 60, "points": 60, "pending": 0, "missing": 0, "outdated": 0, "orphans": 0,
    }  # fmt: skip
    status = vitrine(shop, "status")
    assert (status["products"], status["indexed"], status["waiting_to_be_indexed"]) == (60, 60, 0)


def test_ctrl_c_while_the_shop_is_made_says_one_line(start: Callable[..., Any]) -> None:
    with start("demo", "--no-serve", "--data-dir", "shop") as demo:
        # wait until pictures appear, drawn by worker processes
        while not list(Path(f"/proc/{demo.pid}/cwd").glob("shop/demo/images/*.webp")):
            assert demo.poll() is None
        os.killpg(demo.pid, signal.SIGINT)
        out, err = demo.communicate(timeout=30)
    assert (demo.returncode, out) == (130, "")
    assert err == "vitrine: interrupted; what was acknowledged is stored, run the command again to go on\n"
