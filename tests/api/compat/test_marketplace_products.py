"""Products that did not come from the marketplace's own database, in its schema all the same; and rows that are odd."""

from datetime import UTC, datetime

import pytest

from service.api.compat.marketplace import market_product
from service.api.compat.marketplace_schemas import MarketProduct
from service.core.types import Product
from service.store.product_rows import StoredProduct

MOMENT = datetime(2025, 3, 22, 4, 18, 12, 293000, UTC)


def shown(**fields):
    stored = StoredProduct(1, Product("a", "Silk scarf", created_at=MOMENT, **fields), MOMENT)
    product = market_product(stored)
    MarketProduct.model_validate(product, strict=False)
    return product


def test_our_own_fields_become_theirs_and_what_we_lack_comes_from_attributes_or_is_the_default():
    product = shown(
        price_minor=200_000, currency="INR", stock=3, rating=4.5, review_count=2, image="https://cdn/1.png",
        category=("Textiles", "Scarves"), attributes={"colour": "red", "material": "silk", "sizes": ("S", "M")},
    )  # fmt: skip
    assert list(product) == list(MarketProduct.model_fields)
    told = {name: value for name, value in product.items() if value not in (None, 0, 0.0)}
    assert told == {
        "id": "a", "name": "Silk scarf", "description": "", "price": 2000.0, "availableQuantity": 3,
        "images": ["https://cdn/1.png"], "status": "DRAFT", "stockStatus": "IN_STOCK", "rating": 4.5, "reviewCount": 2,
        "color": "red", "material": "silk", "categoryId": "Textiles > Scarves",
        "createdAt": "2025-03-22T04:18:12.293000", "updatedAt": "2025-03-22T04:18:12.293000",
        "attributes": {"colour": "red", "material": "silk", "sizes": ["S", "M"]},
    }  # fmt: skip
    assert product["isDraft"] is False


def test_nothing_known_is_the_examples_default():
    product = shown(visible=False, stock=0)
    assert (product["price"], product["wholesalePrice"], product["minOrderQuantity"]) == (None, 0.0, 0)
    assert (product["images"], product["attributes"], product["documents"]) == ([], {}, None)
    assert (product["isDraft"], product["stockStatus"], product["availableQuantity"]) == (True, "OUT_OF_STOCK", 0)


@pytest.mark.parametrize("row", ["no JSON", "[1]", "", "null"])
def test_a_row_that_is_none_is_passed_over(row):
    assert shown(attributes={"_source": row})["name"] == "Silk scarf"


def test_of_a_row_only_what_is_there_counts():
    product = shown(attributes={"_source": '{"name": "Row", "attributes": null, "isDraft": 0, "secret": 1}'})
    assert (product["name"], product["attributes"], product["isDraft"]) == ("Row", {}, False)
    assert "secret" not in product


def test_a_picture_in_a_file_is_shown_by_its_address_not_by_its_place_on_the_machine():
    assert shown(image="/srv/shop/images/a.webp")["images"] == ["/v1/products/a/image"]
