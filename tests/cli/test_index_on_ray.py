"""``vitrine index --ray`` where it has no place; what it does is tested with the indexer."""

from collections.abc import Callable
from typing import Any


def test_actors_on_other_machines_are_refused_a_folder_of_this_one(vitrine: Callable[..., Any]) -> None:
    outcome = vitrine("index", "--ray", "2")
    assert outcome.code == 1
    assert "--ray needs a Qdrant server and PostgreSQL" in outcome.complaint
