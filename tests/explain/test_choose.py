"""Which model the settings name, and what is said where they name none that can be asked."""

import sys

import pytest

from service.core.errors import ConfigurationError
from service.explain.llm.choose import choose_model


def test_without_a_provider_there_is_no_model_and_no_sdk_is_loaded() -> None:
    assert choose_model("template", None, None, None, 1.0) is None


@pytest.mark.parametrize(
    ("model", "key", "url", "says"),
    [
        (None, "k", None, "VITRINE_LLM_MODEL"),
        ("m", None, None, "VITRINE_LLM_API_KEY"),
        ("m", None, "localhost:11434", "VITRINE_LLM_BASE_URL='localhost:11434' is no http"),
        ("m", "käy", None, "VITRINE_LLM_API_KEY holds characters"),
        ("m", "key\n", None, "VITRINE_LLM_API_KEY holds characters"),
    ],
)
@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_a_setting_that_is_missing_or_wrong_is_named(
    provider: str, model: str | None, key: str | None, url: str | None, says: str
) -> None:
    with pytest.raises(ConfigurationError, match=says) as error:
        choose_model(provider, model, key, url, 1.0)
    assert key is None or key not in error.value.message


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_without_the_extra_the_error_says_how_to_get_it(provider: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, provider, None)
    with pytest.raises(ConfigurationError, match=r"pip install 'vitrine\[llm\]'"):
        choose_model(provider, "m", "k", None, 1.0)
