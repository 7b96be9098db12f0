"""``vitrine eval ann`` on a shop made by the commands themselves."""

from collections.abc import Callable
from pathlib import Path
from typing import Any


def test_the_keys_scripts_read_are_there_and_a_report_is_written(vitrine: Callable[..., Any], feed: Path) -> None:
    vitrine("load", "products", feed)
    assert vitrine("index").code == 0
    found = vitrine("eval", "ann", "--queries", 3, "--json").json
    assert found["ef"] == 192
    assert {"slot", "filter", "matching", "recall", "ms", "exact_ms"} <= set(found["rows"][0])
    assert {row["recall"] for row in found["rows"]} == {1.0}
    assert (found["release"], found["quantisation"]) == (None, {"products": "none"})
    shown = vitrine("eval", "ann", "--queries", 3, "--ef", 64, "--report", "report")
    assert "ef 64" in shown.out
    assert "every request" in Path("report/report.md").read_text("utf-8")


def test_no_shop_is_one_line(vitrine: Callable[..., Any]) -> None:
    assert "there is no shop in vitrine-data" in vitrine("eval", "ann").complaint
    assert not Path("vitrine-data").exists()
