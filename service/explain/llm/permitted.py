"""What a model may say of facts: their values, plain words, and the words that go with just these facts."""

import re
from collections.abc import Sequence

from service.explain.clean import clean
from service.explain.facts import Fact, template
from service.explain.language import Language
from service.explain.llm.check import WORD, Allowed, mentions

_PLACEHOLDER = re.compile(r"\{[^{}]*\}")


def for_fact(fact: Fact, spoken: Language, names: frozenset[str]) -> Allowed:
    """Of one product: "bought" only where its fact is a purchase, "popular" only where it trends."""
    return Allowed(_values(fact), _words(fact, spoken), names)


def for_all(text: str, facts: Sequence[Fact], spoken: Language, names: frozenset[str]) -> Allowed:
    """Of a sentence about several: only words that are true of every value it names."""
    known = [(_values(fact), _words(fact, spoken)) for fact in facts]
    values = frozenset[str]().union(*(held for held, _ in known))
    of_each = [
        frozenset[str]().union(*(words for held, words in known if value in held)) for value in mentions(text, values)
    ]
    if not of_each:
        return Allowed(values, frozenset[str]().union(*(words for _, words in known)), names)
    return Allowed(values, of_each[0].intersection(*of_each[1:]), names)


def _values(fact: Fact) -> frozenset[str]:
    return frozenset(known for value in (fact.because, fact.category, fact.query) if (known := clean(value)))


def _words(fact: Fact, spoken: Language) -> frozenset[str]:
    did = (fact.did if fact.because else None) or ""
    more = spoken.words["sentences"].get(fact.source, frozenset()) | spoken.words["because"].get(did, frozenset())
    return spoken.plain | more | _of_template(template(fact, spoken))


def _of_template(said: str) -> frozenset[str]:
    words = WORD.findall(_PLACEHOLDER.sub(" ", said))
    # it begins with a capital, which the same word may not have elsewhere
    return frozenset([word[0].lower() + word[1:] for word in words[:1]] + words[1:])
