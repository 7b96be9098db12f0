"""Options anywhere, exit codes, and JSON that is nothing but JSON."""

from collections.abc import Callable
from typing import Any

import pytest

Vitrine = Callable[..., Any]


def test_help_names_every_command(vitrine: Vitrine) -> None:
    outcome = vitrine("--help")
    assert outcome.code == 0
    for command in ("demo", "load", "index", "serve", "status", "config", "eval", "train-image"):
        assert command in outcome.out


@pytest.mark.parametrize("command", ["demo", "index", "serve", "worker", "status", "config", "train-image"])
def test_every_command_explains_itself(vitrine: Vitrine, command: str) -> None:
    outcome = vitrine(command, "--help")
    assert (outcome.code, "Usage: vitrine" in outcome.out) == (0, True)


@pytest.mark.parametrize("arguments", [[], ["load"], ["eval"]])
def test_a_command_that_is_not_complete_shows_its_help(vitrine: Vitrine, arguments: list[str]) -> None:
    outcome = vitrine(*arguments)
    assert (outcome.code, "Usage: vitrine" in outcome.out) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nonsense"], "No such command 'nonsense'"),
        (["status", "--bogus"], "No such option: --bogus"),
        (["load", "products"], "files"),
        (["serve", "--port", "99999"], "--port"),
        (["serve", "--port", "http"], "--port"),
        (["demo", "--products", "1"], "--products"),
        (["status", "--data-dir"], "--data-dir"),
        (["--config"], "--config"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(vitrine: Vitrine, arguments: list[str], says: str) -> None:
    outcome = vitrine(*arguments)
    assert outcome.code == 2
    assert says in outcome.complaint
    assert "--help" in outcome.complaint


def test_wrong_usage_is_json_for_machines(vitrine: Vitrine) -> None:
    outcome = vitrine("status", "--bogus", "--json")
    assert (outcome.code, outcome.err) == (2, "")
    assert outcome.json["error"]["code"] == "wrong_usage"


@pytest.mark.parametrize("arguments", [["--json", "status"], ["status", "--json"]])
def test_json_may_stand_before_or_after_the_command(vitrine: Vitrine, arguments: list[str]) -> None:
    outcome = vitrine(*arguments)
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.json["products"] == 0


@pytest.mark.parametrize(
    "arguments", [["--data-dir", "shop", "status"], ["status", "--data-dir", "shop"], ["status", "--data-dir=shop"]]
)
def test_the_data_folder_may_stand_before_or_after_the_command(vitrine: Vitrine, arguments: list[str]) -> None:
    assert vitrine(*arguments, "--json").json["data_dir"].endswith("/shop")


def test_the_data_folder_comes_from_the_environment_too(vitrine: Vitrine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VITRINE_DATA_DIR", "elsewhere")
    assert vitrine("status", "--json").json["data_dir"].endswith("/elsewhere")
    assert vitrine("status", "--data-dir", "here", "--json").json["data_dir"].endswith("/here")


def test_errors_are_json_for_machines(vitrine: Vitrine) -> None:
    outcome = vitrine("load", "products", "missing.csv", "--json")
    assert (outcome.code, outcome.err) == (1, "")
    assert outcome.json["error"]["code"] == "file_missing"


def test_the_version_is_that_of_the_package(vitrine: Vitrine) -> None:
    from importlib.metadata import version

    assert vitrine("--version").out == f"vitrine {version('vitrine')}\n"
