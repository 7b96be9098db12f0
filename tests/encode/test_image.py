"""The bundled image encoder, and what is said about models that cannot be had."""

import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image

from service.core.errors import ConfigurationError
from service.encode.image import BUNDLED_FOLDER, WEIGHTS_FILE, load_image_encoder


@pytest.fixture(scope="module")
def encoder():
    return load_image_encoder("bundled")


def test_pictures_and_texts_become_unit_vectors_of_one_size(encoder):
    pictures = [Image.new(mode, size) for mode, size in (("RGB", (64, 64)), ("L", (300, 20)), ("RGBA", (1, 900)))]
    for vectors in (encoder.encode_images(pictures), encoder.encode_texts(["a bag", "", "quantum"])):
        assert vectors.shape == (3, encoder.size)
        assert vectors.dtype == np.float32
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_nothing_in_nothing_out(encoder):
    assert encoder.encode_images([]).shape == encoder.encode_texts([]).shape == (0, encoder.size)


def test_a_picture_without_pixels_gets_zeros_and_spoils_no_other(encoder):
    good = Image.new("RGB", (20, 20), "red")
    vectors = encoder.encode_images([good, Image.new("RGB", (0, 5)), good])
    assert not vectors[1].any()
    np.testing.assert_allclose(vectors[0], vectors[2], atol=1e-6)


def test_the_batch_size_does_not_change_a_vector(encoder):
    colours = [Image.new("RGB", (40, 40), name) for name in ("red", "green", "blue", "white", "black")]
    np.testing.assert_allclose(encoder.encode_images(colours, batch=2), encoder.encode_images(colours), atol=1e-5)


def test_a_banner_is_cut_before_it_is_enlarged(encoder):
    began = time.monotonic()
    assert encoder.encode_images([Image.new("RGB", (40_000, 1))]).any()
    assert time.monotonic() - began < 2


def test_query_vectors_are_cached_and_read_only(encoder):
    first = encoder.encode_query("green bag")
    assert encoder.encode_query("green bag") is first
    with pytest.raises(ValueError, match="read-only"):
        first[0] = 1


def test_an_unknown_word_changes_nothing_and_is_reported(encoder):
    with_it, without = encoder.encode_texts(["striped xylotomous bag", "striped bag"])
    np.testing.assert_allclose(with_it, without, atol=1e-6)
    assert encoder.coverage("striped bag") == 1
    assert encoder.coverage("striped xylotomous bag") == pytest.approx(2 / 3)
    assert encoder.coverage("xylotomous quux") == 0


def test_words_find_the_drawing_they_describe(encoder):
    demo = pytest.importorskip("indexer.demo.pictures")
    from indexer.demo.look import Look

    looks = [
        Look("tote", "bags", "Alba", "green", "green", "striped", "canvas"),
        Look("mug", "kitchen", "Fenna", "red", "red", "solid", "ceramic"),
        Look("t-shirt", "clothing", "Alba", "blue", "blue", "dotted", "cotton"),
    ]
    pictures = encoder.encode_images([demo.draw_look(look) for look in looks])
    texts = encoder.encode_texts(["striped green bag", "plain red mug", "blue dotted t-shirt"])
    assert (texts @ pictures.T).argmax(axis=1).tolist() == [0, 1, 2]


def test_the_name_holds_the_weights_fingerprint(encoder):
    name, _, digest = encoder.name.partition("#")
    assert name == "bundled"
    assert len(digest) == 12
    assert load_image_encoder("bundled").name == encoder.name


def test_the_bundled_weights_fit_in_twelve_megabytes():
    assert (BUNDLED_FOLDER / WEIGHTS_FILE).stat().st_size <= 12_000_000


@pytest.mark.parametrize(
    ("model", "pretrained", "says"),
    [
        ("ViT-B-33", None, "'ViT-B-33' is unknown; nearest are ViT-B-32"),
        ("bundle", None, "nearest are bundled"),
        ("ViT-B-32", None, "no weights are named for image model 'ViT-B-32'"),
        ("ViT-B-32", "laion2b_s34b", "nearest are laion2b_s34b_b79k"),
        ("ViT-B-32", "laion2b_s34b_b79k", "cannot be loaded"),
        ("hf-hub:nobody/nothing", None, "cannot be loaded"),
    ],
)
def test_a_model_that_cannot_be_had_is_one_line_that_says_what_to_do(model, pretrained, says, monkeypatch, tmp_path):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(ConfigurationError) as caught:
        load_image_encoder(model, pretrained)
    assert says in caught.value.message
    assert "VITRINE_IMAGE_" in caught.value.message
    assert "\n" not in caught.value.message


def test_a_folder_without_a_model_or_with_half_of_one_is_refused(tmp_path):
    with pytest.raises(ConfigurationError, match="config file missing"):
        load_image_encoder(str(tmp_path))
    for name in ("open_clip_config.json", "words.txt"):
        (tmp_path / name).write_bytes((BUNDLED_FOLDER / name).read_bytes())
    (tmp_path / WEIGHTS_FILE).write_bytes((BUNDLED_FOLDER / WEIGHTS_FILE).read_bytes()[:100_000])
    with pytest.raises(ConfigurationError, match="cannot be loaded"):
        load_image_encoder(str(tmp_path))


def test_searches_get_the_vectors_of_the_library_without_it(encoder):
    library = load_image_encoder(str(BUNDLED_FOLDER))
    texts = ["", "green bag", "a red striped t-shirt " * 9, "quantum", "blue mug with dots"]
    assert np.allclose(encoder.encode_texts(texts), library.encode_texts(texts), atol=1e-5)
    for text in texts:
        assert np.allclose(encoder.encode_query(text), library.encode_query(text), atol=1e-5)
    assert encoder.name.partition("#")[2] == library.name.partition("#")[2]
    told = subprocess.run(
        [sys.executable, "-c", "import sys; from service.encode.image import load_image_encoder as load; "
         "print(load().encode_query('mug').shape, {'open_clip', 'transformers'} & sys.modules.keys())"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert told.stdout == "(128,) set()\n"
