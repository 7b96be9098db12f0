"""One short true sentence per product: what is known is said, what is not known is not made up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.types import EventType
from service.explain.clean import MAX_CHARS, clean
from service.explain.facts import Fact, insight, sentence
from service.explain.language import ENGLISH, languages, speak
from service.explain.words import reason, shelf_title
from service.signals import SIGNALS

TEXT = st.none() | st.text(max_size=200)
FACTS = st.builds(
    Fact, st.sampled_from([*SIGNALS, "a signal of next year"]), TEXT,
    st.none() | st.sampled_from([kind.value for kind in EventType]), TEXT, TEXT,
)  # fmt: skip


@pytest.mark.parametrize(
    ("fact", "says"),
    [
        (Fact("covisit", because="Blue mug", did="view"), "Because you viewed Blue mug"),
        (Fact("cf", because="Blue mug", did="purchase"), "Because you bought Blue mug"),
        (Fact("covisit", because="Blue mug"), "Goes with Blue mug"),
        (Fact("covisit"), "Goes with what you looked at"),
        (Fact("association", because="Blue mug", did="view"), "Often bought with Blue mug"),
        (Fact("trending", category="Mugs"), "Trending in Mugs"),
        (Fact("trending"), "Popular now"),
        (Fact("lexical", query="red shoes"), "Fits your search for red shoes"),
        (Fact("text", query="red shoes"), "Fits your search for red shoes"),
        (Fact("text", because="Blue mug"), "Similar to Blue mug"),
        (Fact("a signal of next year"), "Picked for you"),
    ],
)
def test_the_most_telling_sentence_that_is_true_is_said(fact: Fact, says: str) -> None:
    assert sentence(fact) == says


@pytest.mark.parametrize("did", ["hide", "search", "no such event"])
def test_what_the_user_did_is_not_said_where_it_is_no_reason(did: str) -> None:
    assert sentence(Fact("covisit", because="Blue mug", did=did)) == "Goes with Blue mug"


@pytest.mark.parametrize("language", languages())
def test_every_signal_and_every_kind_of_shelf_has_words_of_its_own(language: str) -> None:
    sentences = speak(language).sentences
    assert set(SIGNALS) <= set(sentences)
    assert all(reason(signal, language) == sentences[signal][-1] for signal in SIGNALS)
    assert shelf_title("top_categories", "Home > Kitchen > Mugs", language).endswith("Mugs")


@given(FACTS, st.sampled_from(languages()))
def test_whatever_a_product_is_called_there_is_one_line_of_bounded_length(fact: Fact, language: str) -> None:
    said = sentence(fact, language)
    assert said.strip()
    assert len(said.splitlines()) == 1
    assert said.isprintable() or any(sign in said for sign in "\u200c\u200d")
    assert len(said) <= MAX_CHARS + 60


@pytest.mark.parametrize("name", ["{query}", "{0.__class__}", "%s {because}", "{", "}{"])
def test_a_name_with_braces_is_a_name_and_no_template(name: str) -> None:
    assert sentence(Fact("association", because=name, query="secret")) == f"Often bought with {name}"


def test_characters_that_hide_or_turn_text_round_are_taken_out_of_names() -> None:
    assert clean("Mug\u202egnp.exe\u200b \x1b[31mred\r\nX-Header: 1") == "Muggnp.exe [31mred X-Header: 1"
    assert clean(" \x00\u2028 ") is None
    assert clean("می\u200cخواهم") == "می\u200cخواهم"


def test_a_long_name_is_cut() -> None:
    assert clean("x" * 5000) == "x" * (MAX_CHARS - 1) + "…"
    assert clean("x" * MAX_CHARS) == "x" * MAX_CHARS


def test_what_several_products_have_in_common_is_said_of_the_list() -> None:
    mug, bag = Fact("text", because="Blue mug"), Fact("cf", because="Red bag")
    assert insight([mug, bag, mug]) == "Several of these go with Blue mug"
    assert insight([Fact("trending", category="Mugs")] * 2) == "Several of these are from Mugs"
    assert insight([mug, bag]) == insight([]) == "A selection for you"


def test_shares_do_not_make_facts_different() -> None:
    assert Fact("cf", shares={"cf": 1.0}) == Fact("cf", shares={"cf": 0.5})
    assert len({Fact("cf", shares={"cf": 1.0}), Fact("cf")}) == 1


def test_english_is_what_is_spoken_unless_said_otherwise() -> None:
    assert speak() == speak(ENGLISH)
    assert sentence(Fact("trending", category="Tassen"), "de") == "Beliebt in Tassen"
