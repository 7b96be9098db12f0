"""One small file of each format, and exactly the products it holds."""

import gzip
import json
from datetime import UTC, datetime

import polars as pl
import pytest

from service.core.types import Product

AMAZON = (
    "name,main_category,sub_category,image,link,ratings,no_of_ratings,discount_price,actual_price\n"
    '"Lamp, red",home & kitchen,Lamps,https://i.example/1.jpg,https://a.example/Lamp/dp/B0BRKXTSBT/ref=1,4.2,"2,255",'
    '"₹1,299.50","₹2,000"\n'
    "Mug,home & kitchen,Mugs,https://i.example/2.jpg,https://a.example/Mug/dp/B0BQ3MXML8/ref=2,Get,FREE,,₹499\n"
)


def test_amazon_takes_the_id_from_the_link_and_the_list_price_where_nothing_is_off(shop):
    report = shop.load(AMAZON)
    lamp, mug = shop.products.values()
    assert lamp == Product(
        "B0BRKXTSBT", "Lamp, red", category=("home & kitchen", "Lamps"), price_minor=129_950,
        original_price_minor=200_000, currency="INR", rating=4.2, review_count=2255,
        image="https://i.example/1.jpg", link="https://a.example/Lamp/dp/B0BRKXTSBT/ref=1",
    )  # fmt: skip
    assert (mug.external_id, mug.price_minor, mug.original_price_minor) == ("B0BQ3MXML8", 49_900, 49_900)
    assert (mug.rating, mug.review_count) == (None, 0)
    assert report.format == "amazon"
    assert (report.rows, report.as_given, report.repaired) == (2, 1, 1)
    assert report.repairs == {"rating_not_a_number": 1, "review_count_not_a_number": 1}


def test_amazon_prefers_its_id_column_and_accepts_the_ratio(shop):
    shop.load(
        "id,name,main_category,sub_category,image,link,ratings,no_of_ratings,discount_price,actual_price,discount_ratio\n"
        "7,Mug,home,Mugs,,https://a.example/dp/B0BQ3MXML8,4,1,₹75,₹100,0.25\n"
        ",Cup,home,Mugs,,https://a.example/dp/B0BQ3MXML9,4,1,₹75,₹100,0.25\n"
    )
    assert list(shop.products) == ["7", "B0BQ3MXML9"]


def test_hm_articles_get_their_zeros_and_their_pictures_back(shop):
    (shop.folder / "images" / "010").mkdir(parents=True)
    for name in ("0108775015.jpg", "010/0108775044.jpg"):
        (shop.folder / "images" / name).write_bytes(b"jpeg")
    row = {
        "product_code": 108775, "prod_name": "Strap top", "product_type_no": 253, "product_type_name": "Vest top",
        "product_group_name": "Garment Upper body", "graphical_appearance_name": "Solid", "colour_group_name": "Black",
        "index_name": "Ladieswear", "index_group_name": "Ladieswear", "garment_group_name": "Jersey Basic",
        "detail_desc": "Jersey top.",
    }  # fmt: skip
    frame = pl.DataFrame([{"article_id": number} | row for number in (108775015, 108775044, 108775051)])
    frame.write_parquet(shop.folder / "articles.parquet")
    report = shop.load(shop.folder / "articles.parquet")
    assert report.format == "hm"
    first, second, third = shop.products.values()
    assert first == Product(
        "0108775015", "Strap top", "Jersey top.", category=("Ladieswear", "Garment Upper body", "Vest top"),
        image=str(shop.folder / "images" / "0108775015.jpg"),
        attributes={"colour": "Black", "pattern": "Solid", "garment_group": "Jersey Basic", "line": "Ladieswear",
                    "product_code": 108775},
    )  # fmt: skip
    assert second.image == str(shop.folder / "images" / "010" / "0108775044.jpg")
    assert third.image is None


