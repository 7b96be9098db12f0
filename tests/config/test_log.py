"""What a log line looks like, and what never gets into one."""

import json
import logging
import sys
from collections.abc import Iterator

import pytest
import structlog

from config.log import MOST_CHARS, configure_logging

FORGED = 'x\n{"event": "admin signed in"}\r\x1b[2J\u2028\u202ey'


@pytest.fixture(autouse=True)
def own_handlers() -> Iterator[None]:
    """The handlers of pytest come back after the test; what a server of another test set up is not there."""
    for name in ("uvicorn", "uvicorn.error"):
        logger = logging.getLogger(name)
        logger.handlers[:], logger.propagate, logger.disabled = [], True, False
        logger.setLevel(logging.NOTSET)
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    root.handlers[:] = []
    yield
    root.handlers[:] = before
    root.setLevel(level)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def test_json_lines_carry_what_is_bound_and_the_standard_library_speaks_json_too(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logging("info", "json")
    with structlog.contextvars.bound_contextvars(request_id="r1"):
        structlog.get_logger().info("request", status=200, degraded={"image": "deadline"})
        structlog.get_logger().debug("not asked for")
        logging.getLogger("uvicorn.error").warning("broken pipe of %s", "somebody")
        logging.getLogger("uvicorn.error").info("not asked for")
    ours, theirs = map(json.loads, capsys.readouterr().err.splitlines())
    assert (ours["event"], ours["level"], ours["request_id"], ours["status"]) == ("request", "info", "r1", 200)
    assert ours["degraded"] == {"image": "deadline"}
    assert (theirs["event"], theirs["logger"]) == ("broken pipe of somebody", "uvicorn.error")
    assert (theirs["level"], theirs["request_id"]) == ("warning", "r1")


@pytest.mark.parametrize("form", ["json", "console", "auto"])
def test_nothing_that_is_logged_ends_a_line_or_moves_the_cursor(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("info", form)  # type: ignore[arg-type]
    structlog.get_logger().info(FORGED, product=FORGED, many=[FORGED], table={FORGED: FORGED})
    logging.getLogger("other").warning(FORGED)
    written = capsys.readouterr().err
    assert written.count("\n") == len(written.splitlines()) == 2
    assert not {"\x1b", "\r", "\u2028", "\u202e"} & set(written)


@pytest.mark.parametrize("form", ["json", "console"])
def test_no_line_of_a_trace_looks_like_an_event_or_tells_values_of_a_row(
    form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logging("info", form)  # type: ignore[arg-type]
    said = f"{FORGED}\nDETAIL:  Key (external_id)=(anna) already exists."
    try:
        raise ValueError(said)
    except ValueError:
        structlog.get_logger().error("crashed", exc_info=True)
    written = capsys.readouterr().err
    assert "ValueError" in written
    assert "anna" not in written
    assert "\x1b" not in written
    assert not [line for line in written.splitlines()[1:] if not line.startswith("  ")]


def test_people_their_words_and_secrets_are_left_out_whoever_passes_them(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("info", "json")
    structlog.get_logger().info("slip", user="anna", query="red shoes", told={"token": "t0p"}, length="y" * 10_000)
    line = json.loads(capsys.readouterr().err)
    assert (line["user"], line["query"], line["told"]) == ("[left out]", "[left out]", {"token": "[left out]"})
    assert len(line["length"]) == MOST_CHARS + 1


def test_auto_is_json_where_nobody_watches(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("info", "auto")
    structlog.get_logger().info("told")
    assert json.loads(capsys.readouterr().err)["event"] == "told"
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    configure_logging("info", "auto")
    structlog.get_logger().info("told")
    assert "\x1b[" in capsys.readouterr().err  # colours
