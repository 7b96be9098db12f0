"""The demo catalogue is the same everywhere, varied, and true to its own words."""

import hashlib
from collections import Counter
from random import Random

import numpy as np
import pytest

from indexer.demo.catalogue import REFERENCE, demo_products
from indexer.demo.phrases import captions
from indexer.demo.words import words


@pytest.fixture(scope="module")
def products():
    return demo_products()


def test_the_same_seed_gives_the_same_products_on_every_machine(products) -> None:
    listed = "\n".join(f"{item.product.name} {item.product.price_minor}" for item in products[:50])
    assert hashlib.sha256(listed.encode()).hexdigest()[:16] == "936787c9ac2d7c41"


def test_the_first_products_do_not_depend_on_how_many_are_made(products) -> None:
    assert demo_products(count=40) == products[:40]


def test_another_seed_gives_another_shop(products) -> None:
    assert not {item.product.name for item in demo_products(8, 100)} & {item.product.name for item in products[:100]}


def test_every_department_and_every_type_is_stocked(products) -> None:
    departments = Counter(item.look.department for item in products)
    assert set(departments) == set(words().departments)
    assert min(departments.values()) >= 100
    assert set(Counter(item.look.type for item in products)) == set(words().types)


def test_ids_and_names_are_unique(products) -> None:
    assert len({item.product.external_id for item in products}) == len(products) == 2000
    assert len({item.product.name for item in products}) == 2000


def test_every_name_says_brand_shade_material_and_pattern(products) -> None:
    for item in products:
        look, name = item.look, item.product.name
        assert name.startswith(look.brand)
        assert look.shade in name
        assert look.material in name
        assert look.pattern == "solid" or words().patterns[look.pattern].adjectives[0] in name


def test_descriptions_have_two_to_four_sentences_without_open_slots(products) -> None:
    for item in products:
        text = item.product.description
        assert "{" not in text
        assert 2 <= text.count(". ") + text.count("? ") + 1 <= 5  # "Looking for a tee? Here you are." counts as two


def test_a_discount_is_always_below_the_original_price(products) -> None:
    on_sale = [item.product for item in products if item.product.original_price_minor is not None]
    assert 300 < len(on_sale) < 600
    assert all(0 < product.price_minor < product.original_price_minor for product in on_sale)


def test_some_products_are_sold_out_and_some_are_not_tracked(products) -> None:
    stock = [item.product.stock for item in products]
    assert 60 < stock.count(0) < 180
    assert 150 < stock.count(None) < 330


def test_better_products_are_rated_higher(products) -> None:
    rated = [item for item in products if item.product.review_count >= 5]
    quality, rating = [item.quality for item in rated], [item.product.rating for item in rated]
    assert np.corrcoef(quality, rating)[0, 1] > 0.6
    assert all(1.0 <= value <= 5.0 for value in rating)
    assert all((item.product.rating is None) == (item.product.review_count == 0) for item in products)


def test_products_were_created_in_the_year_before_now(products) -> None:
    ages = [(REFERENCE - item.product.created_at).days for item in products]
    assert min(ages) >= 0
    assert max(ages) <= 365


def test_held_out_combinations_never_appear() -> None:
    made = demo_products(3, 400, keep=lambda look: look.combination[1:] != ("green", "striped"))
    assert all((item.look.colour, item.look.pattern) != ("green", "striped") for item in made)


def test_a_predicate_that_keeps_nothing_is_refused_with_a_reason() -> None:
    with pytest.raises(ValueError, match="hold out fewer"):
        demo_products(count=1, keep=lambda look: False)


def test_captions_differ_and_name_the_colour(products) -> None:
    for item in products[:200]:
        made = captions(item, Random(1), 4)
        assert len(set(made)) == len(made) >= 3
        assert all(item.look.colour in caption for caption in made)


def test_captions_are_repeatable(products) -> None:
    assert captions(products[5], Random(2)) == captions(products[5], Random(2))
