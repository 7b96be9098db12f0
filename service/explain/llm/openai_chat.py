"""Models behind OpenAI's chat completions: OpenAI itself, Ollama, llama.cpp, vLLM and others; needs the extra `llm`."""

from typing import Any

from service.explain.llm.http_failures import TIMED_OUT, UNREACHABLE, UNREADABLE, status_failure
from service.explain.llm.model import Model, ModelFailed, Prompt, Reply

_OPENAI = "https://api.openai.com/v1"


class OpenAiChat(Model):
    """One model.

    Parameters
    ----------
    base_url : of a server that speaks like OpenAI; None for OpenAI. key : None where the server wants none.
    timeout_s : for one try.
    """

    def __init__(self, model: str, key: str | None, base_url: str | None, timeout_s: float) -> None:
        import openai

        # the SDK's own tries would sleep as long as a server says, and be no part of the budget
        self._client = openai.AsyncOpenAI(
            api_key=key or "none", base_url=base_url or _OPENAI, timeout=timeout_s, max_retries=0
        )
        self._model = model
        # OpenAI's newer models refuse the first name, Ollama and others know only that (ollama/ollama#7125)
        self._limit = "max_tokens" if base_url else "max_completion_tokens"

    async def ask(self, prompt: Prompt) -> Reply:
        """See `Model`."""
        import openai

        try:
            answer = await self._client.chat.completions.create(**self._call(prompt))
        except openai.APITimeoutError as error:
            raise ModelFailed(TIMED_OUT, passing=True, billed=True) from error
        except openai.APIStatusError as error:
            raise status_failure(error.status_code, error.response.headers) from error
        except openai.APIConnectionError as error:
            raise ModelFailed(UNREACHABLE, passing=True) from error
        except (openai.OpenAIError, ValueError) as error:
            raise ModelFailed(UNREADABLE) from error
        return _reply(answer)

    def _call(self, prompt: Prompt) -> dict[str, Any]:
        return {
            "model": self._model,
            "messages": [
                {"role": "system", "content": prompt.system},
                {"role": "user", "content": prompt.facts},
            ],
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "sentences", "strict": True, "schema": dict(prompt.schema)},
            },
            self._limit: prompt.max_tokens,
        }

    async def close(self) -> None:
        """See `Model`."""
        await self._client.close()


def _reply(answer: Any) -> Reply:
    # the SDK does not check what it reads: any field may be missing or of another type
    try:
        choice = answer.choices[0]
        refusal, text = choice.message.refusal, choice.message.content
    except (AttributeError, IndexError, TypeError, KeyError) as error:
        raise ModelFailed(UNREADABLE, billed=True) from error
    if refusal or choice.finish_reason == "content_filter":
        raise ModelFailed("the model refused to answer", billed=True)
    if choice.finish_reason == "length":
        raise ModelFailed("the model's answer was cut off: wording.max_tokens is too small", billed=True)
    if not isinstance(text, str):
        raise ModelFailed(UNREADABLE, billed=True)
    return Reply(text, _count(answer))


def _count(answer: Any) -> int | None:
    total = getattr(getattr(answer, "usage", None), "total_tokens", None)
    return total if isinstance(total, int) and total >= 0 else None
