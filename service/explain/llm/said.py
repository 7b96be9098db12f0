"""What is said in the end: the model's sentences that passed the check, the templates' for the others."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import structlog

from service.explain.facts import Fact, insight, sentence
from service.explain.language import Language
from service.explain.llm.answer import Answer
from service.explain.llm.check import Allowed, Refusal, refuse
from service.explain.llm.permitted import for_all, for_fact

log = structlog.get_logger()

By = Literal["model", "template"]
_LEFT_OUT = Refusal("the model left it out")


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence, who worded it, and why the model did not."""

    text: str
    by: By
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Worded:
    """The sentences of a slate, in its order.

    Attributes
    ----------
    insight : one about all of them. why : why the model worded nothing at all. cached : it had been asked before.
    """

    sentences: tuple[Said, ...]
    insight: Said
    why: str | None = None
    cached: bool = False

    @property
    def by(self) -> By:
        """The model, if it worded anything."""
        return "model" if any(said.by == "model" for said in (*self.sentences, self.insight)) else "template"


def by_template(facts: Sequence[Fact], language: str, why: str) -> Worded:
    """All sentences from the templates."""
    said = tuple(Said(sentence(fact, language), "template") for fact in facts)
    return Worded(said, Said(insight(facts, language), "template"), why)


def by_model(
    facts: Sequence[Fact], sent: Sequence[Fact], asked: Sequence[Fact], answer: Answer, spoken: Language,
    names: frozenset[str], max_chars: int,
) -> Worded:  # fmt: skip
    """What of an answer may be said, and the templates' sentences for the rest.

    Parameters
    ----------
    facts : of the slate. sent : the same without what stays here.
    asked : those of `sent` that the model was given, in the order of the answer's numbers.
    names : of the products on the page and their brands.
    """
    judged = {
        fact: _judge(answer.sentences.get(number), for_fact(fact, spoken, names), max_chars)
        for number, fact in enumerate(asked, 1)
    }
    too_many = Refusal(f"more than {len(asked)} different reasons in one list")
    sentences = tuple(
        _said(judged.get(out, too_many), sentence(fact, spoken.code)) for fact, out in zip(facts, sent, strict=True)
    )
    about_all = answer.insight
    verdict = _judge(about_all, for_all(about_all or "", asked, spoken, names), max_chars)
    return Worded(sentences, _said(verdict, insight(facts, spoken.code)))


def _judge(text: str | None, allowed: Allowed, max_chars: int) -> str | Refusal:
    if text is None:
        return _LEFT_OUT
    refusal = refuse(text, allowed, max_chars)
    if refusal is None:
        return text.strip()
    log.info("sentence_refused", why=refusal.why)  # what was found may quote the shopper
    return refusal


def _said(verdict: str | Refusal, plain: str) -> Said:
    if isinstance(verdict, Refusal):
        return Said(plain, "template", verdict.why)
    return Said(verdict, "model")
