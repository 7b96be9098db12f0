"""Tuning never sees the test, prefers what is better, and writes only what is better beyond doubt."""

import tomllib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from config.params import load_params
from config.settings import Settings
from eval.offline.run import Offline
from eval.offline.split import leave_last_out, per_user_time
from eval.tune.block import toml_block
from eval.tune.front import Tradeoff, most_diverse
from eval.tune.lists import Choice, Gathered
from eval.tune.run import Tune, halves, tune, validation
from eval.tune.search import best_choice, ndcg
from service.core.errors import InvalidQuery
from service.core.types import EventType, Interaction
from service.store.vectors import Hits

START = datetime(2025, 1, 1, tzinfo=UTC)


def bought(user: str, *products: str) -> list[Interaction]:
    return [
        Interaction(EventType.PURCHASE, START + timedelta(days=day), user=user, product=product)
        for day, product in enumerate(products)
    ]


def test_the_validation_split_knows_nothing_of_the_test() -> None:
    events = [event for user in "abc" for event in bought(user, *(f"{user}{n}" for n in range(10)))]
    for split, name, test in (
        (per_user_time(events), "per-user-time", {"8", "9"}),
        (leave_last_out(events), "leave-last-out", {"9"}),
    ):
        inner = validation(split, name)
        seen = {event.product for event in (*inner.train, *inner.later)} | set().union(*inner.relevant.values())
        assert not {product for product in seen if product and product[1:] in test}
        assert inner.relevant.keys() == {"a", "b", "c"}


def gathered(users: int) -> tuple[Gathered, csr_matrix]:
    """A good signal, a bad one, and one that is good at half-life 2 only; product 0 is what everybody wants."""
    good = Hits(np.array([0, 1, 2]), np.array([3, 2, 1], np.float32))
    bad = Hits(np.array([1, 2, 0]), np.array([3, 2, 1], np.float32))
    lists = {("good", 0.0): [good] * users, ("bad", 0.0): [bad] * users}
    lists |= {("aging", 1.0): [bad] * users, ("aging", 2.0): [good] * users}
    relevant = csr_matrix(([1.0] * users, (range(users), [0] * users)), shape=(users, 3))
    return Gathered(lists, np.arange(3), load_params().surfaces["home"]), relevant


def test_the_search_finds_the_better_signal_and_half_life() -> None:
    lists, relevant = gathered(20)
    current = Choice({"good": 0.1, "bad": 1.0, "aging": 0.5}, {"aging": 1.0})
    users = list(range(20))
    best = best_choice(
        lists, current, {"aging": [1.0, 2.0]}, users, relevant, trials=30, seed=1, on_progress=lambda _: None
    )
    assert ndcg(lists, current, users, relevant).mean() == pytest.approx(0.5)  # third: 1 / log2(4)
    assert ndcg(lists, best, users, relevant).mean() == 1
    assert best.half_lives == {"aging": 2.0} or best.weights["good"] > best.weights["bad"]
    again = best_choice(
        lists, current, {"aging": [1.0, 2.0]}, users, relevant, trials=30, seed=1, on_progress=lambda _: None
    )
    assert again == best


def test_silent_signals_are_left_out_and_a_feed_of_nothing_is_empty() -> None:
    lists = Gathered({("cf", 0.0): [None]}, np.arange(3), load_params().surfaces["home"])
    assert lists.places(Choice({"cf": 1.0}, {}), [0], 2).tolist() == [[-1, -1]]


def test_the_most_varied_lambda_that_is_affordable_is_taken() -> None:
    def point(mmr_lambda: float, value: float, variety: float) -> Tradeoff:
        return Tradeoff(mmr_lambda, np.array([value]), np.array([variety]))

    found = [point(1.0, 0.5, 0.1), point(0.8, 0.495, 0.2), point(0.6, 0.4, 0.9)]
    assert most_diverse(found, 0.02).mmr_lambda == 0.8
    assert most_diverse(found, 0.0).mmr_lambda == 1.0
    assert most_diverse(found, 0.5).mmr_lambda == 0.6


def test_halves_share_nobody() -> None:
    one, other = halves(9, 7)
    assert sorted(one + other) == list(range(9))
    assert (one, other) == halves(9, 7)


def test_the_block_is_an_overlay_with_its_origin(tmp_path: Path) -> None:
    text = toml_block({"cf": 0.5, "trending": 0.0}, {"cf": 2.0}, 0.9, ["from a test"])
    assert tomllib.loads(text)["surfaces"]["home"]["weights"] == {"cf": 0.5, "trending": 0.0}
    (tmp_path / "own.toml").write_text(text)
    params = load_params(tmp_path / "own.toml")
    assert (params.surfaces["home"].mmr_lambda, params.history.half_life_products["cf"]) == (0.9, 2.0)
    assert "from a test" in text


def shop_of_sequences(folder: Path, users: int) -> None:
    """Everybody walks through the products in a circle."""
    lines = [" ".join([f"u{user}", *(f"p{(user + step) % 30}" for step in range(6))]) for user in range(users)]
    (folder / "sequences.txt").write_text("\n".join(lines))


def test_what_is_not_better_beyond_doubt_is_not_written(
    tmp_path: Path, settings_for: Callable[[Path], Settings]
) -> None:
    shop_of_sequences(tmp_path, 60)
    overlay = tmp_path / "small.toml"
    overlay.write_text(
        "[history]\nidle_days = 36500\n[training]\ndimensions = 4\n[training.lightfm]\nepochs = 2\n"
        "[surfaces.home.weights]\ncf = 0\ncovisit = 0\nassociation = 0\nimage = 0\ntext = 0\nsearches = 0\n"
        "trending = 0\nbest_value = 0\n"
    )
    settings = settings_for(tmp_path / "shop").model_copy(update={"config_file": overlay})
    result = tune(Tune(Offline("sequences", tmp_path), trials=2), settings)
    assert (result["current"]["weights"], result["verdict"], result["toml"]) == (
        {"sequence": 0.8},
        "no difference",
        None,
    )
    assert result["tuned_on"] + result["confirmed_on"] == 60
    assert result["front"][0]["mmr_lambda"] == 1.0


def test_too_few_users_are_refused(tmp_path: Path, settings_for: Callable[[Path], Settings]) -> None:
    shop_of_sequences(tmp_path, 8)
    with pytest.raises(InvalidQuery, match="has 8 users, at least 40 are needed"):
        tune(Tune(Offline("sequences", tmp_path)), settings_for(tmp_path / "shop"))
