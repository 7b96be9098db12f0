"""Why products are, or are not, where they are."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidOut:
    """What one signal said of a product."""

    raw: float  # the engine's score
    rank: int  # in the signal's own list, 1 is the best
    of: int  # how many products the signal proposed
    normalised: float
    weight: float
    contribution: float  # weight x normalised: what it added to the score


@dataclass(frozen=True, slots=True, kw_only=True)
class Fallback:
    """Why an answer builds on less than the user's own past, or on less than all words of a search."""

    level: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleActOut:
    """What a business rule did to this answer."""

    rule: str
    kind: str  # boost, bury, pin, exclude, include_only or quota
    products: tuple[str, ...]  # of this answer, those it touched
    why_not: tuple[str, ...]  # what of it could not be done


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainOut:
    """What became of the product."""

    product: str
    surface: str
    shown: bool
    cause: str
    says: str  # the same in a sentence
    rank: int | None  # its slot, 1 is the first
    place: int | None  # where it stood by its score, before variety and pins
    would_be: dict[str, int | None]
    confidence: str | None
    signals: dict[str, SaidOut] | None  # what each signal said of it, if it is shown
    variant: str
    release: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SentenceOut:
    """One sentence."""

    sentence: str
    wording: str  # who worded it: model or template
    why: str | None  # why not the model, where it worded others


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemWords(SentenceOut):
    """Why one product was shown."""

    id: str
    rank: int  # 1 is the first
    shelf: str | None  # the row of a page it stood in


@dataclass(frozen=True, slots=True, kw_only=True)
class WordsOut:
    """A sentence for every product, and one about all of them."""

    request_id: str
    language: str
    wording: str  # model, if it worded anything
    why: str | None  # why the model worded nothing
    cached: bool  # the model had been asked about the same reasons before
    took_ms: float
    insight: SentenceOut
    items: tuple[ItemWords, ...]
