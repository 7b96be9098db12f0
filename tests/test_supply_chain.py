"""What is installed with the project is bounded and its licence is known."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
NAME = re.compile(r"[A-Za-z0-9_.-]+")
OURSELVES = "vitrine"


def project() -> dict[str, object]:
    found: dict[str, object] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return found


def dependencies(*extras: str) -> list[str]:
    """Those of the project and of extras."""
    found = project()
    optional = found["optional-dependencies"]
    return [*found["dependencies"], *(one for extra in extras for one in optional[extra])]  # type: ignore[misc, index]


def name_of(requirement: str) -> str:
    matched = NAME.match(requirement)
    assert matched is not None
    return re.sub(r"[-_.]+", "-", matched[0]).lower()


def test_no_dependency_may_become_what_nobody_has_tried() -> None:
    wanted = [one.partition(";")[0] for one in dependencies("llm", "otel", "ray", "test")]
    without = {name_of(one) for one in wanted if "==" not in one and "<" not in one}
    assert without == {OURSELVES}


def test_every_direct_dependency_has_its_licence_listed() -> None:
    listed = {
        re.sub(r"[-_.]+", "-", cells[1].strip()).lower(): cells[3].strip()
        for line in (ROOT / "config" / "licences.md").read_text("utf-8").splitlines()
        if len(cells := line.split("|")) == 5
    }
    missing = [name for name in map(name_of, dependencies("llm")) if not listed.get(name)]
    assert not missing
