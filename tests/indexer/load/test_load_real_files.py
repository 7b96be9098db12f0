"""The public data sets, exactly: how many rows became products, and why the others did not."""


def test_the_amazon_feed_becomes_19278_products_and_1569_rows_repeat_one(shop, shared):
    first = shop.load(shared("amazon-india/products.csv"))
    assert (first.format, first.rows, first.created) == ("amazon", 20_847, 19_278)
    assert (first.as_given, first.repaired, first.rejected, first.duplicates) == (19_167, 111, 0, 1_569)
    assert first.repairs["rating_not_a_number"] == 64
    second = shop.load(shared("amazon-india/products.csv"))
    assert (second.created, second.updated, second.unchanged) == (0, 0, 19_278)


def test_every_broken_rupee_sign_is_repaired_line_by_line(shop, shared):
    report = shop.load(shared("amazon-india/dirty-encoding.csv"))
    assert (report.rows, report.loaded, report.repaired, report.duplicates) == (499, 497, 495, 2)
    assert shop.products["B09Y64H8VS"].price_minor == 1_099_900
    assert [p.name for p in shop.products.values() if "â" in p.name] == [
        "Juârez Acoustic Guitar, 38 Inch Cutaway, 038C with Bag, Strings, Pick and Strap, Black"
    ]


def test_every_fashion_style_has_its_photo(shop, shared):
    report = shop.load(shared("fashion/products.csv"))
    assert (report.format, report.as_given) == ("fashion", 6_000)
    assert all(product.image for product in shop.products.values())


def test_the_search_benchmark_loads_by_mapping(shop, shared):
    mapping = {"id": "product_id", "name": "title", "brand": "manufacturer"}
    report = shop.load(shared("search-amazon-google/products.csv"), mapping=mapping, currency="USD")
    assert (report.rows, report.as_given) == (2_074, 2_074)
