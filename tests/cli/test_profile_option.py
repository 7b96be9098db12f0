"""`--profile` is an option of every command."""

from collections.abc import Callable
from typing import Any

import pytest


@pytest.mark.parametrize("place", ["before", "behind"])
def test_config_shows_the_profile_and_what_it_changes(vitrine: Callable[..., Any], place: str) -> None:
    option = ("--profile", "movielens")
    shown = vitrine(*option, "config", "--json") if place == "before" else vitrine("config", "--json", *option)
    assert shown.json["settings"]["VITRINE_PROFILE"] == {"value": "movielens", "source": "command line"}
    assert shown.json["behaviour_changed"]["history.limit"] == 5000


def test_a_command_says_a_wrong_profile_in_one_line(vitrine: Callable[..., Any]) -> None:
    outcome = vitrine("status", "--profile", "nosuch")
    assert outcome.code == 1
    assert "movielens" in outcome.complaint
