"""Golden queries asked of a shop of twelve mugs, lamps and bags; expected values are counted by hand."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from eval.golden.limits import parse_minimum
from eval.golden.lines import parse_golden
from eval.golden.run import measure_golden
from eval.search_quality import ask_all
from service.core.errors import InvalidQuery
from service.core.types import Slate
from service.runtime import Runtime

LINES = [
    "red mug         => ids: mug-1",
    "lamp in green   => ids: lamp-3, bag-1",
    "mug             => name: MUG",
    "white           => attributes.colour: white",
    "things to carry => category: bags; max_price: 10",
    "xqzw vlkp       => none",
    "blue lamp       => none",
]


@pytest.fixture(scope="module")
def result(runtime: Runtime) -> dict[str, Any]:
    minimums = [parse_minimum(text) for text in ("hit@1=1", "recall@100=1", "nothing=0.9")]
    return measure_golden(runtime, parse_golden(LINES), "golden.txt", minimums=minimums)


def test_named_products_are_found_by_rank(result: dict[str, Any]) -> None:
    fused = result["fused"]
    assert (fused["hit@1"], fused["mrr@10"]) == (1.0, 1.0)
    assert set(result["legs"]) == {"lexical", "text"}
    # one leg knows no word of "things to carry", the other is never without an answer
    assert result["legs"]["lexical"]["precision@10"] < result["legs"]["text"]["precision@10"]


def test_conditions_are_measured_over_the_slots_that_could_be_right(result: dict[str, Any]) -> None:
    assert result["by_condition"]["name"] == 1.0  # mug-4 is sold out, so three slots
    assert result["by_condition"]["attributes.colour"] == 1.0  # bag-4 alone: mug-4 is sold out, lamp-4 hidden


def test_nonsense_is_recognised_and_a_real_product_is_not_nonsense(result: dict[str, Any]) -> None:
    assert result["fused"]["nothing"] == 0.5
    (wrong,) = [entry for entry in result["missed"] if entry["line"] == 7]
    assert "should find nothing, but finds lamp-2" in wrong["why"]
    assert [entry["query"] for entry in result["low_confidence"]] in ([], ["things to carry"])
    assert "text cosine of 0.45" in result["low_confidence_rule"]


def test_minimums_decide_whether_it_passes(result: dict[str, Any]) -> None:
    assert [verdict["passed"] for verdict in result["minimums"]] == [True, True, False]
    assert not result["passed"]


def test_unknown_ids_are_all_named_in_one_line(runtime: Runtime) -> None:
    golden = parse_golden(["mug => ids: mug-1, mug-77", "bag => ids: nobody"])
    with pytest.raises(InvalidQuery) as raised:
        measure_golden(runtime, golden, "golden.txt")
    assert "no product has the id mug-77 (line 1), nobody (line 2)" in raised.value.message


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("mug => brand: Albba", "line 1: no product that may be shown has brand: Albba; did you mean Alba?"),
        ("mug => min_price: 5000", "no product that may be shown has min_price: 5000"),
        ("mug => name: mug; category: Bags", "fulfils all of name, category at once"),
    ],
)
def test_a_condition_that_no_product_fulfils_is_a_mistake_of_the_file(runtime: Runtime, line: str, says: str) -> None:
    with pytest.raises(InvalidQuery) as raised:
        measure_golden(runtime, parse_golden([line]), "golden.txt")
    assert says in raised.value.message


def test_products_that_can_never_be_found_are_named(runtime: Runtime) -> None:
    result = measure_golden(runtime, parse_golden(["mug => ids: mug-4, lamp-4, mug-1"]), "golden.txt")
    assert result["never_shown"] == ["lamp-4", "mug-4"]


def test_what_is_asked_to_measure_is_not_recorded_as_shown(runtime: Runtime) -> None:
    shown: list[Slate] = []
    services = replace(runtime.services, record=lambda *told: shown.append(told[-1]))
    ((found,),) = asyncio.run(ask_all(replace(runtime, services=services), ["mug"], [None]))
    assert found
    assert not shown
