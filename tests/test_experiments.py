"""Experiments: sticky, exclusive within a layer, of the promised size, and refused when they make no sense."""

from collections import Counter
from pathlib import Path

import pytest

from config.params import Params, load_params
from service.core.errors import ConfigurationError, InvalidQuery
from service.experiments import assign

TWO_IN_ONE_LAYER = """
[experiments.variety]
surfaces = ["home"]
traffic = 0.5
variants = { control = { share = 0.5 }, varied = { share = 0.5, changes = { mmr_lambda = 0.5 } } }
[experiments.words]
surfaces = ["home", "search"]
traffic = 0.3
start = 2026-01-01T00:00:00Z
end = 2026-02-01T00:00:00Z
variants = { control = { share = 0.8 }, more = { share = 0.2, changes = { weights = { text = 0.9 } } } }
"""
JANUARY = 1768435200.0  # 2026-01-15
VISITORS = [f"user:{number}" for number in range(4000)]


@pytest.fixture
def load(tmp_path: Path):
    def load(text: str) -> Params:
        (tmp_path / "own.toml").write_text(text)
        return load_params(tmp_path / "own.toml")

    return load


def arms(params: Params, surface: str = "home", now: float = JANUARY) -> Counter[str]:
    found: Counter[str] = Counter()
    for visitor in VISITORS:
        found[assign(params, surface, visitor=visitor, now=now).label] += 1
    return found


def test_shares_are_as_promised_and_a_layer_is_exclusive(load) -> None:
    share = {label: count / len(VISITORS) for label, count in arms(load(TWO_IN_ONE_LAYER)).items()}
    expected = {
        "variety=control": 0.25,
        "variety=varied": 0.25,
        "words=control": 0.24,
        "words=more": 0.06,
        "control": 0.2,
    }
    assert set(share) == set(expected)  # none is in both
    assert all(abs(share[label] - wanted) < 0.025 for label, wanted in expected.items())  # three standard errors


def test_the_same_visitor_always_sees_the_same(load) -> None:
    params = load(TWO_IN_ONE_LAYER)
    first = [assign(params, "home", visitor=visitor, now=JANUARY).arms for visitor in VISITORS[:200]]
    again = [assign(params, "home", visitor=visitor, now=JANUARY + 3600).arms for visitor in VISITORS[:200]]
    assert first == again


def test_ramping_up_moves_nobody_who_takes_part_already(load) -> None:
    small, large = load(TWO_IN_ONE_LAYER.replace("0.3", "0.1")), load(TWO_IN_ONE_LAYER)
    for visitor in VISITORS[:500]:
        before = assign(small, "home", visitor=visitor, now=JANUARY).arms
        assert before.items() <= assign(large, "home", visitor=visitor, now=JANUARY).arms.items()


def test_only_its_surfaces_and_its_time_are_touched(load) -> None:
    params = load(TWO_IN_ONE_LAYER)
    assert {label.partition("=")[0] for label in arms(params, "search")} == {"control", "words"}
    assert {label.partition("=")[0] for label in arms(params, now=JANUARY + 40 * 86_400)} == {"control", "variety"}


def test_layers_are_independent(load) -> None:
    params = load(TWO_IN_ONE_LAYER.replace("traffic = 0.3", 'traffic = 1.0\nlayer = "words"'))
    both = Counter(
        tuple(assign(params, "home", visitor=visitor, now=JANUARY).arms.get(name) for name in ("variety", "words"))
        for visitor in VISITORS
    )
    assert abs(both[("varied", "more")] / len(VISITORS) - 0.25 * 0.2) < 0.012


def test_a_holdout_and_strangers_take_part_in_nothing(load) -> None:
    params = load("[assignment]\nholdout = 1.0\n" + TWO_IN_ONE_LAYER)
    assert set(arms(params)) == {"control"}
    assert assign(load(TWO_IN_ONE_LAYER), "home", visitor=None, now=JANUARY).arms == {}


def test_a_variant_changes_what_it_names_and_the_request_has_the_last_word(load) -> None:
    params = load(TWO_IN_ONE_LAYER)
    visitor = next(v for v in VISITORS if assign(params, "home", visitor=v, now=JANUARY).label == "words=more")
    surface = assign(params, "home", visitor=visitor, now=JANUARY).surface
    assert surface.weights == params.surfaces["home"].weights | {"text": 0.9}
    own = assign(params, "home", visitor=visitor, now=JANUARY, weights={"text": 0.2}).surface
    assert own.weights["text"] == 0.2


def test_a_tester_sees_a_variant_that_does_not_count(load) -> None:
    params = load(TWO_IN_ONE_LAYER)
    forced = assign(params, "home", visitor="user:1", now=JANUARY, forced={"variety": "varied"})
    assert (forced.surface.mmr_lambda, "variety" in forced.arms) == (0.5, False)
    assert "variety=varied (forced)" in forced.label
    with pytest.raises(InvalidQuery, match="has no variant 'x'; it has control, varied"):
        assign(params, "home", forced={"variety": "x"})
    with pytest.raises(InvalidQuery, match="there are: variety, words"):
        assign(params, "home", forced={"vary": "x"})


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("traffic = 0.3", "traffic = 0.6", r"layer ranking \(variety, words\) take 1.1 of it"),
        ("share = 0.8", "share = 0.9", "must add up to 1, got 1.1"),
        ('"home", "search"', '"home", "attic"', "there is no surface 'attic'"),
        ("mmr_lambda = 0.5", "mmr_lambda = 1.5", "variety, variant varied: mmr_lambda"),
        ("mmr_lambda = 0.5", "shininess = 1", "shininess: there is no such key"),
        ("text = 0.9", "telepathy = 0.9", "the surface has no signal 'telepathy'"),
        ("end = 2026-02-01", "end = 2025-02-01", "before it starts"),
        ("experiments.variety]", "experiments.Variety]", "experiments.Variety"),
    ],
)
def test_an_experiment_that_makes_no_sense_is_refused_in_one_line(load, old: str, new: str, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says) as caught:
        load(TWO_IN_ONE_LAYER.replace(old, new, 1))
    assert "\n" not in str(caught.value)


def test_a_variant_may_be_answered_by_another_release(load) -> None:
    text = TWO_IN_ONE_LAYER.replace("varied = { share = 0.5,", 'varied = { share = 0.5, release = "r-2",')
    params = load(text)
    forced = assign(params, "home", visitor="user:1", now=JANUARY, forced={"variety": "varied"})
    assert (forced.release, assign(params, "similar", visitor="user:1", now=JANUARY).release) == ("r-2", None)
