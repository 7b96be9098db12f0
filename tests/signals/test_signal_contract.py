"""What every signal promises; a new one is covered by being in `SIGNALS`."""

import importlib
import re
from pathlib import Path

import numpy as np
import pytest

import service.signals
from config.params import load_params
from service.core.types import Anchor, Query, SparseVector
from service.signals import SIGNALS, Encoders
from service.store.spaces import PRODUCTS, products_space

FILES = {path.stem for path in Path(service.signals.__file__).parent.glob("*.py")} - {"__init__", "signal"}


@pytest.fixture(scope="session")
def encoders(runtime):
    """The encoders of a shop with pictures."""
    from service.encode.image import load_image_encoder

    return Encoders(runtime.encoders.text, runtime.encoders.lexical, load_image_encoder("bundled", None))


@pytest.fixture(scope="session")
def space(encoders):
    """The collection those encoders fill."""
    return products_space(encoders.text.size, encoders.image.size, {})


@pytest.fixture(params=SIGNALS, scope="session")
def signal(request):
    """Each of the signals."""
    return SIGNALS[request.param]


def any_vector(space, slot):
    """A vector that fits a slot."""
    if slot in space.sparse:
        return SparseVector(np.array([1], np.uint32), np.array([1.0], np.float32))
    return np.ones(space.dense[slot].size, np.float32)


@pytest.fixture
def anchored(space):
    """A query with an anchor that has every vector."""
    return Query(anchor=Anchor(1, {slot: any_vector(space, slot) for slot in (*space.dense, *space.sparse)}))


def test_there_is_one_signal_per_file_and_every_file_is_registered():
    assert set(SIGNALS) == FILES


def test_its_name_is_its_key_and_its_file(signal):
    assert SIGNALS[signal.name] is signal
    module = importlib.import_module(f"service.signals.{signal.name}")
    assert getattr(module, signal.name.upper()) is signal


def test_its_file_says_when_it_is_silent(signal):
    assert re.search("silent", importlib.import_module(f"service.signals.{signal.name}").__doc__, re.IGNORECASE)


def test_it_is_silent_when_nothing_is_known(signal, encoders):
    assert signal.vector(Query(), encoders) is None
    assert signal.vector(Query(text=""), encoders) is None
    assert signal.vector(Query(anchor=Anchor(1, {})), encoders) is None


def test_it_has_a_weight_on_some_surface(signal):
    params = load_params(signals=frozenset(SIGNALS))
    assert any(surface.weights.get(signal.name) for surface in params.surfaces.values())


def test_it_asks_a_slot_that_there_is(signal, space):
    assert signal.collection == PRODUCTS
    assert signal.slot in {**space.dense, **space.sparse}


def test_what_it_asks_fits_its_slot(signal, encoders, space, anchored):
    asked = [vector for query in (Query("red mug"), anchored) if (vector := signal.vector(query, encoders)) is not None]
    assert asked, "it is silent for words and for an anchor"
    for vector in asked:
        if signal.slot in space.sparse:
            assert isinstance(vector, SparseVector)
            assert vector.indices.dtype == np.uint32
            assert len(vector.indices) == len(vector.values) == len(set(vector.indices.tolist()))
        else:
            assert vector.dtype == np.float32
            assert vector.shape == (space.dense[signal.slot].size,)
            assert np.isfinite(vector).all()


def test_the_same_question_is_the_same_vector(signal, encoders):
    one, other = (signal.vector(Query("red mug"), encoders) for _ in range(2))
    if isinstance(one, SparseVector):
        assert (one.indices.tolist(), one.values.tolist()) == (other.indices.tolist(), other.values.tolist())
    else:
        assert np.array_equal(one, other)


def test_an_anchor_goes_before_words_where_it_has_a_vector(signal, encoders, anchored):
    both = Query("red mug", anchored.anchor)
    if signal.vector(anchored, encoders) is not None:
        assert signal.vector(both, encoders) is anchored.anchor.vectors[signal.slot]


def test_pictures_are_silent_without_a_model_and_for_words_it_does_not_know(encoders):
    without = Encoders(encoders.text, encoders.lexical, None)
    assert SIGNALS["image"].vector(Query("red mug"), without) is None
    assert SIGNALS["image"].vector(Query("xyzzy qwertz"), encoders) is None
