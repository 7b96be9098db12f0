"""The model that the settings name."""

from typing import Literal

from service.core.errors import ConfigurationError
from service.explain.llm.model import Model

Provider = Literal["template", "openai", "anthropic"]


def choose_model(
    provider: Provider, model: str | None, key: str | None, base_url: str | None, timeout_s: float
) -> Model | None:
    """Open it; None where the templates answer. Nothing is sent yet.

    Raises
    ------
    ConfigurationError : the model or its key is missing, the address is none, or the extra `llm` is not installed.
    """
    if provider == "template":
        return None
    if not model:
        raise ConfigurationError(f"a language model by the protocol of {provider} needs a name: set VITRINE_LLM_MODEL")
    if not key and not base_url:
        raise ConfigurationError(
            f"language models of {provider} need a key: set VITRINE_LLM_API_KEY ({provider.upper()}_API_KEY does as "
            "well where `[wording] common_names` is on), or VITRINE_LLM_BASE_URL for a server of your own"
        )
    if base_url and not base_url.startswith(("http://", "https://")):
        raise ConfigurationError(f"VITRINE_LLM_BASE_URL={base_url!r:.200} is no http:// or https:// address")
    if key and not (key.isascii() and key.isprintable()):
        raise ConfigurationError("VITRINE_LLM_API_KEY holds characters that no key has; was it copied whole?")
    try:
        return _open(provider, model, key, base_url, timeout_s)
    except ImportError as error:
        raise ConfigurationError(
            f"VITRINE_LLM_PROVIDER={provider} needs the extra `llm`: pip install 'vitrine[llm]'"
        ) from error


def _open(provider: Provider, model: str, key: str | None, base_url: str | None, timeout_s: float) -> Model:
    if provider == "openai":
        from service.explain.llm.openai_chat import OpenAiChat

        return OpenAiChat(model, key, base_url, timeout_s)
    from service.explain.llm.anthropic_messages import AnthropicMessages

    return AnthropicMessages(model, key, base_url, timeout_s)
