"""What a language model is asked, what it answers, and how it fails."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Prompt:
    """One call: what to do, the facts as JSON, and the JSON schema of the answer.

    Attributes
    ----------
    max_tokens : of the answer, at most.
    """

    system: str
    facts: str
    schema: Mapping[str, Any]
    max_tokens: int

    @property
    def most_tokens(self) -> int:
        """What it will cost at most: two bytes a token is little, three to four are common."""
        return len((self.system + self.facts).encode()) // 2 + self.max_tokens


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: text that should be JSON, and the tokens it took, where that was told."""

    text: str
    tokens: int | None


class ModelFailed(Exception):
    """There is no answer.

    Parameters
    ----------
    why : for people; holds nothing that the model or its server wrote, which might be anything, a key included.
    passing : another try may succeed. wait_s : what the model's server asks to wait, seconds.
    billed : the model did write something, which costs. ours : the budget is used up; the model is not to blame.
    """

    def __init__(
        self,
        why: str,
        *,
        passing: bool = False,
        wait_s: float | None = None,
        billed: bool = False,
        ours: bool = False,
    ) -> None:
        super().__init__(why)
        self.why = why
        self.passing = passing
        self.wait_s = wait_s
        self.billed = billed
        self.ours = ours


class Model(Protocol):
    """A language model of some provider."""

    async def ask(self, prompt: Prompt) -> Reply:
        """One try.

        Raises
        ------
        ModelFailed : no answer, whatever the reason.
        """
        ...

    async def close(self) -> None:
        """Let go of its connections."""
        ...
