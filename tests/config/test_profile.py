"""Profiles: found by name or path, laid between the packaged behaviour and the shop's own file."""

from pathlib import Path

import pytest

from config.params import load_params
from config.profile import profile_file, profile_names
from config.settings import Settings, load_settings
from indexer.retrain import train_command
from service.api.compat import compat_apis, compat_router
from service.core.errors import ConfigurationError
from service.signals import SIGNALS


@pytest.mark.parametrize("name", profile_names())
def test_every_packaged_profile_is_valid_and_names_an_api_that_exists(name: str) -> None:
    params = load_params(profile_file(name), signals=frozenset(SIGNALS))
    assert params.profile.api in ("", *compat_apis())


def test_the_shops_own_file_has_its_way_over_the_profile_and_the_profile_over_what_is_packaged(tmp_path: Path) -> None:
    (tmp_path / "ours.toml").write_text("[surfaces.home.weights]\ncf = 0.25\n")
    settings = load_settings(profile="movielens", config_file=tmp_path / "ours.toml")
    weights = load_params(*settings.overlays).surfaces["home"].weights
    assert (weights["cf"], weights["best_value"]) == (0.25, 0.0)  # 1.0 in the profile, 0.05 as packaged


def test_a_profile_may_be_a_path(tmp_path: Path) -> None:
    (tmp_path / "ours.toml").write_text('[profile]\nabout = "our own"\n')
    settings = load_settings(profile=str(tmp_path / "ours.toml"))
    assert load_params(*settings.overlays).profile.about == "our own"


def test_a_profile_that_does_not_exist_is_one_line_that_lists_them_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VITRINE_PROFILE", "nosuch")
    with pytest.raises(ConfigurationError, match=r"no profile 'nosuch'.*beauty.*logs.*movielens"):
        load_settings()


def test_an_api_that_does_not_exist_is_one_line_that_lists_them_all() -> None:
    with pytest.raises(ConfigurationError, match="'nosuch': there is no such API; there are: "):
        compat_router("nosuch")


def test_a_training_of_the_schedule_has_the_profile_too() -> None:
    command = train_command(Settings.model_construct(profile="movielens"))
    assert command[command.index("--profile") + 1] == "movielens"
