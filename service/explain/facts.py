"""What is known of why a product is shown, and the short true sentence that says it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from service.explain.clean import clean
from service.explain.language import ENGLISH, OTHER, Language, fill, speak

_SEVERAL = 2


@dataclass(frozen=True, slots=True)
class Fact:
    """Why one product is shown; two with the same sentence are equal, so `shares` does not count.

    Parameters
    ----------
    source : the signal that contributed most.
    because : name of the product of the user's past, or of the page, that led here; None if none did.
    did : what the user did with it, an event type as ``view``; None if nothing, or if that is not known.
    category : the narrowest category that the signal looked at. query : what was searched for.
    shares : signal -> its share of the score.
    """

    source: str
    because: str | None = None
    did: str | None = None
    category: str | None = None
    query: str | None = None
    shares: Mapping[str, float] = field(default_factory=dict, compare=False)


def sentence(fact: Fact, language: str = ENGLISH) -> str:
    """Why the product is shown, in one sentence.

    Parameters
    ----------
    language : a packaged language or the path of a file, see `speak`.

    Examples
    --------
    >>> sentence(Fact("association", because="Blue mug"))
    'Often bought with Blue mug'
    >>> sentence(Fact("covisit", because="Blue mug", did="view"))
    'Because you viewed Blue mug'
    >>> sentence(Fact("covisit"), "de")
    'Passt zu dem, was du angesehen hast'
    """
    return fill(template(fact, speak(language)), _values(fact)) or ""


def template(fact: Fact, spoken: Language) -> str:
    """The most telling sentence that the fact can fill, still with its placeholders."""
    doing = spoken.because.get(fact.did or "", "{because}")
    choices = spoken.sentences.get(fact.source, spoken.sentences[OTHER])
    values = _values(fact)
    telling = (choice.replace("{because}", doing) for choice in choices)
    return next(choice for choice in telling if fill(choice, values) is not None)


def _values(fact: Fact) -> dict[str, str | None]:
    return {"name": clean(fact.because), "category": clean(fact.category), "query": clean(fact.query)}


def insight(facts: Sequence[Fact], language: str = ENGLISH) -> str:
    """What several products of a list have in common, in one sentence.

    Examples
    --------
    >>> insight([Fact("text", because="Blue mug"), Fact("cf"), Fact("covisit", because="Blue mug", did="view")])
    'Several of these go with Blue mug'
    """
    spoken = speak(language)
    for placeholder, names in (
        ("name", [fact.because for fact in facts]),
        ("category", [fact.category for fact in facts]),
    ):
        found = Counter(known for name in names if (known := clean(name))).most_common(1)
        if found and found[0][1] >= _SEVERAL:
            return fill(spoken.insight[placeholder], {placeholder: found[0][0]}) or spoken.insight[OTHER]
    return spoken.insight[OTHER]
