"""The quick way to the vector of a query is the library's own vector, or is not taken."""

import numpy as np
import pytest

from service.encode.short_texts import short_text_encoder


@pytest.fixture(scope="module")
def encoder(runtime):
    """The bundled model, loaded once for all tests."""
    return runtime.encoders.text


@pytest.mark.parametrize(
    "text",
    ["mug", "", "  Red   MUG\n", "🙂", "crème ₹500 t-shirt", "wide screen television " * 200, "مصباح", "' OR 1=1"],
)
def test_it_is_the_vector_of_the_library(encoder, text: str) -> None:
    assert encoder._quick is not None
    assert np.allclose(encoder._quick(text), encoder._encode_query_slowly(text), atol=1e-5)


def test_a_model_that_gives_other_vectors_is_left_to_its_library(encoder) -> None:
    assert short_text_encoder(encoder._model, lambda _: np.zeros(encoder.size, np.float32)) is None


def test_what_is_no_plain_bert_is_left_to_its_library() -> None:
    assert short_text_encoder(object(), lambda _: np.zeros(2, np.float32)) is None
