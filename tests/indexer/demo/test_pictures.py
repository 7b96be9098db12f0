"""Demo pictures tell type, colour and pattern apart, and are written once."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from indexer.demo.catalogue import demo_products
from indexer.demo.look import Look
from indexer.demo.pictures import draw_all, draw_look, draw_product
from indexer.demo.words import words

MUG = Look("mug", "kitchen", "Fenna", "green", "green", "dotted", "ceramic")


def pixels(look: Look, side: int = 64) -> np.ndarray:
    return np.asarray(draw_look(look, side), np.float32)


def difference(a: np.ndarray, b: np.ndarray) -> float:
    """Mean absolute difference per channel, 0 to 255."""
    return float(np.abs(a - b).mean())


def test_a_picture_is_square_rgb_and_repeatable() -> None:
    item = demo_products(count=1)[0]
    picture = draw_product(item)
    assert (picture.size, picture.mode) == ((256, 256), "RGB")
    assert picture.tobytes() == draw_product(item).tobytes()


@pytest.mark.parametrize("kind", list(words().types))
def test_every_shape_fills_the_sheet_but_stays_on_it(kind: str) -> None:
    department = words().types[kind].department
    for variant in range(3):
        picture = pixels(Look(kind, department, "Alba", "red", "red", "solid", "cotton", variant))
        pastel = np.array(words().departments[department].pastel)
        assert np.abs(picture[0, 0] - pastel).max() < 3  # the corner is ground
        is_red = (picture[..., 0] > picture[..., 1] + 70) & (picture[..., 0] > picture[..., 2] + 60)
        assert 0.05 < is_red.mean() < 0.6


@pytest.mark.parametrize("kind", list(words().types))
def test_colours_and_patterns_show_on_every_type(kind: str) -> None:
    look = Look(kind, words().types[kind].department, "Alba", "blue", "blue", "solid", "cotton")
    plain = pixels(look)
    assert difference(plain, pixels(replace(look, colour="red", shade="red"))) > 4
    for pattern in words().patterns:
        if pattern != "solid":
            assert difference(plain, pixels(replace(look, pattern=pattern))) > 1.0, pattern


def test_all_patterns_differ_from_each_other() -> None:
    drawn = [pixels(replace(MUG, pattern=pattern)) for pattern in words().patterns]
    apart = [difference(a, b) for row, a in enumerate(drawn) for b in drawn[:row]]
    assert min(apart) > 3


def test_all_colours_differ_from_each_other() -> None:
    drawn = [pixels(replace(MUG, colour=name, shade=name, pattern="solid")) for name in words().colours]
    apart = [difference(a, b) for row, a in enumerate(drawn) for b in drawn[:row]]
    assert min(apart) > 4


def test_all_types_of_a_department_differ_in_shape() -> None:
    for department in words().departments.values():
        looks = [Look(kind.key, department.key, "Alba", "red", "red", "solid", "wool") for kind in department.types]
        drawn = [pixels(look) for look in looks]
        apart = [difference(a, b) for row, a in enumerate(drawn) for b in drawn[:row]]
        assert min(apart) > 4, department.key


def test_no_two_products_have_the_same_picture() -> None:
    drawn = {draw_look(item.look, 64).tobytes() for item in demo_products(count=300)}
    assert len(drawn) == 300


def test_only_missing_pictures_are_drawn(tmp_path) -> None:
    products = demo_products(count=6)
    assert draw_all(products, tmp_path, workers=1) == 6
    kept = tmp_path / f"{products[0].product.external_id}.webp"
    kept.write_bytes(b"kept")
    (tmp_path / f"{products[1].product.external_id}.webp").unlink()
    seen: list[tuple[int, int]] = []
    assert draw_all(products, tmp_path, workers=1, on_progress=lambda done, total: seen.append((done, total))) == 1
    assert kept.read_bytes() == b"kept"
    assert seen == [(6, 6)]
    with Image.open(tmp_path / f"{products[1].product.external_id}.webp") as picture:
        assert picture.size == (256, 256)


def test_two_workers_draw_the_same_as_one(tmp_path) -> None:
    products = demo_products(count=60)
    draw_all(products, tmp_path / "one", workers=1)
    draw_all(products, tmp_path / "two", workers=2)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()
    assert len(list((tmp_path / "two").iterdir())) == 60
