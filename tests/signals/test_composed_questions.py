"""Words with weights, and words beside a product or a picture, as each signal asks them."""

import numpy as np
import pytest

from service.core.types import Anchor, Query, SparseVector
from service.signals import SIGNALS, Encoders

WORDS = {"red": 0, "dress": 1, "buttons": 2}


class Counting:
    """One dimension per word; knows three."""

    def encode_query(self, text):
        vector = np.zeros(3, np.float32)
        vector[[WORDS[word] for word in text.split() if word in WORDS]] = 1
        return vector / (np.linalg.norm(vector) or 1)

    def known_query(self, text):
        return self.encode_query(text)

    def coverage(self, text):
        return np.mean([word in WORDS for word in text.split()])


class Lexical:
    """The same words, sparse."""

    def encode_query(self, text):
        found = [WORDS[word] for word in text.split() if word in WORDS]
        return SparseVector(np.array(found, np.uint32), np.ones(len(found), np.float32)) if found else None


ENCODERS = Encoders(Counting(), Lexical(), Counting(), words_share=0.5)
RED, DRESS, BUTTONS = np.eye(3, dtype=np.float32)


def ask(signal: str, **query) -> object:
    return SIGNALS[signal].ask(Query(**query), ENCODERS)


def test_a_word_counts_by_its_largest_weight_less_what_wants_it_away():
    asked = ask("lexical", words=(("red dress", 1.0), ("dress", 0.5), ("dress buttons", -0.25)))
    assert dict(zip(asked.indices.tolist(), asked.values.tolist(), strict=True)) == {0: 1.0, 1: 0.75, 2: -0.25}


@pytest.mark.parametrize("signal", ["lexical", "text", "image"])
def test_nothing_is_looked_for_where_nothing_is_wanted(signal):
    terms = (("buttons", -1.0),)
    assert ask(signal, terms=terms, words=terms) is None
    assert ask(signal, terms=(("xyzzy", 1.0), ("buttons", -1.0)), words=(("xyzzy", 1.0), *terms)) is None or (
        signal == "text"  # a sentence encoder knows every word more or less
    )


@pytest.mark.parametrize("signal", ["text", "image"])
def test_what_is_not_wanted_is_taken_away(signal):
    asked = ask(signal, terms=(("red", 1.0), ("buttons", -1.0)))
    assert np.allclose(asked, (RED - BUTTONS) / np.sqrt(2))


@pytest.mark.parametrize("signal", ["text", "image"])
def test_words_draw_a_product_by_their_share_and_weight(signal):
    anchor = Anchor(7, {"text": DRESS, "image": DRESS})
    assert ask(signal, anchor=anchor) is DRESS
    assert np.allclose(ask(signal, anchor=anchor, text="red"), (DRESS + RED) / np.sqrt(2))
    faint = ask(signal, anchor=anchor, terms=(("red", 0.5),))
    assert faint[1] == pytest.approx(2 * faint[0])
    away = ask(signal, anchor=anchor, terms=(("buttons", -0.5),))
    assert away[2] == pytest.approx(-away[1] / 2)


def test_words_draw_a_picture_unless_the_model_knows_none_of_them():
    assert ask("picture", picture=DRESS) is DRESS
    assert ask("picture", picture=DRESS, text="xyzzy") is DRESS
    assert np.allclose(ask("picture", picture=DRESS, text="red"), (DRESS + RED) / np.sqrt(2))
    assert SIGNALS["picture"].ask(Query(picture=DRESS), Encoders(Counting(), Lexical(), None)) is None
