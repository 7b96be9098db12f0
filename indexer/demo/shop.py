"""The demo shop as a folder of files, made once per seed."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson

from indexer.demo.behaviour import demo_events
from indexer.demo.catalogue import PICTURE_FOLDER, REFERENCE, demo_products
from indexer.demo.events import write_events
from indexer.demo.look import DemoProduct
from indexer.demo.pictures import draw_all
from indexer.demo.shoppers import DAYS, demo_shoppers
from indexer.demo.taste import DemoShopper

VERSION = 2
"""Raised whenever the same parameters would give other files, so that older folders are made anew."""

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class DemoShop:
    """Where the files of a demo shop lie, and whether they were already there."""

    folder: Path
    products: Path
    images: Path
    shoppers: Path
    events: Path
    is_reused: bool


def make_demo_shop(
    folder: Path,
    *,
    seed: int = 7,
    products: int = 2000,
    shoppers: int = 1500,
    events: int = 60_000,
    now: datetime = REFERENCE,
    workers: int = 2,
    on_progress: Progress | None = None,
) -> DemoShop:
    """Write a demo shop, or reuse the one in `folder` if it was made with the same parameters.

    Parameters
    ----------
    products, shoppers, events : how many of each.
    now : end of the 90 days of behaviour (UTC).
    workers : processes that draw.
    on_progress : called with (stage, done, total); stages are "products", "pictures" and "events".

    Notes
    -----
    ``manifest.json`` is written last: with it the shop is complete. Without it, or with other parameters, everything
    is made again, but pictures of the same seed that are already there are kept. Nothing here but the shop's own
    files is touched.
    """
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {"version": VERSION, "seed": seed, "products": products, "shoppers": shoppers, "events": events,
              "now": now.isoformat()}  # fmt: skip
    if _read(folder / "manifest.json") == wanted and _is_whole(folder, products):
        return _shop(folder, is_reused=True)
    (folder / "manifest.json").unlink(missing_ok=True)
    report = on_progress or _silent
    items = demo_products(seed, products, now=now)
    _write_lines(folder / "products.jsonl", (_product_row(item) for item in items))
    report("products", len(items), len(items))
    _draw(items, folder, {"version": VERSION, "seed": seed}, workers, report)
    people = demo_shoppers(seed, shoppers, end=now, days=DAYS)
    _write_lines(folder / "shoppers.jsonl", map(_shopper_row, people))
    write_events(demo_events(items, people, seed, days=DAYS, count=events, end=now), folder / "events.jsonl")
    report("events", events, events)
    _write_json(folder / "manifest.json", wanted)
    return _shop(folder, is_reused=False)


def _draw(
    items: Sequence[DemoProduct], folder: Path, source: Mapping[str, Any], workers: int, report: Progress
) -> None:
    """Draw what is missing; pictures of another seed or version are removed first."""
    images, mark = folder / PICTURE_FOLDER, folder / "pictures.json"
    if _read(mark) != source:
        for stale in images.glob("VT*.webp"):
            stale.unlink()
        _write_json(mark, source)
    for abandoned in images.glob("*.part"):
        abandoned.unlink()
    draw_all(items, images, workers, lambda done, total: report("pictures", done, total))


def _product_row(item: DemoProduct) -> dict[str, Any]:
    """A product in the loader's native format."""
    product = item.product
    return {
        "id": product.external_id,
        "name": product.name,
        "description": product.description,
        "brand": product.brand,
        "category": list(product.category),
        "price": _major(product.price_minor),
        "original_price": _major(product.original_price_minor),
        "currency": product.currency,
        "rating": product.rating,
        "review_count": product.review_count,
        "image": product.image,
        "link": product.link,
        "stock": product.stock,
        "visible": product.visible,
        "tags": list(product.tags),
        "attributes": dict(product.attributes),
        "created_at": product.created_at.isoformat() if product.created_at else None,
    }


def _shopper_row(shopper: DemoShopper) -> dict[str, Any]:
    """What the shop knows of a shopper; its taste stays hidden."""
    return {
        "id": shopper.external_id,
        "joined_at": shopper.joined_at.isoformat(),
        "interests": list(shopper.interests),
    }


def _major(minor: int | None) -> float | None:
    return None if minor is None else float(Decimal(minor) / 100)


def _write_lines(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    unfinished = path.with_name(path.name + ".part")
    with unfinished.open("wb") as file:
        file.writelines(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows)
    unfinished.replace(path)


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    unfinished = path.with_name(path.name + ".part")
    unfinished.write_text(json.dumps(content, indent=1), encoding="utf-8")
    unfinished.replace(path)


def _read(path: Path) -> object:
    """A JSON file's content, None if it is missing or not JSON."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None


def _files(folder: Path) -> tuple[Path, ...]:
    return tuple(folder / name for name in ("products.jsonl", PICTURE_FOLDER, "shoppers.jsonl", "events.jsonl"))


def _is_whole(folder: Path, products: int) -> bool:
    """Whether somebody has taken files away since the manifest was written."""
    has_files = all(path.exists() for path in _files(folder))
    return has_files and sum(1 for _ in (folder / PICTURE_FOLDER).glob("VT*.webp")) >= products


def _shop(folder: Path, *, is_reused: bool) -> DemoShop:
    products, images, shoppers, events = _files(folder)
    return DemoShop(folder, products, images, shoppers, events, is_reused)


def _silent(stage: str, done: int, total: int) -> None:
    """Report to nobody."""
