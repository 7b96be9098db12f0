"""Secrets in files: `VITRINE_<NAME>_FILE`, as container platforms mount them."""

from pathlib import Path

import pytest

from config.settings import effective_settings, load_settings
from service.core.errors import ConfigurationError

URL = "postgresql://shop:g3heim@db/shop"


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "database_url"
    path.write_text(URL + "\n")
    return path


@pytest.mark.parametrize("name", ["DATABASE_URL", "REDIS_URL", "QDRANT_API_KEY"])
@pytest.mark.parametrize("prefix", ["", "VITRINE_"])
def test_a_secret_is_read_from_the_file_a_variable_names(folder, monkeypatch, secret, name, prefix):
    monkeypatch.setenv(f"{prefix}{name}_FILE", str(secret))
    settings = load_settings()
    assert getattr(settings, name.lower()).get_secret_value() == URL
    (row,) = [row for row in effective_settings(settings) if row.name == f"VITRINE_{name}"]
    assert (row.value, row.source) == ("********", f"file of {prefix}{name}_FILE")


def test_a_file_may_be_named_in_the_dotenv_file(folder, secret):
    (folder / ".env").write_text(f"VITRINE_LLM_API_KEY_FILE={secret}\n")
    key = load_settings().llm_api_key
    assert key is not None
    assert key.get_secret_value() == URL


def test_our_own_variable_wins_over_the_file_of_a_common_one(folder, monkeypatch, secret):
    monkeypatch.setenv("DATABASE_URL_FILE", str(secret))
    monkeypatch.setenv("VITRINE_DATABASE_URL", "sqlite:///own.db")
    assert load_settings().sql_url == "sqlite:///own.db"


def test_the_file_of_the_shops_own_database_is_only_read_from(folder, monkeypatch, secret):
    monkeypatch.setenv("DATABASE_URL_FILE", str(secret))
    monkeypatch.setenv("VITRINE_PROFILE", "marketplace")
    settings = load_settings()
    assert settings.source_url is not None
    assert settings.source_url.get_secret_value() == URL
    assert settings.sql_url.startswith("sqlite:///")


def test_what_is_no_secret_has_no_file(folder, monkeypatch, secret):
    monkeypatch.setenv("VITRINE_HOST_FILE", str(secret))
    assert load_settings().host == "127.0.0.1"


@pytest.mark.parametrize(
    ("content", "says"),
    [(None, "cannot be read"), (b"", "is empty"), (b" \n", "is empty"), (b"\xff\xfe", "is not text"),
     (b"x" * 70_000, "too large")],
)  # fmt: skip
def test_a_file_that_cannot_be_used_is_one_clear_line(folder, monkeypatch, tmp_path, content, says):
    path = tmp_path / "key"
    if content is not None:
        path.write_bytes(content)
    monkeypatch.setenv("VITRINE_QDRANT_API_KEY_FILE", str(path))
    with pytest.raises(ConfigurationError, match=rf"^VITRINE_QDRANT_API_KEY_FILE={path} .*{says}"):
        load_settings()


def test_a_secret_and_its_file_together_are_refused(folder, monkeypatch, secret):
    monkeypatch.setenv("VITRINE_DATABASE_URL_FILE", str(secret))
    monkeypatch.setenv("VITRINE_DATABASE_URL", "sqlite:///own.db")
    with pytest.raises(ConfigurationError, match="both set") as refused:
        load_settings()
    assert "own.db" not in refused.value.message
