"""The demo shop is made once, continued when interrupted, and made anew for other parameters."""

import json
from pathlib import Path

from indexer.demo.shop import DemoShop, make_demo_shop


def make(folder: Path, **changes: int) -> DemoShop:
    return make_demo_shop(folder, **({"products": 12, "shoppers": 5, "events": 60, "workers": 1} | changes))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_second_run_reuses_the_shop(tmp_path) -> None:
    first = make(tmp_path)
    before = contents(tmp_path)
    stamps = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    assert (first.is_reused, make(tmp_path).is_reused) == (False, True)
    assert contents(tmp_path) == before
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == stamps


def test_an_interrupted_run_is_continued_to_the_same_files(tmp_path) -> None:
    make(tmp_path / "whole")
    make(tmp_path / "broken")
    (tmp_path / "broken" / "manifest.json").unlink()
    (tmp_path / "broken" / "events.jsonl").unlink()
    kept, *lost = sorted((tmp_path / "broken" / "images").iterdir())
    for path in lost[:5]:
        path.unlink()
    stamp = kept.stat().st_mtime_ns
    assert not make(tmp_path / "broken").is_reused
    assert kept.stat().st_mtime_ns == stamp
    assert contents(tmp_path / "broken") == contents(tmp_path / "whole")


def test_a_deleted_picture_is_drawn_again(tmp_path) -> None:
    picture = make(tmp_path).images / "VT00000003.webp"
    picture.unlink()
    assert not make(tmp_path).is_reused
    assert picture.is_file()


def test_another_seed_replaces_the_pictures_too(tmp_path) -> None:
    make(tmp_path / "a", seed=7)
    make(tmp_path / "b", seed=8)
    make(tmp_path / "a", seed=8)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_a_smaller_shop_leaves_only_its_own_pictures_listed(tmp_path) -> None:
    shop = make(tmp_path, products=4)
    rows = [json.loads(line) for line in shop.products.read_text().splitlines()]
    assert len(rows) == 4
    assert all((tmp_path / row["image"]).is_file() for row in rows)


def test_a_product_line_has_the_native_fields(tmp_path) -> None:
    row = json.loads(make(tmp_path).products.read_text().splitlines()[0])
    assert list(row) == [
        "id", "name", "description", "brand", "category", "price", "original_price", "currency", "rating",
        "review_count", "image", "link", "stock", "visible", "tags", "attributes", "created_at",
    ]  # fmt: skip
    assert row["price"] == 43.95
    assert len(row["category"]) == 3
    assert row["attributes"]["colour"] == "beige"


def test_progress_is_reported_to_the_end_of_every_stage(tmp_path) -> None:
    last: dict[str, tuple[int, int]] = {}
    make_demo_shop(
        tmp_path, products=5, shoppers=4, events=20, workers=1,
        on_progress=lambda stage, done, total: last.update({stage: (done, total)}),
    )  # fmt: skip
    assert last == {"products": (5, 5), "pictures": (5, 5), "events": (20, 20)}
