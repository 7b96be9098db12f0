"""The page about faults names tests that there are."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_fault_names_a_test_that_exists() -> None:
    page = (ROOT / "config/deploy/FAULTS.md").read_text("utf-8")
    named = set(re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", page))
    assert len(named) > 30
    for file, test in named:
        path = ROOT / file
        assert path.is_file(), file
        assert f"def {test}" in path.read_text("utf-8"), test
