"""The service is killed under traffic, again and again: what it acknowledged is there, once, and searchable.

The same with more kills, of commands beside the service too: `python -m eval.bench.kills --kills 100`.
"""

from pathlib import Path

from eval.bench.kills import kills

KILLS = 3


def test_nothing_acknowledged_is_lost_or_doubled_when_the_service_is_killed_under_traffic(tmp_path: Path) -> None:
    """Clients write, change and delete products, post events and look; who gets no answer sends the same again."""
    found = kills(tmp_path, KILLS, beside=())
    assert found.kills == {"serve": KILLS}
    assert found.acknowledged["events"] > 100
    assert found.acknowledged["products"] > 5
    assert set(found.requests) <= {0, 200, 404, 503}  # 404: a deletion that was sent a second time
    nothing = {"events": 0, "products": 0}
    assert (found.lost, found.doubled) == (nothing, nothing)
    assert set(found.strange.values()) == {0}
    assert found.is_whole, found.index
    assert found.index["products"] == found.index["points"]
    assert "Traceback" not in (tmp_path / "kills.log").read_text()
