"""Deployment settings: which source wins, what is shown, and one line for each mistake."""

import pytest

from config.settings import Settings, effective_settings, load_settings
from service.core.errors import ConfigurationError

SECRET = "g3heim"


def sources(**cli):
    """Variable -> (value, source) of everything that is not a default."""
    rows = effective_settings(load_settings(**cli), frozenset(cli))
    return {row.name: (row.value, row.source) for row in rows if row.source != "default"}


def test_without_anything_set_everything_lies_in_one_folder(folder):
    settings = load_settings()
    assert sources() == {}
    assert settings.sql_url == f"sqlite:///{folder}/vitrine-data/vitrine.db"
    assert settings.vectors_dir == folder / "vitrine-data" / "vectors"
    assert settings.embedded


def test_the_command_line_wins_over_the_environment_and_that_over_the_file(folder, monkeypatch):
    (folder / ".env").write_text("VITRINE_PORT=81\nVITRINE_HOST=0.0.0.0\nUNKNOWN=1\n")
    assert sources()["VITRINE_PORT"] == ("81", ".env VITRINE_PORT")
    monkeypatch.setenv("VITRINE_PORT", "82")
    assert sources()["VITRINE_PORT"] == ("82", "environment VITRINE_PORT")
    assert sources(port=83)["VITRINE_PORT"] == ("83", "command line")
    assert sources(port=None)["VITRINE_HOST"] == ("0.0.0.0", ".env VITRINE_HOST")


@pytest.mark.parametrize("name", ["DATABASE_URL", "QDRANT_URL", "QDRANT_API_KEY"])
def test_names_that_platforms_set_are_understood_and_our_own_win(folder, monkeypatch, name):
    monkeypatch.setenv(name, "common://host")
    assert sources()[f"VITRINE_{name}"][1] == f"environment {name}"
    monkeypatch.setenv(f"VITRINE_{name}", "own://host")
    assert sources()[f"VITRINE_{name}"][1] == f"environment VITRINE_{name}"
    value = getattr(load_settings(), name.lower())
    assert (value if isinstance(value, str) else value.get_secret_value()) == "own://host"


def test_secrets_are_never_shown(folder, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", f"postgresql://shop:{SECRET}@db/shop")
    (folder / ".env").write_text(f"QDRANT_API_KEY={SECRET}\n")
    settings = load_settings()
    shown = [repr(settings), str(settings), settings.model_dump_json(), repr(effective_settings(settings))]
    assert not [text for text in shown if SECRET in text]
    assert sources()["VITRINE_DATABASE_URL"] == ("********", "environment DATABASE_URL")
    assert settings.sql_url == f"postgresql://shop:{SECRET}@db/shop"
    assert not settings.embedded


def test_a_mistake_elsewhere_does_not_show_secrets(folder, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", f"postgresql://shop:{SECRET}@db/shop")
    monkeypatch.setenv("VITRINE_PORT", "x")
    with pytest.raises(ConfigurationError) as refused:
        load_settings()
    assert SECRET not in refused.value.message


@pytest.mark.parametrize(
    ("variable", "value", "allowed"),
    [
        ("VITRINE_PORT", "70000", "less than or equal to 65535"),
        ("VITRINE_PORT", "http", "valid integer"),
        ("VITRINE_LOG_LEVEL", "loud", r"debug\|info\|warning\|error"),
        ("VITRINE_ENCODER_THREADS", "-1", "greater than or equal to 0"),
        ("VITRINE_IMAGE_PRIVATE_HOSTS", "perhaps", "valid boolean"),
    ],
)
def test_a_wrong_value_is_one_line_that_names_the_variable_the_value_and_what_is_allowed(
    folder, monkeypatch, variable, value, allowed
):
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigurationError, match=f"{variable}='{value}': .*{allowed}.*vitrine config") as refused:
        load_settings()
    assert "\n" not in refused.value.message


def test_a_wrong_option_of_the_command_line_is_refused_like_a_variable(folder):
    with pytest.raises(ConfigurationError, match="VITRINE_PORT=70000"):
        load_settings(port=70000)


def test_a_dotenv_file_that_is_not_utf8_is_one_line(folder):
    (folder / ".env").write_bytes(b"VITRINE_HOST=\xff\n")
    with pytest.raises(ConfigurationError, match=r"\.env is not UTF-8"):
        load_settings()


def test_every_setting_is_listed_with_its_meaning(folder):
    rows = effective_settings(load_settings())
    assert len(rows) == len(Settings.model_fields)
    assert all(row.name.startswith("VITRINE_") and row.description for row in rows)
