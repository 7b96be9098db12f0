"""Laws of the loader: every row ends in exactly one place, and loading twice changes nothing."""

import csv
import tempfile
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer.load import load_products
from indexer.load.reasons import MEANING, REJECTING, Reason
from service.core.errors import InvalidQuery

HEADER = "id,name,description,price,original_price,currency,stock,visible,tags,attributes.size\n"

cells = st.one_of(
    st.text(max_size=30),
    st.sampled_from(["", "1", "2", '"', '""', "-5", "12,99 €", "true", "nan", "A > B", "\0", "\ud800", "​", "<p>x</p>"]),
)
lines = st.lists(cells, min_size=8, max_size=11).map(",".join)
mostly_csv = st.lists(lines, max_size=12).map(lambda rows: (HEADER + "\n".join(rows)).encode("utf-8", "surrogatepass"))


def check(content: bytes, suffix: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"feed{suffix}"
        path.write_bytes(content)
        stored = []

        def write(products):
            stored.extend(products)
            return ["created"] * len(products)

        refusal = ""
        try:
            report = load_products(path, write, report_folder=Path(folder) / "reports", batch=3)
        except InvalidQuery as error:
            refusal = error.message
        if refusal:
            assert "\n" not in refusal
            return
        assert report.rows == report.loaded + report.rejected + report.duplicates
        assert report.loaded == report.created == len(stored) == len({product.external_id for product in stored})
        assert sum(report.rejections.values()) >= report.rejected
        with report.file.open(encoding="utf-8", newline="") as file:
            found = list(csv.DictReader(file))
        assert len({row["line"] for row in found if row["what"] == "rejected"}) == report.rejected
        assert sum(row["what"] == "duplicate" for row in found) == report.duplicates
        for product in stored:
            assert product.external_id.isprintable()
            assert product.name
            product.description.encode()
            assert product.price_minor is None or product.price_minor >= 0


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(st.binary(max_size=300), mostly_csv, st.binary(max_size=200).map(HEADER.encode().__add__)))
def test_any_bytes_as_csv_are_refused_in_one_line_or_accounted_for(content):
    check(content, ".csv")


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(
                ["id", "name", "price", "rating", "stock", "tags", "category", "created_at", "attributes", "image"]
            ),
            st.recursive(
                st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
                lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
                max_leaves=5,
            ),
        ),
        max_size=6,
    )
)
def test_any_json_objects_are_refused_in_one_line_or_accounted_for(rows):
    import json

    head = json.dumps({"id": "first", "name": "Mug"})
    check("\n".join([head, *map(json.dumps, rows)]).encode(), ".jsonl")


def test_loading_the_same_file_twice_changes_nothing(shop):
    content = "id,name,price,created_at\n1,Mug,5,2025-01-01\n2,Cup,â‚¹6,\n1,Other,7,\n3,,8,\n"
    first, second = shop.load(content), shop.load(content)
    assert (first.created, first.updated, first.unchanged) == (2, 0, 0)
    assert (second.created, second.updated, second.unchanged) == (0, 0, 2)
    assert (second.rejected, second.duplicates, second.repairs) == (1, 1, first.repairs)
    assert first.file != second.file


def test_batches_have_the_size_asked_for_and_progress_is_told_after_each(shop):
    told = []
    rows = "".join(f"{n},Mug\n" for n in range(25))
    shop.load("id,name\n" + rows, batch=10, on_progress=lambda *numbers: told.append(numbers))
    size = len("id,name\n" + rows)
    assert shop.batches == [10, 10, 5]
    assert [rows for _, _, rows in told] == [10, 20, 25, 25]
    assert told[-1][:2] == (size, size)


def test_long_texts_are_written_in_smaller_batches(shop):
    picture = "data:image/png;base64," + "A" * 900_000
    shop.load("id,name,image\n" + "".join(f'{n},Mug,"{picture}"\n' for n in range(12)))
    assert shop.batches == [9, 3]


def test_the_report_cannot_inject_a_formula_into_a_spreadsheet(shop):
    report = shop.load("id,name,rating\n=cmd(),Mug,=1+1\n")
    assert "'=cmd(),repaired,rating_not_a_number,rating,'=1+1" in report.file.read_text("utf-8")


def test_every_reason_has_a_meaning():
    assert set(MEANING) == set(Reason)
    assert set(Reason) >= REJECTING


@pytest.mark.parametrize("tenant", ["default", "north"])
def test_products_belong_to_the_tenant_they_are_loaded_for(shop, tenant):
    shop.load("id,name\n1,Mug\n", tenant=tenant)
    assert shop.products["1"].tenant == tenant


def test_a_report_becomes_plain_values(shop):
    report = asdict(shop.load("id,name,rating\n1,Mug,Get\n2,Cup,9\n3,Pot,Get\n,Pan,\n"))
    assert report["repairs"] == {"rating_not_a_number": 2, "rating_out_of_range": 1}
    assert list(report["repairs"]) == ["rating_not_a_number", "rating_out_of_range"]
    assert report["rejections"] == {"id_missing": 1}


def test_products_without_a_picture_are_left_out_where_only_those_with_one_are_wanted(tmp_path: Path) -> None:
    (tmp_path / "feed.csv").write_text("id,name,image,price\n1,Mug,mug.png,\n2,Lamp,,free\n3,Bag,bag.png,free\n4,,,\n")
    stored = []

    def write(products):
        stored.extend(products)
        return ["created"] * len(products)

    report = load_products(tmp_path / "feed.csv", write, only_with_pictures=True)
    assert [product.external_id for product in stored] == ["1", "3"]
    assert (report.rows, report.loaded, report.left_out, report.rejected) == (4, 2, 1, 1)
    assert report.repaired == 1  # the lamp's price is nobody's matter
