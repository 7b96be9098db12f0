"""``vitrine eval search`` as a check in CI: what it prints and how it exits."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def golden(vitrine: Callable[..., Any], feed: Path, tmp_path: Path) -> Path:
    vitrine("load", "products", feed)
    vitrine("index")
    path = tmp_path / "golden.txt"
    path.write_text("elephant kettle => ids: kettle\nmug => ids: lamp\n")
    return path


def test_a_missed_minimum_makes_the_command_fail_after_its_result(vitrine: Callable[..., Any], golden: Path) -> None:
    good = vitrine("eval", "search", "--golden", golden, "--min", "hit@1=0.5", "--json")
    assert good.code == 0
    # the log of requests, which commands turn down, is not turned down in tests
    assert json.loads(good.out[good.out.index("{\n") :])["fused"]["hit@1"] == 0.5
    bad = vitrine("eval", "search", "--golden", golden, "--min", "hit@1=0.5", "--min", "mrr@10=0.95")
    assert bad.code == 1
    assert "reached: hit@1 0.500" in bad.out
    assert "MISSED: mrr@10" in bad.out


def test_exactly_one_kind_of_queries_is_asked(vitrine: Callable[..., Any], tmp_path: Path) -> None:
    for options in ([], ["--path", tmp_path, "--golden", tmp_path / "x"]):
        assert "either --path FOLDER" in vitrine("eval", "search", *options).complaint
    assert "--min goes with --golden" in vitrine("eval", "search", "--path", tmp_path, "--min", "hit@1=1").complaint


def test_golden_queries_of_no_shop_make_none(vitrine: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "golden.txt").write_text("mug => none\n")
    assert "there is no shop" in vitrine("eval", "search", "--golden", "golden.txt").complaint
    assert not Path("vitrine-data").exists()
