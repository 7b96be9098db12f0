"""A profile may read the language model's settings under the names that other programs use; nothing else does."""

import pytest

from config.model_names import OLLAMA
from config.settings import Settings, effective_settings, load_settings
from service.core.errors import ConfigurationError

KEY = "sk-g3heim"


def model(settings: Settings) -> tuple[str | None, ...]:
    key = settings.llm_api_key.get_secret_value() if settings.llm_api_key else None
    return settings.llm_provider, settings.llm_model, settings.llm_base_url, key


@pytest.fixture
def common(folder, monkeypatch):
    """Somebody's environment: both keys, and a provider."""
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
        monkeypatch.setenv(name, f"{KEY}-{name[0]}")
    monkeypatch.setenv("LLM_PROVIDER", "openai")
    return monkeypatch


def test_without_the_profile_nothing_of_it_counts(common):
    assert model(load_settings()) == ("template", None, None, None)
    common.setenv("LLM_PROVIDER", "whatever")
    assert model(load_settings(profile="precision")) == ("template", None, None, None)


def test_a_key_alone_sends_nothing(common):
    common.delenv("LLM_PROVIDER")
    assert model(load_settings(profile="fullstack")) == ("template", None, None, None)


def test_each_provider_has_its_own_key_and_model(common):
    assert model(load_settings(profile="fullstack")) == ("openai", "gpt-4", None, f"{KEY}-O")
    common.setenv("LLM_PROVIDER", "anthropic")
    assert model(load_settings(profile="fullstack"))[::3] == ("anthropic", f"{KEY}-A")


def test_where_a_value_came_from_is_told(common):
    rows = {row.name: (row.value, row.source) for row in effective_settings(load_settings(profile="fullstack"))}
    assert rows["VITRINE_LLM_PROVIDER"] == ("openai", "common names, see [wording]")
    assert rows["VITRINE_LLM_API_KEY"] == ("********", "common names, see [wording]")


def test_local_is_a_server_of_ones_own_and_gets_no_key(common):
    common.setenv("LLM_PROVIDER", "local")
    common.setenv("VITRINE_LLM_MODEL", "llama3")
    assert model(load_settings(profile="fullstack")) == ("openai", "llama3", OLLAMA, None)
    common.setenv("VITRINE_LLM_BASE_URL", "http://gpu:8000/v1")
    assert model(load_settings(profile="fullstack")) == ("openai", "llama3", "http://gpu:8000/v1", None)


def test_our_own_names_win(common):
    common.setenv("VITRINE_LLM_PROVIDER", "anthropic")
    common.setenv("VITRINE_LLM_API_KEY", "own")
    common.setenv("VITRINE_LLM_MODEL", "m")
    assert model(load_settings(profile="fullstack")) == ("anthropic", "m", None, "own")
    common.setenv("VITRINE_LLM_PROVIDER", "template")
    assert load_settings(profile="fullstack").llm_provider == "template"


def test_the_file_is_read_too(folder):
    (folder / ".env").write_text(f"LLM_PROVIDER=openai\nOPENAI_API_KEY={KEY}\n")
    settings = load_settings(profile="fullstack")
    assert model(settings)[::3] == ("openai", KEY)
    assert KEY not in repr(settings)


def test_a_provider_that_does_not_exist_is_one_line(common):
    common.setenv("LLM_PROVIDER", "azure")
    with pytest.raises(ConfigurationError, match=r"^LLM_PROVIDER='azure': there are openai, anthropic and local$"):
        load_settings(profile="fullstack")
