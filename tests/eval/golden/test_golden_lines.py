"""Golden queries as people write them, and one clear line for each mistake."""

from pathlib import Path

import pytest

from eval.golden.limits import Minimum, judge, parse_minimum
from eval.golden.lines import Condition, Golden, parse_golden, read_golden
from service.core.errors import InvalidQuery


def test_a_file_is_read_as_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "golden.txt"
    path.write_bytes(
        b"\xef\xbb\xbf# comments and empty lines do not count\r\n\r\n"
        b"red mug => ids: mug-1 , mug-5, mug-1\r\n"
        b'a => b => name: "red, or so", mug; max_price: 12.50;\r\n'
        b"lamps => category: Home > Lighting; attributes.screen size: 14 ; 16; brand: Alba\r\n"
        b"qwertz   =>   none\r\n"
    )
    assert read_golden(path) == [
        Golden(3, "red mug", ids=("mug-1", "mug-5")),
        Golden(4, "a => b", conditions=(Condition("name", ("red, or so", "mug")), Condition("max_price", ("12.50",)))),
        Golden(
            5,
            "lamps",
            conditions=(
                Condition("category", ("Home > Lighting",)),
                Condition("attributes.screen size", ("14 ; 16",)),
                Condition("brand", ("Alba",)),
            ),
        ),
        Golden(6, "qwertz"),
    ]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("red mug", "no '=>' in 'red mug'"),
        ("=> ids: a", "1 to 1000 characters, got 0"),
        ("red mug =>", "nothing after '=>'"),
        ("red mug => mug-1", "'mug-1' is neither `none` nor `field: value`"),
        ("red mug => id: mug-1", "there is no field 'id'; allowed are ids, brand"),
        ("red mug => attributes.: x", "there is no field"),
        ("red mug => ids: ,", "ids has no value"),
        ("red mug => max_price: cheap", "max_price takes one number, got 'cheap'"),
        ("red mug => max_price: nan", "max_price takes one number"),
        ("red mug => brand: a; brand: b", "brand stands there twice"),
    ],
)
def test_a_mistake_is_named_with_its_line(line: str, says: str) -> None:
    with pytest.raises(InvalidQuery) as raised:
        parse_golden(["# shop", line], "golden.txt")
    assert raised.value.message.startswith("golden.txt, line 2: ")
    assert says in raised.value.message


def test_the_same_query_twice_names_both_lines() -> None:
    with pytest.raises(InvalidQuery, match="line 3: the query 'mug' stands in line 1 already"):
        parse_golden(["mug => none", "", "mug => ids: a"])


def test_a_file_that_says_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidQuery, match="holds no query"):
        parse_golden(["# nothing yet"])
    with pytest.raises(InvalidQuery, match="cannot be read"):
        read_golden(tmp_path / "none.txt")
    (tmp_path / "latin.txt").write_bytes(b"caf\xe9 => none")
    with pytest.raises(InvalidQuery, match="not UTF-8 text \\(byte 3\\)"):
        read_golden(tmp_path / "latin.txt")


@pytest.mark.parametrize("text", ["hit@0=0.5", "hit=0.5", "speed@10=1", "hit@10", "hit@10=2", "hit@10=nan", "mrr@x=1"])
def test_a_minimum_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(InvalidQuery, match="--min"):
        parse_minimum(text)


def test_a_minimum_is_reached_by_being_equal() -> None:
    verdicts = judge([Minimum("hit@1", 0.5), Minimum("nothing", 1.0)], {"hit@1": 0.5, "nothing": 0.5})
    assert [verdict.passed for verdict in verdicts] == [True, False]
    with pytest.raises(InvalidQuery, match="no query of the file has such expectations"):
        judge([parse_minimum("precision@10=1")], {"hit@1": 0.5})
