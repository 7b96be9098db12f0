"""Behaviour from TOML: overlays, and one line for each mistake."""

import pytest
from pydantic import BaseModel

from config.params import Params, load_params, packaged_defaults
from config.surface import Surface
from service.core.errors import ConfigurationError
from service.signals import SIGNALS as ALL_SIGNALS

SIGNALS = frozenset(ALL_SIGNALS)


@pytest.fixture
def overlay(folder):
    """Loads an overlay given as text."""

    def load(text, signals=SIGNALS):
        (folder / "own.toml").write_text(text, encoding="utf-8")
        return load_params(folder / "own.toml", signals=signals)

    return load


def keys_of_model(model, name=""):
    """The dotted names of all fields, `*` for tables whose keys are free."""
    for field, info in model.model_fields.items():
        inner = info.annotation
        dotted = f"{name}{field}"
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from keys_of_model(inner, f"{dotted}.")
        elif field == "experiments":
            continue  # the packaged file has none
        elif inner == dict[str, Surface]:
            yield from keys_of_model(Surface, f"{dotted}.*.")
        else:
            yield dotted


FREE = (
    "weights", "half_life_products", "caps", "match_shares", "match_most", "traits", "trait_fields", "similar_modes",
    "with_product", "with_picture", "per_minute",
)  # fmt: skip


def keys_of_table(table, name=""):
    """The dotted names of all keys; surfaces and weights have free names."""
    for key, value in table.items():
        dotted = f"{name}{key}"
        if dotted.startswith("surfaces.") and dotted.count(".") == 1:
            dotted = "surfaces.*"
        if isinstance(value, dict) and key not in FREE:
            yield from keys_of_table(value, f"{dotted}.")
        else:
            yield dotted


def test_every_key_of_the_file_is_read_and_every_field_stands_in_the_file():
    assert set(keys_of_table(packaged_defaults())) == set(keys_of_model(Params))


def test_every_surface_says_everything_so_that_nothing_has_a_hidden_default():
    for surface in packaged_defaults()["surfaces"].values():
        assert set(surface) == set(Surface.model_fields)
    assert all(field.is_required() for field in Surface.model_fields.values())


def test_an_overlay_changes_what_it_names_and_nothing_else(overlay):
    own = overlay("[surfaces.search]\nn = 7\n[surfaces.search.weights]\ntext = 0.9\n[encoders.bm25]\nk1 = 2\n")
    defaults = load_params()
    assert (own.surfaces["search"].n, own.encoders.bm25.k1) == (7, 2.0)
    assert own.surfaces["search"].weights == defaults.surfaces["search"].weights | {"text": 0.9}
    assert own.surfaces["similar"] == defaults.surfaces["similar"]
    assert own.indexing == defaults.indexing
    assert own.encoders.bm25.b == defaults.encoders.bm25.b


def test_there_is_one_table_of_event_weights_and_only_training_ages_them(overlay):
    events = overlay("[events]\nliked_from = 3\n[events.weights]\nview = 2").events
    assert (events.taste().by_type["view"], events.taste().by_type["hide"]) == (2.0, -5.0)
    assert (events.taste().liked_from, events.taste().half_life_days) == (3.0, float("inf"))
    assert events.taste(90.0).half_life_days == 90.0


def test_an_empty_overlay_changes_nothing(overlay):
    assert overlay("") == load_params()


def test_a_list_is_replaced_as_a_whole(overlay):
    assert overlay('[catalogue]\nfilterable_attributes = ["fit"]').catalogue.filterable_attributes == ("fit",)


def test_an_overlay_leaves_the_packaged_defaults_as_they_are(overlay):
    before = load_params()
    overlay("[surfaces.search]\nn = 7")
    assert load_params() == before


