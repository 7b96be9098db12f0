"""What every signal promises; a new one is covered by being in `SIGNALS`."""

import importlib
import re
from pathlib import Path

import numpy as np
import pytest

import service.signals
from config.params import load_params
from config.profile import profile_file, profile_names
from service.core.arms import Arms
from service.core.popular import TopList, no_kinds
from service.core.types import Anchor, Past, Query, SparseVector
from service.signals import SIGNALS, Encoders
from service.signals.signal import Open
from service.store.spaces import behaviour_space, products_space
from service.store.vectors import Hits, Space

FILES = {path.stem for path in Path(service.signals.__file__).parent.glob("*.py")} - {"__init__", "signal"}


@pytest.fixture(scope="session")
def encoders(runtime):
    """The encoders of a shop with pictures."""
    from service.encode.image import load_image_encoder

    return Encoders(runtime.encoders.text, runtime.encoders.lexical, load_image_encoder("bundled", None))


@pytest.fixture(scope="session")
def space(encoders):
    """The collection those encoders fill, and that of a release: the slots of both."""
    products = products_space(encoders.text.size, encoders.image.size, {})
    behaviour = behaviour_space("r1", 9, {})
    slots = {"products": products, "behaviour": behaviour}
    return Space("both", {**products.dense, **behaviour.dense}, {**products.sparse, **behaviour.sparse}), slots


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
    return Query(anchor=Anchor(1, {slot: any_vector(space[0], slot) for slot in (*space[0].dense, "lexical")}))


@pytest.fixture
def with_past(space, encoders):
    """A query of someone with a past in every slot."""
    profile = {slot: any_vector(space[0], slot) for slot in ("text", "image")}
    for words in ("blue lamp", "red mug"):
        encoders.text.encode_query(words)  # known from now on
    half_lives = dict.fromkeys(SIGNALS, 1.0)
    user = any_vector(space[0], "cf")
    past = Past(np.array([3, 4]), np.ones(2), half_lives, np.array([4]), profile, user, ("blue lamp", "red mug"))
    trend = TopList(np.array([5, 6]), np.array([2.0, 1.0], np.float32))
    arms = Arms(np.array([5, 6, 9]), None, trend, no_kinds(), (), 1)
    words = any_vector(space[0], "lexical")
    return Query(past=past, trending=(trend.ids, trend.scores), arms=arms, liked_words=words)


def test_there_is_one_signal_per_file_and_every_file_is_registered():
    assert set(SIGNALS) == FILES


def test_its_name_is_its_key_and_its_file(signal):
    assert SIGNALS[signal.name] is signal
    module = importlib.import_module(f"service.signals.{signal.name}")
    assert getattr(module, signal.name.upper()) is signal


def test_its_file_says_when_it_is_silent(signal):
    assert re.search("silent", importlib.import_module(f"service.signals.{signal.name}").__doc__, re.IGNORECASE)


def test_it_is_silent_when_nothing_is_known(signal, encoders):
    assert signal.ask(Query(), encoders) is None
    assert signal.ask(Query(text=""), encoders) is None


def test_it_has_a_weight_on_some_surface(signal):
    files = (None, *map(profile_file, profile_names()))
    surfaces = [each for file in files for each in load_params(file, signals=frozenset(SIGNALS)).surfaces.values()]
    assert any(surface.weights.get(signal.name) for surface in surfaces)


@pytest.fixture
def newcomer(space):
    """A query of someone without a past, with a picture, in a shop where things are popular."""
    popular = (np.array([5, 6]), np.array([2.0, 1.0], np.float32))
    return Query(trending=popular, best_value=popular, chosen=popular, picture=any_vector(space[0], "image"))


def test_it_asks_a_slot_that_there_is_or_has_a_list(signal, encoders, space, with_past, newcomer):
    if not any(isinstance(signal.ask(query, encoders), (Hits, Open)) for query in (with_past, newcomer)):
        slots = space[1][signal.space]
        assert signal.slot in {**slots.dense, **slots.sparse}


def test_what_it_asks_fits_its_slot(signal, encoders, space, anchored, with_past, newcomer):
    queries = (Query("red mug"), anchored, with_past, newcomer)
    asked = [answer for query in queries if (answer := signal.ask(query, encoders)) is not None]
    assert asked, "it is silent for words, for an anchor, for a past and for a picture"
    for answer in (one.hits if isinstance(one, Open) else one for one in asked):
        if isinstance(answer, Hits):
            assert len(answer.ids) == len(answer.scores) == len(set(answer.ids.tolist()))
        elif isinstance(answer, SparseVector):
            assert signal.slot in space[0].sparse
            assert answer.indices.dtype == np.uint32
            assert len(answer.indices) == len(answer.values) == len(set(answer.indices.tolist()))
        else:
            assert answer.dtype == np.float32
            assert answer.shape == (space[0].dense[signal.slot].size,)
            assert np.isfinite(answer).all()


def test_the_same_question_is_the_same_vector(signal, encoders, with_past):
    for query in (Query("red mug"), with_past):
        one, other = (signal.ask(query, encoders) for _ in range(2))
        if isinstance(one, SparseVector):
            assert (one.indices.tolist(), one.values.tolist()) == (other.indices.tolist(), other.values.tolist())
        elif isinstance(one, np.ndarray):
            assert np.array_equal(one, other)


def test_an_anchor_goes_before_a_past(signal, encoders, anchored, with_past):
    everything = Query(None, anchored.anchor, with_past.past)
    if signal.ask(anchored, encoders) is not None and signal.slot in anchored.anchor.vectors:
        assert signal.ask(everything, encoders) is anchored.anchor.vectors[signal.slot]


def test_words_go_before_a_past(encoders, with_past):
    searched = Query("red mug", past=with_past.past)
    assert np.array_equal(SIGNALS["text"].ask(searched, encoders), encoders.text.encode_query("red mug"))


def test_a_past_asks_with_its_weights(encoders, with_past):
    asked = SIGNALS["covisit"].ask(with_past, encoders)
    assert dict(zip(asked.indices.tolist(), asked.values.tolist(), strict=True)) == {3: 1.0, 4: 0.5}
    assert SIGNALS["association"].ask(with_past, encoders).indices.tolist() == [4]


def test_the_newest_search_counts_most(encoders, with_past):
    asked = SIGNALS["searches"].ask(with_past, encoders)
    newest, older = (encoders.text.encode_query(words) for words in with_past.past.searches)
    assert np.allclose(asked, (newest + older / 2) / np.linalg.norm(newest + older / 2), atol=1e-6)


def test_pictures_are_silent_without_a_model_and_for_words_it_does_not_know(encoders):
    without = Encoders(encoders.text, encoders.lexical, None)
    assert SIGNALS["image"].ask(Query("red mug"), without) is None
    assert SIGNALS["image"].ask(Query("xyzzy qwertz"), encoders) is None
