"""recall@k of words over pictures, by sums a reader can check."""

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from eval.text_to_image import chance_recall, gallery_vectors, recall_at_k, same, text_to_image_recall
from eval.text_to_image_demo import attribute_query, measure_bundled
from eval.text_to_image_fashion import fashion_captions, measure_fashion, measure_rows, read_rows, split_rows
from service.core.errors import NotFound

FASHION = Path(__file__).parents[3] / "shared/data/fashion"


class Colours:
    """Pictures by their mean colour, texts by the colour's name: a perfect encoder."""

    batches = ()

    def encode_images(self, pictures):
        self.batches = (*self.batches, len(pictures))
        means = [np.asarray(picture, dtype=np.float32).reshape(-1, 3).mean(axis=0) for picture in pictures]
        vectors = np.array(means, dtype=np.float32).reshape(-1, 3)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True).clip(1e-9)

    def encode_texts(self, texts):
        return self.encode_images([Image.new("RGB", (1, 1), text) for text in texts])


def test_a_perfect_encoder_has_recall_1_and_a_reversed_one_0():
    names = ["red", "lime", "blue"]
    pictures = [Image.new("RGB", (4, 4), name) for name in names]
    assert text_to_image_recall(Colours(), iter(pictures), names, np.eye(3, dtype=bool), k=1) == 1.0
    assert recall_at_k(-np.eye(3, dtype=np.float32), np.eye(3, dtype=bool), k=2) == 0.0


def test_recall_divides_by_what_can_be_found():
    relevant = np.zeros((1, 50), dtype=bool)
    relevant[0, :20] = True
    scores = -np.arange(50, dtype=np.float32)[None]
    assert recall_at_k(scores, relevant, k=10) == 1.0  # 10 of min(10, 20)
    assert recall_at_k(-scores, relevant, k=40) == 10 / 20


def test_queries_without_an_answer_are_left_out():
    assert recall_at_k(np.eye(2, dtype=np.float32), np.array([[True, False], [False, False]]), k=1) == 1.0
    assert np.isnan(recall_at_k(np.eye(2, dtype=np.float32), np.zeros((2, 2), dtype=bool)))


def test_chance_is_what_random_orders_reach_on_average():
    relevant = np.zeros((2, 40), dtype=bool)
    relevant[0, 0] = relevant[1, :20] = True
    random = np.random.default_rng(0)
    drawn = [recall_at_k(random.random((2, 40)).astype(np.float32), relevant) for _ in range(2000)]
    # (10·1/40 / 1 + 10·20/40 / 10) / 2
    assert chance_recall(relevant) == pytest.approx((0.25 + 0.5) / 2)
    assert np.mean(drawn) == pytest.approx(chance_recall(relevant), abs=0.02)


@given(st.integers(1, 12), st.integers(1, 30), st.integers(1, 15), st.integers(0, 10**6))
def test_recall_equals_a_naive_double_loop(queries, pictures, k, seed):
    random = np.random.default_rng(seed)
    scores, relevant = random.random((queries, pictures)), random.random((queries, pictures)) < 0.2
    found = [
        len(set(sorted(range(pictures), key=lambda p: -row[p])[:k]) & set(np.flatnonzero(wanted)))
        / min(k, wanted.sum())
        for row, wanted in zip(scores, relevant, strict=True)
        if wanted.any()
    ]
    if found:
        assert recall_at_k(scores, relevant, k) == pytest.approx(np.mean(found))


def test_the_gallery_is_read_in_batches():
    encoder = Colours()
    assert gallery_vectors(encoder, (Image.new("RGB", (1, 1)) for _ in range(7)), batch=3).shape == (7, 3)
    assert encoder.batches == (3, 3, 1)


def test_equal_things_are_relevant():
    assert same([("a", 1)], [("a", 1), ("a", 2)]).tolist() == [[True, False]]


def test_the_bundled_model_finds_combinations_it_never_saw():
    measured = measure_bundled(count=400)
    assert measured["held_out"]["queries"] > 20
    assert measured["held_out"]["recall@10"] >= 0.8


def test_a_query_names_the_attributes():
    assert attribute_query("tote", "green", "striped") == "striped green tote bag"
    assert attribute_query("tote", "green") == "green tote bag"


def test_the_parts_of_a_split_share_no_product():
    rows = [{"id": str(n)} for n in range(100)]
    (train, test), (less, validation) = split_rows(rows, 3, "test"), split_rows(rows, 3, "validation")
    ids = [{row["id"] for row in part} for part in (train, test, less, validation)]
    assert [len(part) for part in ids] == [80, 20, 70, 10]
    assert not ids[0] & ids[1]
    assert ids[2] | ids[3] == ids[0]


def fashion_folder(folder, count):
    (folder / "images").mkdir()
    with (folder / "products.csv").open("w", newline="") as table:
        names = ["id", "gender", "articleType", "baseColour", "usage", "productDisplayName"]
        writer = csv.DictWriter(table, names)
        writer.writeheader()
        for n in range(count):
            colour = ("red", "lime", "blue")[n % 3]
            writer.writerow(dict(zip(names, (n, "Men", "Tops", colour, "Casual", f"{colour}"), strict=True)))
            Image.new("RGB", (6, 8), colour).save(folder / "images" / f"{n}.png")
            (folder / "images" / f"{n}.png").rename(folder / "images" / f"{n}.jpg")
    return folder


def test_fashion_figures_on_a_small_table(tmp_path):
    rows = read_rows(fashion_folder(tmp_path, 30))
    assert fashion_captions(rows[0])[3] == "Men red Tops"
    (tmp_path / "images" / "0.jpg").write_bytes(b"broken")

    class Perfect(Colours):
        def encode_texts(self, texts):
            return super().encode_texts([text.removeprefix("Men ").removesuffix(" Tops") for text in texts])

    measured = measure_rows(Perfect(), tmp_path, rows)
    # one of the thirty is broken; a name shared by nine or ten photos finds its own among ten
    assert measured["bad_pictures"] == 1
    assert measured["own_caption"] == {"recall@10": 1.0, "chance": round(10 / 29, 4), "queries": 29, "pictures": 29}
    assert measured["attributes"]["recall@10"] == 1.0


def test_fashion_trains_and_measures(tmp_path):
    (tmp_path / "data").mkdir()
    folder = fashion_folder(tmp_path / "data", 20)
    measured = measure_fashion(folder, tmp_path / "out", epochs=1, batch=4)
    assert measured["trained_on"] == 16
    assert measured["own_caption"]["queries"] == 4


def test_missing_fashion_data_is_one_clear_line(tmp_path):
    with pytest.raises(NotFound, match="no fashion data"):
        read_rows(tmp_path)


@pytest.mark.skipif(not FASHION.is_dir(), reason="needs ../shared/data/fashion")
def test_the_real_fashion_table_is_read():
    rows = read_rows(FASHION)
    assert len(rows) == 6000
    assert all(row["productDisplayName"] for row in rows[:100])