def test_params_cannot_be_changed_by_mistake():
    with pytest.raises(ValueError, match="frozen"):
        load_params().surfaces["search"].n = 3  # type: ignore[misc]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[surfaces.search]\nlamda = 1", "surfaces.search.lamda"),
        ("[history.weights]\nview = 1", "history.weights: there is no such key"),
        ("[history]\nliked_from = 3", "history.liked_from: there is no such key"),
        ("[training.events]\nweights = { view = 1 }", "training.events.weights: there is no such key"),
        ("[training.events]\ndisliked_to = 1", "training.events.disliked_to: there is no such key"),
        ("[events.weights]\nlook = 1", "events.weights.look"),
        ("[events.weights]\nview = -101", "events.weights.view"),
        ("[bogus]\na = 1", "bogus"),
        ("[indexing]\nbatch = 0", "indexing.batch"),
        ("[indexing]\nbatch = 10001", "indexing.batch"),
        ("[indexing]\nbatch = 'many'", "indexing.batch"),
        ("[indexing]\nbatch = 1.5", "indexing.batch"),
        ("[indexing]\npoll_ms = 49", "indexing.poll_ms"),
        ("[encoders.bm25]\nb = 1.1", "encoders.bm25.b"),
        ("[encoders.bm25]\naverage_length = nan", "encoders.bm25.average_length"),
        ("[surfaces.search]\nmmr_lambda = -0.1", "surfaces.search.mmr_lambda"),
        ("[surfaces.search]\nmmr_lambda = nan", "surfaces.search.mmr_lambda"),
        ("[surfaces.search]\ntemperature = nan", "surfaces.search.temperature"),
        ("[surfaces.search]\nfreshness_half_life_days = 0", "surfaces.search.freshness_half_life_days"),
        ("[surfaces.search]\nnormalize = 'max'", "surfaces.search.normalize.*'minmax', 'zscore', 'gaussian' or 'rank'"),
        ("[surfaces.search]\nfuse = 'sum'", "surfaces.search.fuse.*'weighted' or 'rrf'"),
        ("[surfaces.search]\nn = 101", "surfaces.search.*n = 101 is larger than max_n = 100"),
        ("[surfaces.search]\nweights = 1", "surfaces.search.weights"),
        ("[surfaces.search.weights]\ntext = -1", "surfaces.search.weights.text"),
        ("[surfaces.search.weights]\ntext = inf", "surfaces.search.weights.text"),
        ("[surfaces.search.weights]\ntext = nan", "surfaces.search.weights.text"),
        (
            "[surfaces.search.weights]\nlexical = 0\ntext = 0\nimage = 0\npicture = 0\nchosen = 0",
            "surfaces.search.*at least one weight",
        ),
        ("[surfaces.aisle]\nn = 3", "surfaces.aisle.max_n: field required"),
        ("surfaces = 3", "surfaces"),
    ],
)
def test_a_wrong_value_is_refused_by_the_name_of_its_key(overlay, text, says):
    with pytest.raises(ConfigurationError, match=says) as refused:
        overlay(text)
    assert "own.toml" in refused.value.message
    assert "\n" not in refused.value.message


def test_all_mistakes_are_named_at_once(overlay):
    with pytest.raises(ConfigurationError, match=r"indexing\.batch.*retrieval\.ef"):
        overlay("[indexing]\nbatch = 0\n[retrieval]\nef = 0")


def test_a_weight_of_a_signal_that_does_not_exist_is_refused_with_those_that_do(overlay):
    with pytest.raises(ConfigurationError, match=r"surfaces\.search\.weights.*'vibes'.*image, lexical.*text"):
        overlay("[surfaces.search.weights]\nvibes = 1")


@pytest.mark.parametrize("content", [b"a = = 1", b"[a\n", b"a = 1\na = 2", b"name = '\xff'", b"\x00"])
def test_a_file_that_is_no_toml_is_one_line(folder, content):
    (folder / "own.toml").write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"own\.toml: not valid TOML") as refused:
        load_params(folder / "own.toml")
    assert "\n" not in refused.value.message


def test_a_file_that_cannot_be_read_is_one_line_that_names_the_variable(folder):
    for path in (folder / "missing.toml", folder):
        with pytest.raises(ConfigurationError, match=r"cannot be read.*VITRINE_CONFIG_FILE"):
            load_params(path)
