"""A judged set is loaded, indexed and searched through the HTTP API."""

from collections.abc import Callable
from pathlib import Path

import pytest

from config.settings import Settings
from eval.search_quality import judged_shop, read_judged, search_quality
from service.core.errors import InvalidQuery


@pytest.fixture
def judged_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "judged"
    folder.mkdir()
    (folder / "products.csv").write_text(
        "product_id,title,manufacturer,price\n"
        "P1,red enamel mug,Alba,5\nP2,blue floor lamp,Quill,40\nP3,green shopping bag,Alba,12\n"
    )
    (folder / "queries.csv").write_text("query_id,query\nQ1,enamel mug in red\nQ2,floor lamp blue\nQ3,nobody knows\n")
    (folder / "relevance.csv").write_text("query_id,product_id\nQ1,P1\nQ2,P2\nQ2,P9\n")
    return folder


def test_queries_without_an_answer_are_left_out(judged_folder: Path) -> None:
    judged = read_judged(judged_folder)
    assert dict(judged.queries) == {"Q1": "enamel mug in red", "Q2": "floor lamp blue"}
    assert judged.relevant["Q2"] == {"P2", "P9"}


def test_the_fusion_and_every_leg_are_measured(
    judged_folder: Path, tmp_path: Path, settings_for: Callable[[Path], Settings]
) -> None:
    with judged_shop(judged_folder, settings_for(tmp_path / "shop")) as runtime:
        result = search_quality(runtime, read_judged(judged_folder))
    assert set(result["legs"]) == {"lexical", "text"}  # no picture model in tests, so no such leg
    # both find their product first; one of Q2's two answers does not exist
    for row in (result["fused"], *result["legs"].values()):
        assert (row["hit@1"], row["mrr@10"], row["recall@10"]) == (1.0, 1.0, 0.75)


@pytest.mark.parametrize(
    ("file", "text", "says"),
    [
        ("queries.csv", None, "cannot be read"),
        ("queries.csv", "id,words\n1,2\n", "no column query, query_id"),
        ("relevance.csv", "query_id,product_id\nQ77,P1\n", "none of the queries"),
        ("relevance.csv", "", "no column"),
    ],
)
def test_an_unusable_set_says_what_is_wrong(judged_folder: Path, file: str, text: str | None, says: str) -> None:
    if text is None:
        (judged_folder / file).unlink()
    else:
        (judged_folder / file).write_text(text)
    with pytest.raises(InvalidQuery, match=says):
        read_judged(judged_folder)


def test_a_real_judged_set_reaches_its_figures(tmp_path: Path, settings_for: Callable[[Path], Settings]) -> None:
    folder = Path(__file__).parents[3] / "shared" / "data" / "search-amazon-google"
    if not folder.is_dir():
        pytest.skip("the Amazon-Google set is not on this machine")
    judged = read_judged(folder)
    # every tenth query: the whole set is `vitrine eval search`
    some = {query: text for number, (query, text) in enumerate(judged.queries.items()) if number % 10 == 0}
    with judged_shop(folder, settings_for(tmp_path)) as runtime:
        result = search_quality(runtime, type(judged)(some, {query: judged.relevant[query] for query in some}))
    assert result["fused"]["mrr@10"] > 0.8
    assert result["fused"]["mrr@10"] >= max(leg["mrr@10"] for leg in result["legs"].values()) - 0.02
