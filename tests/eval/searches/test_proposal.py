"""Which synonyms are proposed, and that a shop can keep them as they are printed."""

from collections.abc import Sequence

import numpy as np
import pytest

from eval.searches.alike import Meanings, spelled_alike
from eval.searches.proposal import Proposal, differing, from_second_tries, lines_of, usable
from service.core.types import Floats
from service.store.search_counts import Instead
from service.words.synonyms import parse_synonyms


@pytest.mark.parametrize(
    ("query", "instead", "pair"),
    [
        ("earbuds", "Earphones", ("earbuds", "earphones")),
        ("red sofa bed", "red couch bed", ("sofa", "couch")),
        ("cell phone case", "mobile case", ("cell phone", "mobile")),
        ("mug", "coffee mug", None),  # said more
        ("blue unicorn mug", "mug", None),  # said less
        ("mug red", "red mug", None),
        ("mug", "mug!", None),
    ],
)
def test_two_tries_differ_in_the_words_between_those_they_share(
    query: str, instead: str, pair: tuple[str, str] | None
) -> None:
    assert differing(query, instead) == pair


def test_what_is_known_said_twice_or_not_to_be_kept_is_not_proposed() -> None:
    tried = [Instead("buds", "earphones", 9), Instead("buds", "a b c d e f", 8), Instead("sofa", "couch", 7)]
    proposals = [*from_second_tries(tried), Proposal("sofa", "couch", "spelled alike")]
    kept = usable(proposals, {("buds", "earphones")}, most=9)
    assert [one.line for one in kept] == ["sofa => couch  # tried next by 7 people, who then took something"]


def test_the_lines_can_be_kept_and_each_pair_stands_there_once() -> None:
    lines = lines_of(
        [[Proposal("sofa", "couch", "tried next")], [Proposal("sofa", "couch", "x"), Proposal("a", "b", "y")]]
    )
    assert lines == ["sofa => couch  # x", "a => b  # y"]
    rules, wrong = parse_synonyms(lines)
    assert ([(rule.asked, rule.also) for rule in rules], wrong) == ([(("sofa",), ("couch",)), (("a",), ("b",))], [])


def test_short_words_and_numbers_are_not_guessed_by_their_spelling() -> None:
    assert spelled_alike("sofa", {"soft": 5}) == []
    assert spelled_alike("galaxy9", {"galaxy": 5}) == []


def test_near_in_meaning_are_words_of_several_products_and_categories() -> None:
    at = {"earbuds": (1.0, 0.0), "earphones": (0.8, 0.6), "audio": (0.6, 0.8), "typo": (1.0, 0.0), "mug": (0.0, 1.0)}

    def encode(texts: Sequence[str]) -> Floats:
        return np.array([at[text] for text in texts], np.float32)

    meanings = Meanings({"earphones": 9, "mug": 5, "typo": 1}, ["Audio"], encode)
    assert [(one.also, one.why) for one in meanings.near("earbuds")] == [
        ("earphones", "near in meaning (0.80)"),
        ("audio", "near in meaning (0.60)"),
    ]
    assert Meanings({}, [], encode).near("earbuds") == []
