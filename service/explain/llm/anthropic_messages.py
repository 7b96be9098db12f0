"""Models behind Anthropic's messages; needs the extra `llm`."""

from typing import Any

from service.explain.llm.http_failures import TIMED_OUT, UNREACHABLE, UNREADABLE, status_failure
from service.explain.llm.model import Model, ModelFailed, Prompt, Reply

_ANTHROPIC = "https://api.anthropic.com"


class AnthropicMessages(Model):
    """One model.

    Parameters
    ----------
    base_url : of a server that speaks like Anthropic; None for Anthropic. timeout_s : for one try.
    """

    def __init__(self, model: str, key: str | None, base_url: str | None, timeout_s: float) -> None:
        import anthropic

        # the SDK's own tries would sleep as long as a server says, and be no part of the budget
        self._client = anthropic.AsyncAnthropic(
            api_key=key or "none",
            base_url=base_url or _ANTHROPIC,
            timeout=timeout_s,
            max_retries=0,
            open_telemetry=False,
        )
        self._model = model

    async def ask(self, prompt: Prompt) -> Reply:
        """See `Model`."""
        import anthropic

        try:
            answer = await self._client.messages.create(**self._call(prompt))
        except anthropic.APITimeoutError as error:
            raise ModelFailed(TIMED_OUT, passing=True, billed=True) from error
        except anthropic.APIStatusError as error:
            raise status_failure(error.status_code, error.response.headers) from error
        except anthropic.APIConnectionError as error:
            raise ModelFailed(UNREACHABLE, passing=True) from error
        except (anthropic.AnthropicError, ValueError) as error:
            raise ModelFailed(UNREADABLE) from error
        return _reply(answer)

    def _call(self, prompt: Prompt) -> dict[str, Any]:
        return {
            "model": self._model,
            "system": prompt.system,
            "messages": [{"role": "user", "content": prompt.facts}],
            "output_config": {"format": {"type": "json_schema", "schema": dict(prompt.schema)}},
            "max_tokens": prompt.max_tokens,
        }

    async def close(self) -> None:
        """See `Model`."""
        await self._client.close()


def _reply(answer: Any) -> Reply:
    # the SDK does not check what it reads: any field may be missing or of another type
    reason = getattr(answer, "stop_reason", None)
    if reason == "refusal":
        raise ModelFailed("the model refused to answer", billed=True)
    if reason == "max_tokens":
        raise ModelFailed("the model's answer was cut off: wording.max_tokens is too small", billed=True)
    try:
        text = "".join(block.text for block in answer.content if block.type == "text")
    except (AttributeError, TypeError, KeyError) as error:
        raise ModelFailed(UNREADABLE, billed=True) from error
    if not text:
        raise ModelFailed(UNREADABLE, billed=True)
    return Reply(text, _count(answer))


def _count(answer: Any) -> int | None:
    usage = getattr(answer, "usage", None)
    read, written = getattr(usage, "input_tokens", None), getattr(usage, "output_tokens", None)
    if not isinstance(read, int) or not isinstance(written, int):
        return None
    return max(0, read) + max(0, written)
