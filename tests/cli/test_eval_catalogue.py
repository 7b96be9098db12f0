"""``vitrine eval catalogue`` on a shop made by the commands themselves."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from service.store.edge_folder import lock_folder


def test_a_shop_is_examined_on_screen_as_json_and_as_a_report(vitrine: Callable[..., Any], feed: Path) -> None:
    assert vitrine("load", "products", feed).code == 0
    assert "run `vitrine index`" in vitrine("eval", "catalogue").complaint
    assert vitrine("index").code == 0
    found = vitrine("eval", "catalogue", "--k", 2, "--json").json
    assert found["products"]["total"] == 3
    assert found["reachability"]["surfaces"]["similar"]["share"] == 1.0
    shown = vitrine("eval", "catalogue", "--k", 2, "--report", "report")
    assert "Reachability" in shown.out
    page = Path("report/report.md").read_text("utf-8")
    assert "| description | 3 | 100.0% |" in page
    assert "plotly" in Path("report/report.html").read_text("utf-8")


def test_a_shop_held_by_a_running_service_is_one_line(vitrine: Callable[..., Any], feed: Path) -> None:
    vitrine("load", "products", feed)
    vitrine("index")
    with lock_folder(Path("vitrine-data/vectors")):
        assert "in use by another process" in vitrine("eval", "catalogue").complaint


def test_no_shop_is_one_line(vitrine: Callable[..., Any]) -> None:
    assert "there is no shop in vitrine-data" in vitrine("eval", "catalogue").complaint
    assert not Path("vitrine-data").exists()
