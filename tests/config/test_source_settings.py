"""Whose database DATABASE_URL names: ours, but where a shop's own is read; we must never write into that one."""

import pytest

from config.settings import effective_settings, load_settings
from config.source import has_source
from service.core.errors import ConfigurationError


@pytest.fixture
def reads_a_shop(folder):
    path = folder / "shop.toml"
    path.write_text("[source]\nenabled = true\n")
    return path


def plain(secret):
    return secret and secret.get_secret_value()


def test_without_a_source_database_url_is_our_own(folder, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://shop")
    settings = load_settings()
    assert (settings.sql_url, settings.source_url) == ("postgresql://shop", None)


def test_with_a_source_database_url_is_the_shops_and_ours_is_a_file_of_our_own(folder, monkeypatch, reads_a_shop):
    monkeypatch.setenv("DATABASE_URL", "postgresql://shop")
    settings = load_settings(config_file=reads_a_shop)
    assert plain(settings.source_url) == "postgresql://shop"
    assert settings.sql_url == f"sqlite:///{folder}/vitrine-data/vitrine.db"
    told = {row.name: row.source for row in effective_settings(settings)}
    assert told["VITRINE_SOURCE_URL"] == "environment DATABASE_URL"
    assert told["VITRINE_DATABASE_URL"] == "default"


def test_the_same_holds_for_a_dotenv_file_as_the_description_has_it(folder, reads_a_shop):
    (folder / ".env").write_text('DATABASE_URL= "postgres_url"\n')
    settings = load_settings(config_file=reads_a_shop)
    assert (plain(settings.source_url), settings.database_url) == ("postgres_url", None)


def test_names_of_our_own_win_and_both_can_be_told(folder, monkeypatch, reads_a_shop):
    monkeypatch.setenv("DATABASE_URL", "postgresql://common")
    monkeypatch.setenv("VITRINE_SOURCE_URL", "postgresql://shop")
    monkeypatch.setenv("VITRINE_DATABASE_URL", "postgresql://ours")
    settings = load_settings(config_file=reads_a_shop)
    assert (plain(settings.source_url), settings.sql_url) == ("postgresql://shop", "postgresql://ours")


def test_the_last_overlay_decides_and_one_that_cannot_be_read_is_refused(folder, reads_a_shop):
    off = folder / "off.toml"
    off.write_text("[source]\nenabled = false\n")
    assert not has_source([reads_a_shop, off])
    off.write_text("[source]\ncurrency = 'EUR'\n")
    assert has_source([reads_a_shop, off])
    off.write_text("[source\n")
    with pytest.raises(ConfigurationError, match="not valid TOML"):
        load_settings(config_file=off)
