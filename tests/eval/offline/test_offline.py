"""A tiny dataset with an obvious future goes through the whole service."""

from collections.abc import Callable
from pathlib import Path

import pytest

from config.settings import Settings
from eval.offline.run import Offline, offline
from service.core.errors import InvalidQuery
from service.core.types import Interaction

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


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        (Offline("netflix", Path()), "there is no dataset 'netflix'; known are ml-100k"),
        (Offline("ml-100k", Path("nowhere")), "nowhere has no file u.data"),
    ],
)
def test_what_is_missing_is_one_clear_line(wanted: Offline, says: str, small: Settings) -> None:
    with pytest.raises(InvalidQuery, match=says):
        offline(wanted, small)


def test_an_unknown_split_is_named(circle: Path, small: Settings) -> None:
    with pytest.raises(InvalidQuery, match="there is no split 'random'"):
        offline(Offline("sequences", circle, "random"), small)
