"""Brands, categories, colours and the like in the words of a query, as a catalogue has them."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.search import Search
from service.core.filters import Filter, Range
from service.core.understood import TRAIT_KINDS, TraitKind
from service.encode.lexical import LexicalEncoder
from service.store.catalogue_words import ProductWords
from service.words.naming import make_named
from service.words.nearest import Speller
from service.words.notes import Notes
from service.words.synonyms import make_synonyms, parse_synonyms
from service.words.understand import Words, understand
from service.words.vocabulary import make_vocabulary

SHOES, SHIRTS, WOMENS_SHOES = "Men's Fashion > Shoes", "Men's Fashion > T-Shirts & Polos", "Women's Fashion > Shoes"


def products() -> list[ProductWords]:
    """Shoes, shirts, mugs and lamps; the brand "Home" makes one of many lamps for homes."""
    rows = []

    def add(name: str, brand: str, category: str, **attributes: object) -> None:
        price = float(10 * len(rows) + 10)
        rows.append(ProductWords(len(rows) + 1, name, brand, category.split(" > "), [], attributes, price, "EUR"))

    for colour in ("Black", "Navy Blue", "Blue"):
        add(f"Nike Runner shoes in {colour}", "Nike", SHOES, colour=colour, gender="Men", size=["9", "10"])
        add(f"Levi's walking shoes, {colour}", "Levi's", WOMENS_SHOES, colour=[colour], gender="Women", size="8")
        add(f"Fire-Boltt cotton shirt {colour}", "Fire-Boltt", SHIRTS, color=colour, material="Cotton", size="XL")
    for number in range(12):
        add(f"Home lamp No {number}", "Home" if number == 0 else "Bright", "Home & Kitchen > All Lighting")
    return rows


@pytest.fixture(scope="module")
def traits(lexical: LexicalEncoder, search: Search) -> Callable[..., list[tuple[str, str, object]]]:
    """Kind, words and condition of what a text is understood as."""
    notes = Notes(search.trait_fields)
    vocabulary = make_vocabulary(notes.watching([products()]), lexical)
    rules, _ = parse_synonyms(["jute => shoes", "joggers => nike runner", "kala => black"])
    named = make_named(notes, vocabulary.stem)
    words = Words(vocabulary, Speller(vocabulary, 100), make_synonyms(rules, vocabulary.stem), named)

    def read(
        text: str, ignore: frozenset[TraitKind] = frozenset(), params: Search = search
    ) -> list[tuple[str, str, object]]:
        found = understand(text, words, params, ignore=ignore).traits
        return [(one.kind, one.words, *_only(one.wanted)) for one in found]

    return read


def _only(wanted: Filter) -> tuple[object, ...]:
    return tuple(getattr(one, "any_of", one) for one in (*wanted.must, *wanted.should))


BOTH_SHOES = (SHOES, WOMENS_SHOES)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("nike", [("brand", "nike", ("Nike",))]),
        ("NIKES", [("brand", "nikes", ("Nike",))]),
        ("levis", [("brand", "levis", ("Levi's",))]),
        ("levi’s", [("brand", "levi", ("Levi's",))]),
        ("fireboltt", [("brand", "fireboltt", ("Fire-Boltt",))]),
        ("fire boltt", [("brand", "fire boltt", ("Fire-Boltt",))]),
        ("shoe", [("category", "shoe", BOTH_SHOES)]),
        ("tshirts", [("category", "tshirts", (SHIRTS,))]),
        ("t shirt", [("category", "t shirt", (SHIRTS,))]),
        ("t-shirts & polos", [("category", "t shirts polos", (SHIRTS,))]),
        ("navy blue", [("colour", "navy blue", ("Navy Blue",), ("Navy Blue",))]),  # not blue
        ("cotton", [("material", "cotton", ("Cotton",))]),
        ("size 9", [("size", "size 9", ("9",))]),
        ("9 size xl", [("size", "9 size", ("9",)), ("size", "xl", ("XL",))]),
        ("for men", [("gender", "men", ("Men's Fashion",), ("Men",))]),
        ("gents", [("gender", "gents", ("Men's Fashion",), ("Men",))]),
        ("lady", [("gender", "lady", ("Women's Fashion",), ("Women",))]),
    ],
)
def test_words_of_the_catalogue_are_understood_in_all_their_forms(
    text: str, found: list[object], traits: Callable[..., object]
) -> None:
    assert traits(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "home",  # a brand, and a part of a category, but most that is called so is something else
        "all", "9", "s", "kitchen lamp with 10", "fashion week", "kids", "unisex", "the for", "🙂", "",
    ],
)  # fmt: skip
def test_words_that_mean_something_else_are_left_alone(text: str, traits: Callable[..., object]) -> None:
    assert traits(text) == []


def test_what_is_misspelt_is_understood_as_it_was_meant(traits: Callable[..., object]) -> None:
    assert traits("nkie sheos") == [("brand", "nkie", ("Nike",)), ("category", "sheos", BOTH_SHOES)]


def test_synonyms_are_understood_too_under_the_words_that_were_typed(traits: Callable[..., object]) -> None:
    assert traits("kala jute") == [("colour", "kala", ("Black",), ("Black",)), ("category", "jute", BOTH_SHOES)]
    assert traits("joggers") == [("brand", "joggers", ("Nike",))]


def test_a_price_counts_beside_other_words(traits: Callable[..., object]) -> None:
    assert traits("black nike under €50") == [
        ("price", "under €50", Range("price", lt=50.0)),
        ("colour", "black", ("Black",), ("Black",)),
        ("brand", "nike", ("Nike",)),
    ]


@pytest.mark.parametrize("kind", TRAIT_KINDS)
def test_each_kind_can_be_switched_off(kind: TraitKind, search: Search, traits: Callable[..., list]) -> None:
    text = "black cotton nike shoes for men size 9 under €50"
    assert {one[0] for one in traits(text)} == set(TRAIT_KINDS)
    off = search.model_copy(update={"traits": {**search.traits, kind: "off"}})
    assert {one[0] for one in traits(text, frozenset({kind}))} == set(TRAIT_KINDS) - {kind}
    assert {one[0] for one in traits(text, params=off)} == set(TRAIT_KINDS) - {kind}


def test_names_begin_with_what_products_are_called_by(lexical: LexicalEncoder, search: Search) -> None:
    notes = Notes(search.trait_fields)
    names = [f"Nivia {kind}" for kind in ("ball", "bat", "net", "glove", "sock")] + [f"Ball No {n}" for n in range(4)]
    page = [ProductWords(number, name, None, [], [], {}) for number, name in enumerate(names, 1)]
    stem = make_vocabulary(notes.watching([page]), lexical).stem
    assert make_named(notes, stem).leading == {stem("nivia")}  # only 4 names begin with "ball"


@given(st.text(alphabet="nike shoes'-blackfoTX9 €05&", max_size=60))
def test_any_words_can_be_read(traits: Callable[..., list], text: str) -> None:
    assert all(wanted for *_, wanted in traits(text))
