"""Where nothing answers the words of a search, less is asked for, step by step, and said so.

Other spellings and synonyms are part of the first question already, and so is meaning: a text that is near answers the
words without any of them. From there on, the first step that finds something is the answer:

1. what the words demand (a price, where so configured also a brand ...) is given up, each kind alone, then all of them,
2. products that have some of the words,
3. in lists, what is nearest by meaning and not below the floor: there a product must else be about as near as the best,
4. what is popular now; where nothing is, the nearest by meaning, however far,

each of the last three first with what the words demand, then without. The filter of the request always holds. Words
that demand something and say nothing else ("under 50") are answered by what is popular of that, else by some of it; in
lists, by all of it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np

from config.surface import Surface
from service.context import Request, Services
from service.core.errors import InvalidQuery
from service.core.types import Ids
from service.core.understood import TRAIT_KINDS, Trait, TraitKind, Understood
from service.hydrate import Hydrated
from service.matching import Line, lines_of
from service.retrieve import Questions
from service.store.spaces import PRODUCTS
from service.store.vectors import Hits
from service.words.plain import words_of

SOME_WORDS = "no product has all of these words; shown are those that have some of them"
POPULAR = "nothing here matches these words; shown is what is popular now"
NEAREST = "nothing here matches these words; shown is what comes nearest to their meaning"
DEMANDS = "these words only say what products must meet; shown is what is popular of those that do"
MEETING = "these words only say what products must meet; shown are some that do"

StepKind = Literal["asked", "demands", "meeting", "words", "meaning", "popular", "nearest"]
_REASONS: Mapping[str, str] = {
    "demands": DEMANDS,
    "meeting": MEETING,
    "words": SOME_WORDS,
    "meaning": NEAREST,
    "popular": POPULAR,
    "nearest": NEAREST,
}

IN_SLATES: tuple[StepKind, ...] = ("words", "popular", "nearest")
IN_LISTS: tuple[StepKind, ...] = ("words", "meaning", "popular", "nearest")

_HELD = 0.5  # share of the words
_LOOKED_AT = 10


@dataclass(frozen=True, slots=True)
class Step:
    """One way of asking for less: what is looked for instead, and which demands of the words are given up."""

    kind: StepKind
    given_up: tuple[TraitKind, ...] = ()

    @property
    def name(self) -> str:
        """For cursors.

        Examples
        --------
        >>> Step("words", ("price",)).name, step_named("words-price") == Step("words", ("price",))
        ('words-price', True)
        """
        return "-".join((self.kind, *self.given_up))


AS_ASKED = Step("asked")


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """What is looked for: everything known about the request and what each signal is asked.

    Attributes
    ----------
    lines : of the signals that say what matches, for lists. step : how it came to be.
    """

    known: Hydrated
    surface: Surface
    questions: Questions
    lines: Mapping[str, Line]
    step: Step = AS_ASKED


def as_asked(services: Services, known: Hydrated, surface: Surface, questions: Questions) -> Asked:
    """What the request looks for, to begin with."""
    return Asked(known, surface, questions, lines_of(services.params.search))


def step_named(name: str) -> Step:
    """The step of a name.

    Raises
    ------
    InvalidQuery : there is none.
    """
    kind, *given_up = name.split("-")
    if kind not in get_args(StepKind) or not set(given_up) <= set(TRAIT_KINDS):
        raise InvalidQuery("the cursor is broken; leave it out to start again", code="invalid_cursor")
    return Step(kind, tuple(given_up))  # type: ignore[arg-type]


def steps(understood: Understood, kinds: Iterable[StepKind], *, words_answered: bool = False) -> Iterator[Step]:
    """What to try, in this order.

    Parameters
    ----------
    words_answered : False where it is known already that nothing in the shop answers the words.

    Examples
    --------
    >>> from service.core.filters import Filter
    >>> price, brand = Trait("price", "under 5", Filter()), Trait("brand", "LG", Filter())
    >>> cheap_lg = Understood("tv", (), traits=(price, brand))
    >>> [step.name for step in steps(cheap_lg, ["words"], words_answered=True)]
    ['asked-price', 'asked-brand', 'asked-price-brand', 'words', 'words-price-brand']
    """
    demands = tuple(dict.fromkeys(trait.kind for trait in understood.traits if trait.weight is None))
    if only_demands(understood):
        yield from (Step("demands"), Step("meeting"))
    if words_answered:
        yield from (Step("asked", (kind,)) for kind in demands)
        yield from [Step("asked", demands)] if len(demands) > 1 else []
    for kind in kinds:
        yield Step(kind)
        yield from [Step(kind, demands)] if demands else []


def only_demands(understood: Understood | None) -> bool:
    """Whether the words say what products must meet and nothing else, as "under 50".

    Examples
    --------
    >>> from service.core.filters import Filter
    >>> price = Trait("price", "under 50", Filter())
    >>> only_demands(Understood("under 50", (), traits=(price,))), only_demands(Understood("tv", (), traits=(price,)))
    (True, False)
    """
    demands = [trait for trait in understood.traits if trait.weight is None] if understood else []
    demanded = {word for trait in demands for word in words_of(trait.words)}
    return bool(demands) and understood is not None and set(words_of(understood.text)) <= demanded


def lowered(services: Services, request: Request, asked: Asked, step: Step) -> Asked | None:
    """What a step looks for; None where it has nothing to look for."""
    changed = _instead(services, request, asked, step.kind)
    understood = asked.known.understood
    if changed is None or understood is None or step == AS_ASKED:
        return changed
    left_out = [trait for trait in understood.traits if trait.weight is None and trait.kind in step.given_up]
    kept = tuple(trait for trait in understood.traits if trait not in left_out)
    known = replace(
        asked.known,
        understood=replace(understood, traits=kept),
        level="global" if step.kind in ("popular", "demands") else asked.known.level,
        reason=_reason(step.kind, left_out),
    )
    return replace(changed, known=known, step=step)


def _instead(services: Services, request: Request, asked: Asked, kind: StepKind) -> Asked | None:
    vectors, lines, search = asked.questions.vectors, asked.lines, services.params.search
    if kind == "asked":
        return asked
    if kind in ("popular", "demands"):
        popular = services.popular(request.tenant)
        if popular is None or not len(popular.trending.ids):
            return None
        top = Hits(popular.trending.ids, popular.trending.scores)
        return _only(asked, "trending", Line(0, len(top.ids), -np.inf), Questions({}, {"trending": top}, {}))
    if kind in ("nearest", "meeting"):
        line = Line(0, asked.surface.candidates, -np.inf)
        return replace(asked, lines={"text": line}) if "text" in vectors else None
    name, least = ("lexical", 0.0) if kind == "words" else ("text", search.floor)
    if name not in vectors:
        return None
    questions = replace(asked.questions, vectors={name: vectors[name]}, ready={})
    return _only(asked, name, Line(0, lines[name].most, least), questions)


def _only(asked: Asked, signal: str, line: Line, questions: Questions) -> Asked:
    surface = asked.surface.model_copy(update={"weights": {signal: 1.0}})
    return replace(asked, surface=surface, questions=questions, lines={signal: line})


def _reason(kind: StepKind, left_out: Iterable[Trait]) -> str | None:
    demands = " and ".join(f'"{trait.words}"' for trait in left_out)
    if kind == "asked":
        return f"nothing that matches these words is {demands}; shown is what matches without that" if demands else None
    return f"{_REASONS[kind]}; none of that is {demands}, so it was given up" if demands else _REASONS[kind]


def is_answered(services: Services, request: Request, understood: Understood, found: Mapping[str, Hits]) -> bool:
    """Whether some product has more than half of the words, or a text that is near.

    Parameters
    ----------
    found : each signal's list.
    """
    return _share_held(services, request, understood, found) is None


def _share_held(
    services: Services, request: Request, understood: Understood, found: Mapping[str, Hits]
) -> float | None:
    """Largest share of the words that one product has, 0 to .5; None if it is more, or a text is near.

    The rule of `eval.golden.confidence`, cheapest part first: most queries are settled by a cosine that is known.
    """
    text, words = found.get("text"), services.words(request.tenant)
    if words is None or text is None or understood.exact:
        return None
    if len(text.scores) and text.scores[0] >= services.params.search.floor:
        return None
    stems = {words.vocabulary.stem(word) for word in words_of(understood.text)} - {None}
    hits = found.get("lexical")
    if not stems or hits is None or not len(hits.ids):
        return 0.0
    share = _most_held(services, hits.ids[:_LOOKED_AT], np.array(sorted(filter(None, stems)), np.uint32))
    return share if share <= _HELD else None


def _most_held(services: Services, ids: Ids, wanted: Ids) -> float:
    words = services.vectors.indices(PRODUCTS, "lexical", ids)
    return max((float(np.isin(wanted, held).mean()) for held in words), default=0.0)
