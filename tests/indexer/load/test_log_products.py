"""Products out of files that are about something else: films, event logs, invoices, lists of titles."""

from datetime import datetime

import polars as pl

from service.core.types import Product

FLAGS = "|0|0|0|1|1|1|0|0|0|0|0|0|0|0|0|0|0|0|0"


def test_movielens_films_have_their_genres_and_decade_as_tags_and_latin_titles(shop):
    line = f"543|Misérables, Les (1995)|01-Jan-1995||http://us.imdb.com/M/title-exact?Mis%E9rables{FLAGS}\n"
    report = shop.load(line.encode("latin-1"), "u.item")
    assert shop.products["543"] == Product(
        "543", "Misérables, Les (1995)", tags=("Animation", "Children's", "Comedy", "1990s"),
        link="http://us.imdb.com/M/title-exact?Mis%E9rables", attributes={"released": "01-Jan-1995"},
    )  # fmt: skip
    assert (report.format, report.as_given) == ("movielens", 1)


def test_movielens_films_of_the_later_editions(shop):
    shop.load("1::Toy Story (1995)::Animation|Children's|Comedy\n", "movies.dat")
    shop.load('movieId,title,genres\n11,"President, The (1995)",Drama\n12,Nine,(no genres listed)\n', "movies.csv")
    assert [(p.external_id, p.name, p.tags) for p in shop.products.values()] == [
        ("1", "Toy Story (1995)", ("Animation", "Children's", "Comedy", "1990s")),
        ("11", "President, The (1995)", ("Drama", "1990s")), ("12", "Nine", ()),
    ]  # fmt: skip


def test_rees46_products_are_named_after_brand_and_category_and_the_first_price_stays(shop):
    head = "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session\n"
    row = "2019-10-01 00:00:00 UTC,view,{},21038,{},{},{},54131,72d7\n"
    report = shop.load(
        head + row.format(39, "appliances.environment.water_heater", "aqua", "33.20") + row.format(39, "", "", "9.99")
        + row.format(40, "", "", "")
    )  # fmt: skip
    assert shop.products["39"] == Product(
        "39", "aqua water heater", brand="aqua", category=("appliances", "environment", "water heater"),
        price_minor=3320, currency="USD",
    )  # fmt: skip
    assert shop.products["40"].name == "Product 40"
    assert (report.rows, report.loaded, report.duplicates) == (3, 2, 1)
    assert "no product names" in report.warnings[0]
    assert report.file.read_text("utf-8").count("\n") == 1


def test_online_retail_products_come_from_sales_and_not_from_remarks_of_the_warehouse(shop):
    line = {"InvoiceNo": "1", "StockCode": "21275", "Description": "?", "Quantity": 1.0,
            "InvoiceDate": datetime(2010, 12, 3), "UnitPrice": 0.0, "CustomerID": None, "Country": "EIRE"}  # fmt: skip
    lines = [line, line | {"Description": "ZINC TOP  2 DOOR", "UnitPrice": 16.95},
             line | {"Description": "ZINC TOP  2 DOOR", "UnitPrice": 12.75},
             line | {"StockCode": "POST", "Description": "POSTAGE", "UnitPrice": 18.0}]  # fmt: skip
    pl.DataFrame(lines, infer_schema_length=None).write_parquet(shop.folder / "retail.parquet")
    report = shop.load(shop.folder / "retail.parquet")
    assert shop.products == {"21275": Product("21275", "ZINC TOP 2 DOOR", price_minor=1695, currency="GBP")}
    assert (report.duplicates, report.rejections) == (1, {"not_a_sale": 1, "not_a_product": 1})


def test_a_product_without_a_title_is_called_by_its_id(shop):
    report = shop.load("asin,title\nB1,Cream\nB2,\n", "items.csv")
    assert (shop.products["B1"].name, shop.products["B2"].name) == ("Cream", "B2")
    assert (report.format, report.repairs) == ("titles", {"name_made": 1})
