"""`vitrine privacy export`, `erase` and `check`, beside a running service and alone."""

import json
import stat
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from service.cli.main import main
from service.core.types import EventType, Interaction
from service.store.database import open_database
from service.store.edge import EdgeStore
from service.store.events import record_events

Vitrine = Callable[..., Any]

QUICK = """
[training]
dimensions = 4
lightfm = { epochs = 3 }
checks = { sample = 5 }
"""


@pytest.fixture
def shop(vitrine: Vitrine, tmp_path: Path) -> Callable[..., Any]:
    """Commands on a shop of thirty users who keep to one of three tastes, with a live release."""
    (tmp_path / "quick.toml").write_text(QUICK)
    products = [f"p{n},Product {n},Brand {n % 3}" for n in range(30)]
    (tmp_path / "products.csv").write_text("\n".join(["id,name,brand", *products]))
    random = np.random.default_rng(3)
    events = [
        {"type": "view", "user": f"u{user}", "product": f"p{3 * number + user % 3}", "at": 1750000000 + user * 100 + n}
        for user in range(30)
        for n, number in enumerate(random.permutation(10)[:7].tolist())
    ]
    (tmp_path / "events.jsonl").write_text("\n".join(map(json.dumps, events)))
    options = ("--config", tmp_path / "quick.toml", "--data-dir", tmp_path / "shop")
    for arguments in (("load", "products"), ("load", "events")):
        assert (
            main(
                [
                    *map(str, options),
                    *arguments,
                    str(tmp_path / f"{arguments[1]}.{'csv' if arguments[1] == 'products' else 'jsonl'}"),
                    "--json",
                ]
            )
            == 0
        )
    assert main([*map(str, options), "train", "--json"]) == 0

    def run(*arguments: object, code: int = 0) -> Any:
        outcome = vitrine(*options, *arguments)
        assert outcome.code == code, outcome
        return outcome

    return run


def test_an_erasure_beside_a_service_is_ended_by_a_training(shop: Any, tmp_path: Path) -> None:
    out = tmp_path / "u1.json"
    shop("privacy", "export", "u1", "--out", out)
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert len(json.loads(out.read_text())["events"]) == 7
    owner = EdgeStore(tmp_path / "shop" / "vectors")  # a running `vitrine serve` has it open
    told = shop("privacy", "erase", "u1", "--json").json
    assert told["erased"]["interaction"] == 7
    assert [(one["status"], one["until"]) for one in told["releases"]] == [("live", None)]
    looked = shop("privacy", "check", told["receipt"], "--json", code=1)
    assert (looked.json["verdict"], looked.json["unseen"]) == ("left", ["vectors"])
    assert [one["where"][:8] for one in looked.json["left"]] == ["files of"]
    owner.close()
    # alone again: another one, and the training that ends both
    told_2 = shop("privacy", "erase", "u2", "--now", "--json").json
    assert told_2["erased"]["vectors"] == told_2["erased"]["vectors_in_files"] == 1
    assert (told_2["releases"], bool(told_2["model_ended_at"])) == ([], True)
    for receipt in (told["receipt"], told_2["receipt"]):
        assert "Nothing is left." in shop("privacy", "check", receipt).out
    assert "user_not_found" in shop("privacy", "export", "u2", "--json", code=1).out
    assert "receipt_not_found" in shop("privacy", "check", "er-0", "--json", code=1).out


def test_much_is_written_as_a_zip(vitrine: Vitrine, tmp_path: Path) -> None:
    options, now = ("--data-dir", tmp_path / "shop"), datetime.now(UTC)
    database = open_database(f"sqlite:///{tmp_path}/shop/vitrine.db")
    events = [Interaction(EventType.VIEW, now, "ann", product=f"p{n}") for n in range(10_001)]
    with database.session() as session:
        record_events(session, events, unknown_products="keep", now=now)
    database.close()
    out = tmp_path / "ann.zip"
    assert "application/zip" in vitrine(*options, "privacy", "export", "ann", "--out", out).out
    with zipfile.ZipFile(out) as archive:
        assert len(archive.read("events.jsonl").splitlines()) == 10_001
    told = vitrine(*options, "privacy", "erase", "ann", "--now")
    assert "10001 interaction" in told.out
    assert "No training: " in told.out
