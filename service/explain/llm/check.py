"""The checker: what a language model wrote is said only if it holds nothing but facts and plain words.

A sentence is made of whole values of the facts, copied as they are, and of words from a closed list. So it can name no
product, brand, number or category that is not among the facts, in no spelling, and claim nothing the list has no word
for; what is told to the model, by us or by a product's name, changes nothing about that.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass

_FACT = "\ufffc"  # stands for a value of the facts; cannot come in by itself, it is neither word nor punctuation
_LINK = re.compile(r"://|www\.|@|[<>`\\]|\]\(|&#?\w+;|[\w-]\.[a-z]{2,}(?:\W|$)", re.IGNORECASE)
_AROUND_FACT = re.compile(rf"[\"'“”„‘’«»]{_FACT}[\"'“”‘’«»]")
WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")
_PUNCTUATION = set(" ,;:–—-()")
_END = ".…"


@dataclass(frozen=True, slots=True)
class Allowed:
    """What one sentence may hold.

    Attributes
    ----------
    values : of the facts. words : besides. names : of products and brands on the same page, never to be hit by words.
    """

    values: frozenset[str]
    words: frozenset[str]
    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a sentence is not said; `found` is what the model wrote there, for the log only."""

    why: str
    found: str = ""


def refuse(sentence: str, allowed: Allowed, max_chars: int) -> Refusal | None:
    """Why a sentence may not be said; None if it may.

    Examples
    --------
    >>> allowed = Allowed(frozenset({"Blue mug"}), frozenset({"goes", "well", "with", "your"}), frozenset())
    >>> refuse("Goes well with your Blue mug.", allowed, 100)
    >>> refuse("Goes well with your Nike shoes", allowed, 100).why
    'it says what is neither among its facts nor a plain word'
    >>> refuse("Blue mug for 5", allowed, 100).why
    'it has a number that is not among its facts'
    """
    if not sentence.strip():
        return Refusal("it is empty")
    if len(sentence) > max_chars:
        return Refusal("it is too long")
    if found := _LINK.search(sentence):
        return Refusal("it has a link or markup", found[0])
    rest = _without_values(unicodedata.normalize("NFC", sentence).strip(), allowed.values)
    return _refuse_signs(rest) or _refuse_words(rest, allowed)


def mentions(sentence: str, values: Iterable[str]) -> set[str]:
    """Which values of facts a sentence names."""
    text = unicodedata.normalize("NFC", sentence)
    return {value for value in values if _whole(value).search(text)}


def _without_values(sentence: str, values: Collection[str]) -> str:
    # a sign of the model's own could pass for a value
    rest = sentence.replace(_FACT, "\x00")
    if values:
        # in one pass, so that no value is found in what another one left
        rest = _whole(*sorted(values, key=lambda value: (-len(value), value))).sub(_FACT, rest)
    return _AROUND_FACT.sub(_FACT, rest).replace("’", "'")


def _whole(*values: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, values))})(?!\w)", re.IGNORECASE)


def _refuse_signs(rest: str) -> Refusal | None:
    body = rest[:-1] if rest[-1] in _END else rest
    for sign in WORD.sub("", body.replace(_FACT, "")):
        if sign.isnumeric():
            return Refusal("it has a number that is not among its facts", sign)
        if sign in _END or sign in "!?":
            return Refusal("it is not one quiet sentence", sign)
        if sign not in _PUNCTUATION:
            return Refusal("it has signs that plain sentences have not", sign)
    return None


def _refuse_words(rest: str, allowed: Allowed) -> Refusal | None:
    words = WORD.findall(rest)
    if not words:
        return Refusal("it says nothing about its facts")
    for place, word in enumerate(words):
        lower = word[0].lower() + word[1:]
        # capitals only begin a sentence: anywhere else they make a name of a plain word, as of Next or Gap
        if word not in allowed.words and not (place == 0 and rest.startswith(word) and lower in allowed.words):
            return Refusal("it says what is neither among its facts nor a plain word", word)
    if hit := _named(rest, allowed.names):
        return Refusal("it names another product or brand", hit)
    return None


def _named(rest: str, names: Collection[str]) -> str | None:
    # one plain word counts only as it is written: a brand called YOU must not forbid "you"
    for name in names:
        flags = re.IGNORECASE if " " in name else re.NOFLAG
        if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", rest, flags):
            return name
    return None
