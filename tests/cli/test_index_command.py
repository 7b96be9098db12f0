"""`vitrine index`: embeds what changed, proves that nothing is missing, and fails in one line."""

import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from service.core.fields import PRODUCT_FIELDS
from service.store.edge import EdgeStore
from service.store.edge_folder import lock_folder
from service.store.spaces import PRODUCTS, products_space

Vitrine = Callable[..., Any]


def test_only_what_changed_is_embedded(vitrine: Vitrine, feed: Path) -> None:
    vitrine("load", "products", feed)
    assert vitrine("index", "--json").json["embedded"] == 3
    feed.write_text(feed.read_text() + "vase,Blue vase,9,EUR\n")
    vitrine("load", "products", feed)
    result = vitrine("index", "--check", "--json").json
    assert (result["embedded"], result["updated"]) == (1, 0)
    assert result["check"]["after"] == {
        "agrees": True, "products": 4, "points": 4, "pending": 0, "missing": 0, "outdated": 0, "orphans": 0,
    }  # fmt: skip


def test_check_repairs_a_lost_point(vitrine: Vitrine, feed: Path) -> None:
    vitrine("load", "products", feed)
    vitrine("index")
    store = EdgeStore(Path("vitrine-data/vectors"))
    store.delete(PRODUCTS, [next(iter(store.scroll(PRODUCTS))).id])
    store.close()
    outcome = vitrine("index", "--check")
    assert outcome.code == 0
    assert "Before: database and index differ: 1 points missing" in outcome.out
    assert "Now: database and index agree: 3 products, 3 points." in outcome.out


def test_a_broken_and_an_unreachable_picture_are_counted_and_skipped(
    vitrine: Vitrine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VITRINE_IMAGE_MODEL")
    monkeypatch.setenv("VITRINE_IMAGE_PRIVATE_HOSTS", "true")
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    (tmp_path / "feed.csv").write_text(
        "id,name,image\na,Mug,broken.png\nb,Cup,http://127.0.0.1:1/cup.png\nc,Jar,missing.png\n"
    )
    vitrine("load", "products", "feed.csv")
    outcome = vitrine("index", "--json")
    assert outcome.code == 0
    assert (outcome.json["embedded"], outcome.json["pictures"]) == (3, 0)
    assert sum(outcome.json["picture_problems"].values()) == 3


def test_a_folder_in_use_is_one_line(vitrine: Vitrine, tmp_path: Path) -> None:
    with lock_folder(tmp_path / "vitrine-data" / "vectors"):
        for command in (["index"], ["serve", "--port", "0"], ["demo", "--no-serve"]):
            outcome = vitrine(*command)
            assert outcome.code == 1
            assert f"in use by another process (pid {os.getpid()})" in outcome.complaint
    # the demo noticed before it drew two thousand pictures
    assert not (tmp_path / "vitrine-data" / "demo").exists()


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("VITRINE_TEXT_MODEL", "no/such-model", "VITRINE_TEXT_MODEL to 'bundled'"),
        ("VITRINE_IMAGE_MODEL", "ViT-Z-99", "VITRINE_IMAGE_MODEL to one of"),
        ("VITRINE_IMAGE_MODEL", "ViT-B-32", "VITRINE_IMAGE_PRETRAINED to one of"),
    ],
)
def test_an_unknown_model_is_one_line(
    vitrine: Vitrine, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, says: str
) -> None:
    monkeypatch.setenv(variable, value)
    outcome = vitrine("index")
    assert outcome.code == 1
    assert value in outcome.complaint
    assert says in outcome.complaint


def test_a_collection_of_another_dimension_is_one_line_and_can_be_rebuilt(vitrine: Vitrine, feed: Path) -> None:
    vitrine("load", "products", feed)
    store = EdgeStore(Path("vitrine-data/vectors"))
    store.create(products_space(8, None, PRODUCT_FIELDS))
    store.close()
    outcome = vitrine("index")
    assert outcome.code == 1
    assert "--rebuild" in outcome.complaint
    assert vitrine("index", "--rebuild", "--json").json["embedded"] == 3


def test_a_model_that_the_collection_refuses_leaves_nothing_to_be_embedded_again(
    vitrine: Vitrine, feed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vitrine("load", "products", feed)
    assert vitrine("index", "--json").json["embedded"] == 3
    with monkeypatch.context() as other:
        other.setenv("VITRINE_IMAGE_MODEL", "bundled")
        assert "--rebuild" in vitrine("index").complaint
    assert vitrine("index", "--json").json["embedded"] == 0


@pytest.mark.parametrize("folder", ["file", "file/below", "/proc/nowhere"])
def test_a_data_folder_that_cannot_be_is_one_line(vitrine: Vitrine, tmp_path: Path, feed: Path, folder: str) -> None:
    (tmp_path / "file").touch()
    for command in (["index"], ["load", "products", feed], ["demo", "--no-serve"], ["serve", "--port", "0"]):
        outcome = vitrine(*command, "--data-dir", folder)
        assert outcome.code == 1
        assert f"the data folder {folder} cannot be made" in outcome.complaint


def test_a_taken_port_is_one_line(vitrine: Vitrine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for command in ("serve", "demo"):
            outcome = vitrine(command, "--port", port)
            assert outcome.code == 1
            assert f"cannot listen on 127.0.0.1:{port} (Address already in use)" in outcome.complaint


def test_the_demo_does_not_mix_with_another_shop(vitrine: Vitrine, feed: Path) -> None:
    vitrine("load", "products", feed)
    outcome = vitrine("demo", "--no-serve", "--products", 10)
    assert outcome.code == 1
    assert "holds another shop with 3 products" in outcome.complaint


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 400 MB of our own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if shutil.which("mount") is None or os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400m", "tmpfs", folder], capture_output=True).returncode:
        pytest.skip("this machine does not let us mount a small disk")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def test_a_full_disk_is_one_line_and_loses_nothing(vitrine: Vitrine, small_disk: Path, feed: Path) -> None:
    shop = ["--data-dir", small_disk / "shop"]
    assert vitrine("load", "products", feed, *shop).code == 0
    (small_disk / "filler").write_bytes(bytes(shutil.disk_usage(small_disk).free - 2**20))
    outcome = vitrine("index", *shop)
    assert outcome.code == 1
    assert "free some space" in outcome.complaint
    with pytest.raises(OSError, match="No space left"):
        (small_disk / "more").write_bytes(bytes(2**21))
    for command in (["load", "products", feed], ["index"], ["status"], ["demo", "--no-serve"]):
        outcome = vitrine(*command, *shop)
        assert outcome.code == 1
        assert "free some space" in outcome.complaint
    (small_disk / "filler").unlink()
    (small_disk / "more").unlink()
    assert vitrine("index", "--json", *shop).json["embedded"] == 3
    assert vitrine("status", "--json", *shop).json["indexed"] == 3
