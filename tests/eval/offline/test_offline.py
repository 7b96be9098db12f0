"""A tiny dataset with an obvious future goes through the whole service."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import func, select

from config.settings import Settings
from eval.offline.run import Offline, offline
from service.core.errors import InvalidQuery
from service.core.types import EventType, Interaction, Product
from service.runtime import open_database_only
from service.store.catalog import upsert_products
from service.store.events import record_events
from service.store.rules import put_rule
from service.store.tables import INTERACTION, PRODUCT, RELEASE, USERS

START = datetime(2025, 1, 1, tzinfo=UTC)

NEXT = 12  # products in a circle: everybody goes round it in the same direction


@pytest.fixture
def circle(tmp_path: Path) -> Path:
    """60 users who buy six neighbouring products of two circles, in order; the last is always the next one."""
    folder = tmp_path / "circle"
    folder.mkdir()
    lines = []
    for user in range(60):
        ring = "AB"[user % 2]
        lines.append(" ".join([f"u{user}", *(f"{ring}{(user // 2 + step) % NEXT}" for step in range(6))]))
    (folder / "sequences.txt").write_text("\n".join(lines) + "\n")
    (folder / "items.csv").write_text(
        "asin,title\n" + "".join(f"{ring}{n},Thing {n} of ring {ring}\n" for ring in "AB" for n in range(NEXT))
    )
    return folder


@pytest.fixture
def small(tmp_path: Path, settings_for: Callable[[Path], Settings]) -> Settings:
    """An empty shop with models for two dozen products."""
    overlay = tmp_path / "small.toml"
    overlay.write_text(
        "[training]\ndimensions = 8\n[training.events]\nhalf_life_days = 1e9\n[training.lightfm]\nepochs = 5\n"
        "[training.nmf]\niterations = 20\n[surfaces.home]\nmmr_lambda = 1.0\n"
    )
    return settings_for(tmp_path / "shop").model_copy(update={"config_file": overlay})


def test_the_future_is_foreseen_and_everything_is_measured_on_the_same_users(
    circle: Path, small: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[Interaction] = []
    keep_what_is_written(monkeypatch, written)
    result = offline(Offline("sequences", circle, sample=20), small)
    assert (result["dataset"], result["split"], result["users"], result["products"]) == (
        "sequences", "leave-last-out", 60, 24,
    )  # fmt: skip
    rows = result["rows"]
    assert {"fused", "signal:cf", "signal:sequence", "popularity", "item_knn", "ease", "lightfm", "als"} <= set(rows)
    assert rows["signal:sequence"]["hit@10"] == 1.0
    assert rows["fused"]["hit@10"] >= 0.95 > rows["popularity"]["ndcg@10"]
    assert result["sampled"]["users"] == 20
    assert "signal:cf" in result["sampled"]["rows"]
    assert "fused" not in result["sampled"]["rows"]
    # 60 x 4 before training, 60 second-last ones after it; the 60 last ones are never told to anybody
    assert len(written) == 300
    assert len({(event.user, event.product) for event in written[:240]}) == 240
    assert [event.product for event in written if event.user == "u0"] == ["A0", "A1", "A2", "A3", "A4"]


def keep_what_is_written(monkeypatch: pytest.MonkeyPatch, written: list[Interaction]) -> None:
    """Listen to what the database is told."""
    from service.store import events

    record = events.record_events

    def listen(session: object, batch: list[Interaction], **options: object) -> object:
        written.extend(batch)
        return record(session, batch, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(events, "record_events", listen)


def test_a_dataset_without_titles_is_called_by_its_ids(circle: Path, small: Settings) -> None:
    (circle / "items.csv").unlink()
    result = offline(Offline("sequences", circle), small)
    assert result["products"] == 24
    assert result["sampled"]["rows"] == []


def test_the_same_seed_gives_the_same_numbers(circle: Path, small: Settings) -> None:
    wanted = Offline("sequences", circle, users=30, rows=("fused", "popularity", "signals"))
    first, second = (offline(wanted, small) for _ in range(2))
    changing = ("seconds", "peak_mb")
    assert {k: v for k, v in first.items() if k not in changing} == {
        k: v for k, v in second.items() if k not in changing
    }
    assert (first["users"], first["users_with_a_future"]) == (30, 60)


def test_every_row_has_intervals_slices_and_figures_beyond_accuracy(circle: Path, small: Settings) -> None:
    result = offline(Offline("sequences", circle, rows=("fused", "fused+diversity", "without:sequence")), small)
    assert list(result["rows"]) == ["fused", "fused+diversity", "without:sequence"]
    assert result["against_fused"]["without:sequence"]["verdict"] == "worse"
    assert result["against_fused"]["without:sequence"]["users"] == 60
    for row, values in result["rows"].items():
        for metric, value in values.items():
            low, high = result["intervals"][row][metric]
            assert low <= value <= high
    assert result["slices"]["users"]["cold"]["fused"]["users"] == 0
    assert result["slices"]["users"]["warm"]["fused"]["users"] == 60
    assert 0 < result["beyond"]["fused"]["coverage"] <= 1
    assert result["beyond"]["fused"]["kind_diversity"] is None  # there are no categories
    assert result["diversity"] == {"mmr_lambda": 0.8, "origin": "recommender.toml; the one in force is 1 (off)"}
    assert result["served_row"] == "fused"


def test_sampled_negatives_are_labelled_and_flatter(circle: Path, small: Settings) -> None:
    rows = ("fused", "popularity")
    full = offline(Offline("sequences", circle, rows=rows), small)
    sampled = offline(Offline("sequences", circle, rows=rows, negatives=4), small)
    assert (full["ranking"], sampled["ranking"]) == ("full", "sampled: among 4 others")
    assert sampled["rows"]["popularity"]["hit@5"] == 1.0 > full["rows"]["popularity"]["hit@5"]


def test_newcomers_are_asked_too(circle: Path, small: Settings) -> None:
    """Strangers to training have no row in any model, and nothing breaks."""
    lines = [f"late{n} " + " ".join(f"A{(n + s) % NEXT}" for s in range(8)) for n in range(5)]
    with (circle / "sequences.txt").open("a") as file:
        file.write("\n".join(lines) + "\n")
    result = offline(Offline("sequences", circle, "global-time", rows=("fused", "popularity")), small)
    assert (result["split"], result["users"]) == ("global-time", 65)


def test_visits_are_told_up_to_their_middle(tmp_path: Path, small: Settings) -> None:
    """Fifty visitors go round the same circle, six products each, one after the other."""
    lines = [
        f"{1_600_000_000_000 + (visit * 3600 + step) * 1000},{visit},view,{1000 + (visit + step) % NEXT},"
        for visit in range(50)
        for step in range(6)
    ]
    (tmp_path / "events.csv").write_text("timestamp,visitorid,event,itemid,transactionid\n" + "\n".join(lines) + "\n")
    result = offline(Offline("retailrocket", tmp_path, rows=("signal:sequence", "lightfm", "ease")), small)
    assert (result["split"], result["users"], result["products"]) == ("session-prefix", 10, NEXT)
    assert result["rows"]["signal:sequence"]["recall@5"] == 1.0  # the three that come next
    assert result["rows"]["lightfm"]["recall@10"] > 0  # folded in


def test_the_shops_own_database_is_read_and_not_written(
    circle: Path, small: Settings, tmp_path: Path, settings_for: Callable[[Path], Settings]
) -> None:
    own = settings_for(tmp_path / "own").model_copy(update={"config_file": small.config_file})
    with open_database_only(own) as database, database.session() as session:
        upsert_products(session, [Product(f"A{n}", f"Thing {n}") for n in range(NEXT)])
        record_events(
            session,
            [
                Interaction(
                    EventType.PURCHASE, START + timedelta(hours=u + s), user=f"u{u}", product=f"A{(u + s) % NEXT}"
                )
                for u in range(20)
                for s in range(6)
            ],
            unknown_products="refuse",
            now=START + timedelta(days=2),
        )
        nothing_but_one = {"must": [{"field": "id", "match": "A0"}]}
        rule = {"id": "one", "condition": nothing_but_one, "consequence": {"kind": "include_only"}}
        put_rule(session, "default", rule, now=START)
    before = rows_of(own)
    result = offline(Offline("shop", None, rows=("fused", "fused+diversity", "popularity")), own)
    assert (result["products"], result["split"]) == (NEXT, "global-time")
    assert result["beyond"]["fused"]["coverage"] > 0.5
    assert result["beyond"]["fused+diversity"]["coverage"] <= 1 / NEXT  # the shop's rules leave one product
    assert rows_of(own) == before
    assert not (tmp_path / "own" / "releases").exists()


def rows_of(settings: Settings) -> list[int]:
    with open_database_only(settings) as database, database.session() as session:
        counts = [select(func.count()).select_from(table) for table in (PRODUCT, INTERACTION, USERS, RELEASE)]
        return [int(session.connection().execute(count).scalar_one()) for count in counts]


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        (Offline("netflix", Path()), "there is no dataset 'netflix'; known are ml-100k"),
        (Offline("ml-100k", Path("nowhere")), "nowhere has no file u.data"),
        (Offline("ml-100k"), "ml-100k needs the folder of its files"),
        (Offline("shop"), "there is no shop in"),
    ],
)
def test_what_is_missing_is_one_clear_line(wanted: Offline, says: str, small: Settings) -> None:
    with pytest.raises(InvalidQuery, match=says):
        offline(wanted, small)


def test_an_unknown_split_is_named(circle: Path, small: Settings) -> None:
    with pytest.raises(InvalidQuery, match="there is no split 'random'"):
        offline(Offline("sequences", circle, "random"), small)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"rows": ("fused", "magic")}, "there is no row 'magic'; known are fused, fused\\+diversity"),
        ({"cutoffs": (10, 25)}, "cut-off 25 is impossible: the catalogue has 24 products"),
        ({"cutoffs": (0,)}, "cut-off 0 is impossible"),
    ],
)
def test_what_cannot_be_measured_is_refused_before_training(
    circle: Path, small: Settings, change: dict[str, Any], says: str
) -> None:
    with pytest.raises(InvalidQuery, match=says):
        offline(Offline("sequences", circle, **change), small)


def test_scores_that_are_no_numbers_are_named(circle: Path, small: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(users: Any, history: Any) -> Any:
        return np.full(history.shape, np.nan, np.float32)

    monkeypatch.setattr("eval.offline.baselines.baseline", lambda *_: broken)
    with pytest.raises(InvalidQuery, match="popularity gives 60 users scores that are no numbers"):
        offline(Offline("sequences", circle, rows=("popularity",)), small)
