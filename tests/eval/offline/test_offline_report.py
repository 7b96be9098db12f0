"""The report holds what the JSON holds, needs no network, and escapes what merchants wrote."""

import re
from pathlib import Path
from typing import Any

import pytest

from eval.offline.manner import FIGURES
from eval.offline.report import offline_report
from eval.report import Section, Table, as_html, as_markdown


@pytest.fixture
def result() -> dict[str, Any]:
    cell = {"users": 9, "ndcg@10": 0.25, "recall@10": 0.5, "intervals": {"ndcg@10": [0.2, 0.3], "recall@10": None}}
    names = ("fused", "ease")
    return {
        "dataset": "ml-100k",
        "split": "per-user-time",
        "users": 9,
        "products": 20,
        "interactions": 100,
        "rows": {name: {"ndcg@10": 0.1234, "hit@10": 0.5} for name in names},
        "intervals": {name: {"ndcg@10": [0.1, 0.15], "hit@10": None} for name in names},
        "against_fused": {"ease": {"metric": "ndcg@10", "relative": -0.1, "p": 0.5, "verdict": "underpowered"}},
        "slices": {
            "users": {"cold": {name: {"users": 0} for name in names}, "warm": dict.fromkeys(names, cell)},
            "products": {"new": dict.fromkeys(names, cell)},
        },
        "beyond": {name: dict.fromkeys(FIGURES, 0.321) | {"miscalibration": None} for name in names},
        "sampled": {"users": 9, "rows": []},
        "config": "recommender.toml",
    }


def test_the_page_stands_alone_and_says_what_the_markdown_says(tmp_path: Path, result: dict[str, Any]) -> None:
    page, text = offline_report(tmp_path / "out", result, ["Full ranking."], "vitrine eval offline --dataset ml-100k")
    html, markdown = page.read_text("utf-8"), text.read_text("utf-8")
    for words in ("0.1234", "0.1000-0.1500", "underpowered", "-10.0%", "0.2500 ±0.050", "vitrine eval offline",
                  "surfaces.home.mmr_lambda", "Full ranking."):  # fmt: skip
        assert words in html, words
        assert words in markdown, words
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=", html)
    assert html.count("Plotly.newPlot(") >= 2
    assert "prefers-color-scheme: dark" in html


def test_names_are_text_not_markup() -> None:
    sections = [Section("<b>", [Table(["x"], [["<script>alert(1)</script>|"]])])]
    assert "<script>" not in as_html("t", "l", sections)
    assert "\\|" in as_markdown("t", "l", sections)
