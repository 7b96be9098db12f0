"""A model's text as sentences by number, still unchecked."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from service.explain.llm.model import ModelFailed

_NO_JSON = "the model's answer is not the JSON that was asked for"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model wrote: number of the fact -> sentence, and one about all; None where it wrote nothing usable."""

    sentences: Mapping[int, str]
    insight: str | None


def read_answer(text: str) -> Answer:
    """Read it; what has the wrong type is left out.

    Raises
    ------
    ModelFailed : it is not the JSON that was asked for.

    Examples
    --------
    >>> read_answer('{"items": [{"id": "1", "sentence": "Goes with it"}], "insight": 7}')
    Answer(sentences={1: 'Goes with it'}, insight=None)
    """
    try:
        raw = json.loads(_without_fence(text))
    except (ValueError, RecursionError) as error:
        raise ModelFailed(_NO_JSON, billed=True) from error
    items = raw.get("items") if isinstance(raw, dict) else None
    if not isinstance(items, list):
        raise ModelFailed(_NO_JSON, billed=True)
    found: dict[int, str] = {}
    for item in items:
        number, sentence = _pair(item)
        if number and sentence is not None:
            found.setdefault(number, sentence)
    insight = raw.get("insight")
    return Answer(found, insight if isinstance(insight, str) else None)


def _without_fence(text: str) -> str:
    # servers that do not enforce a schema let models dress their JSON up
    text = text.strip()
    if text.startswith("```") and text.endswith("```"):
        return text.strip("`").removeprefix("json")
    return text


def _pair(item: object) -> tuple[int, str | None]:
    if not isinstance(item, dict):
        return 0, None
    number, sentence = str(item.get("id")), item.get("sentence")
    usable = number.isascii() and number.isdigit() and len(number) <= 4
    return int(number) if usable else 0, sentence if isinstance(sentence, str) else None