def test_fashion_joins_names_with_unquoted_commas(shop):
    (shop.folder / "images").mkdir()
    (shop.folder / "images" / "12952.jpg").write_bytes(b"jpeg")
    report = shop.load(
        "id,gender,masterCategory,subCategory,articleType,baseColour,season,year,usage,productDisplayName\n"
        "12952,Men,Apparel,Topwear,Shirts,Blue,Fall,2011.0,Casual,Basics Shirt\n"
        "19877,Women,Footwear,Flip Flops,Flip Flops,White,Fall,2011.0,,ADIDAS Flip Flops, white, 2 pairs\n"
    )
    shirt, flops = shop.products.values()
    assert shirt == Product(
        "12952", "Basics Shirt", category=("Apparel", "Topwear", "Shirts"),
        image=str(shop.folder / "images" / "12952.jpg"),
        attributes={"gender": "Men", "colour": "Blue", "season": "Fall", "year": "2011", "usage": "Casual"},
    )  # fmt: skip
    assert flops.name == "ADIDAS Flip Flops, white, 2 pairs"
    assert report.repairs == {"comma_joined": 1}


NATIVE = {
    "id": "A1", "name": "Mug", "description": "Blue stoneware.\nFor tea.", "brand": "Alba",
    "category": ["Home", "Kitchen", "Mugs"], "price": 12.99, "original_price": 15, "currency": "EUR", "rating": 4.5,
    "review_count": 12, "image": "photos/a1.jpg", "link": "https://shop.example/a1", "stock": 3, "visible": False,
    "tags": ["new", "gift"], "created_at": "2025-01-31T12:00:00+01:00",
    "attributes": {"colour": "blue", "sizes": ["S", "M"], "litres": 0.3, "washable": True},
}  # fmt: skip


def native_product(folder, **attributes: object) -> Product:
    return Product(
        "A1", "Mug", "Blue stoneware.\nFor tea.", "Alba", ("Home", "Kitchen", "Mugs"), 1299, 1500, "EUR", 4.5, 12,
        str(folder / "photos" / "a1.jpg"), "https://shop.example/a1", 3, False, ("new", "gift"), attributes,
        created_at=datetime(2025, 1, 31, 11, tzinfo=UTC),
    )  # fmt: skip


@pytest.mark.parametrize("name", ["feed.jsonl", "feed.jsonl.gz", "feed.ndjson"])
def test_native_json_lines(shop, name):
    content = json.dumps(NATIVE).encode() + b"\n"
    report = shop.load(gzip.compress(content) if name.endswith(".gz") else content, name)
    expected = native_product(shop.folder, colour="blue", sizes=("S", "M"), litres=0.3, washable=True)
    assert shop.products["A1"] == expected
    assert report.repaired == 0


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_native_csv_with_any_delimiter(shop, delimiter):
    cells = {key: value for key, value in NATIVE.items() if key != "attributes"} | {
        "category": "Home > Kitchen > Mugs", "tags": "new, gift", "attributes.colour": "blue", "price": "12,99 €",
    }  # fmt: skip
    lines = [cells.keys(), (f'"{value}"' for value in cells.values())]
    report = shop.load("\r\n".join(delimiter.join(line) for line in lines))
    assert shop.products["A1"] == native_product(shop.folder, colour="blue")
    assert report.repaired == 0


def test_native_parquet(shop):
    pl.DataFrame([NATIVE]).write_parquet(shop.folder / "feed.parquet")
    shop.load(shop.folder / "feed.parquet")
    expected = native_product(shop.folder, colour="blue", sizes=("S", "M"), litres=0.3, washable=True)
    assert shop.products["A1"] == expected


def test_any_table_loads_by_mapping(shop):
    report = shop.load(
        "product_id,title,manufacturer,price,colour,internal\nP0,Design suite,adobe,413.99,red,x\n",
        mapping={
            "id": "product_id", "name": "title", "brand": "manufacturer", "attributes.colour": "Colour",
            "ignore": "internal",
        },
        currency="USD",
    )  # fmt: skip
    assert shop.products == {
        "P0": Product("P0", "Design suite", brand="adobe", price_minor=41_399, currency="USD",
                      attributes={"colour": "red"})
    }  # fmt: skip
    assert report.warnings == ()


def test_several_columns_make_one_category_path(shop):
    shop.load("id,name,dept,aisle\n1,Mug,Home,Kitchen\n", mapping={"category": "dept,aisle"})
    assert shop.products["1"].category == ("Home", "Kitchen")


def test_a_product_as_the_api_answers_it_loads_again(shop):
    exported = NATIVE | {"updated_at": "2025-02-01T00:00:00Z", "discount": 0.134, "in_stock": True, "tenant": "default"}
    assert shop.load(json.dumps(exported), "feed.jsonl").as_given == 1
