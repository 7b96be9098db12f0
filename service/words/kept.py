"""What was read from a catalogue as bytes, so that a service that starts again need not read all of it first."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from importlib.metadata import version
from typing import Any

import numpy as np
import orjson

from service.core.filters import Filter, Match
from service.signals.signal import QueryLexicalEncoder
from service.words.named import Name, Named
from service.words.price import Prices
from service.words.vocabulary import Vocabulary, stemmer

_LENGTH = 8  # bytes that say how long the JSON is

CatalogueVersion = tuple[int, datetime | None]


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """A reading of a catalogue, and of which version of it."""

    version: CatalogueVersion
    vocabulary: Vocabulary
    named: Named


def kept_name(tenant: str, made_by: str) -> str:
    """Under which name a tenant's words are kept; what `made_by` or another release of this program made is no match.

    Parameters
    ----------
    made_by : says how words were read: the name of the encoder, the fields looked at.
    """
    parts = (tenant, made_by, version("vitrine"), sys.byteorder)
    return blake2b("\x1f".join(parts).encode(), digest_size=16).hexdigest()


def to_bytes(kept: Kept) -> bytes:
    """A reading as bytes: its texts as JSON, then the numbers of its words as they are."""
    found = orjson.dumps(_as_json(kept))
    return len(found).to_bytes(_LENGTH, "big") + found + kept.vocabulary.known.astype(np.uint32).tobytes()


def from_bytes(data: bytes, lexical: QueryLexicalEncoder) -> Kept:
    """The reading that `to_bytes` wrote.

    Raises
    ------
    ValueError, KeyError, TypeError : the bytes are none of those.
    """
    behind = _LENGTH + int.from_bytes(data[:_LENGTH], "big")
    found: Mapping[str, Any] = orjson.loads(data[_LENGTH:behind])
    count, newest = found["version"]
    known = np.frombuffer(data[behind:], np.uint32)
    if len(known) != found["known"]:
        raise ValueError(f"{len(known)} words are left of {found['known']}")
    codes = {code: tuple(ids) for code, ids in found["codes"].items()}
    return Kept(
        (count, datetime.fromisoformat(newest) if newest else None),
        Vocabulary(found["counts"], codes, known, stemmer(lexical)),
        _named(found["named"]),
    )


def _as_json(kept: Kept) -> dict[str, Any]:
    count, newest = kept.version
    return {
        "version": [count, newest.isoformat() if newest else None],
        "known": len(kept.vocabulary.known),
        "counts": dict(kept.vocabulary.counts),
        "codes": kept.vocabulary.codes,
        "named": _named_as_json(kept.named),
    }


def _named_as_json(named: Named) -> dict[str, Any]:
    choices = {id(names): names for names in (*named.by_words.values(), *named.joined.values())}
    place = {key: number for number, key in enumerate(choices)}
    prices = named.prices
    return {
        "choices": [[[one.kind, _groups(one.wanted)] for one in names] for names in choices.values()],
        "by_words": [[*key, place[id(names)]] for key, names in named.by_words.items()],
        "joined": {word: place[id(names)] for word, names in named.joined.items()},
        "sizes": {word: _groups(wanted) for word, wanted in named.sizes.items()},
        "genders": {group: _groups(wanted) for group, wanted in named.genders.items()},
        "prices": None if prices is None else [prices.low, prices.high, prices.currencies],
        "leading": sorted(named.leading),
    }


def _named(found: Mapping[str, Any]) -> Named:
    choices = [tuple(Name(kind, _filter(groups)) for kind, groups in names) for names in found["choices"]]
    prices = found["prices"]
    return Named(
        {tuple(key): choices[place] for *key, place in found["by_words"]},
        {word: choices[place] for word, place in found["joined"].items()},
        {word: _filter(groups) for word, groups in found["sizes"].items()},
        {group: _filter(groups) for group, groups in found["genders"].items()},
        None if prices is None else Prices(prices[0], prices[1], tuple(prices[2])),
        frozenset(found["leading"]),
    )


def _groups(wanted: Filter) -> list[Any]:
    """A filter as `service.words.naming` makes them: one field with values, or any of several."""
    matches = [one for one in (*wanted.must, *wanted.should) if isinstance(one, Match)]
    if wanted.must_not or len(matches) != len(wanted.must) + len(wanted.should) or bool(wanted.must and wanted.should):
        raise TypeError("a name stands for values of fields, and nothing else")
    return [bool(wanted.must), *([one.field, *one.any_of] for one in matches)]


def _filter(groups: Sequence[Any]) -> Filter:
    is_must, *some = groups
    matches = tuple(Match(field, tuple(values)) for field, *values in some)
    return Filter(must=matches) if is_must else Filter(should=matches)
