"""Text that was mangled on its way, and text that only looks so."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.load.text import clean_description, clean_name, fix_decoding


@pytest.mark.parametrize(
    "text", ["CAFÉ™", "NESTLÉ® bar", "voilà\u00a0» ok", "Juârez", "Å land", "हिन्दी", "👩‍🍳 pan", "Größe – 5”"]
)
def test_right_text_stays_as_it_is(text):
    assert fix_decoding(text) == text
    assert clean_name(text) == (" ".join(text.split()), ())


@pytest.mark.parametrize(
    ("broken", "right"), [("Ã©tÃ©", "été"), ("nachÂ® ENxâ„¢", "nach® ENx™"), ("Zenâ„¢", "Zen™"), ("ASAP\x99", "ASAP™")]
)
def test_wrongly_decoded_text_is_put_right(broken, right):
    assert clean_name(broken) == (right, ("mojibake_fixed",))


def test_entities_controls_and_lost_characters_are_each_named():
    assert clean_name("A&amp;B\x07\ufffd") == (
        "A&B",
        ("html_unescaped", "lost_characters_removed", "control_characters_removed"),
    )


def test_an_ampersand_alone_is_no_entity():
    assert clean_name("Salt & Pepper &co; R&D") == ("Salt & Pepper &co; R&D", ())


def test_tags_leave_a_description_and_its_lines_stay():
    assert clean_description("<p class='x'>Warm &lt;b&gt;wool&lt;/b&gt;</p><br/>5 < 6") == (
        "Warm\nwool\n5 < 6",
        ("html_unescaped", "html_tags_removed"),
    )


def test_a_long_name_is_cut_between_words():
    text, reasons = clean_name("word " * 200)
    assert len(text) <= 500
    assert text.endswith("word…")
    assert reasons == ("name_truncated",)


@given(st.text())
def test_clean_text_is_storable_and_clean_already(text):
    once, _ = clean_description(text)
    once.encode()
    assert "\0" not in once
