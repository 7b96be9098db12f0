"""Conditions on many products at once: each field becomes an array once, each condition a mask over all products."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from itertools import count
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from service.core.fields import PRODUCT_FIELDS, FieldKind
from service.core.filters import Condition, Filter, HasId, Match, Range
from service.core.types import Ids

Mask = NDArray[np.bool_]
_FEW = 3  # codes that are compared one after the other; more are looked up in a table


class Texts(NamedTuple):
    """A keyword field of C products: a hashable key for each, and which texts a key stands for; None for itself."""

    keys: Sequence[Hashable]
    texts: Callable[[Any], Iterable[str]] | None = None


class Reader(Protocol):
    """The fields of C products."""

    def texts(self, field: str) -> Texts:
        """A keyword field."""

    def numbers(self, field: str) -> Sequence[float | bool | None]:
        """C values of any other field; None where unknown."""


class Columns:
    """The fields of C products, made into arrays as conditions ask for them; `ids` int64[C]."""

    def __init__(self, ids: Ids, reader: Reader) -> None:
        self._ids = ids
        self._reader = reader
        self._texts: dict[str, tuple[NDArray[np.int32], Mapping[Hashable, list[int]]]] = {}
        self._numbers: dict[str, NDArray[np.float64]] = {}

    def mask(self, condition: Condition) -> Mask:
        """bool[C]: which products match, by the same rules as `core.filters.matches`."""
        match condition:
            case Match(field, any_of):
                is_text = PRODUCT_FIELDS.get(field, FieldKind.KEYWORD) is FieldKind.KEYWORD
                return self._holds(field, any_of) if is_text else self._equals(field, any_of)
            case Range(field):
                return self._lies_within(condition, field)
            case HasId(ids):
                return np.isin(self._ids, np.fromiter(ids, np.int64, len(ids)))
            case Filter(must, should, must_not):
                return self._group(must, should, must_not)

    def counts(self, field: str, mask: Mask) -> list[tuple[Any, int]]:
        """Each value of a field and how many of the masked products have it; unknown values are left out."""
        if PRODUCT_FIELDS.get(field, FieldKind.KEYWORD) is not FieldKind.KEYWORD:
            values = self._number(field)[mask]
            found, times = np.unique(values[~np.isnan(values)], return_counts=True)
            return list(zip(found.tolist(), times.tolist(), strict=True))
        codes, holders = self._text(field)
        having = np.bincount(codes[mask]).tolist()
        counted = (
            (text, sum(having[code] for code in set(its_codes) if code < len(having)))
            for text, its_codes in holders.items()
            if isinstance(text, str)
        )
        return [(text, count) for text, count in counted if count]

    def _group(
        self, must: tuple[Condition, ...], should: tuple[Condition, ...], must_not: tuple[Condition, ...]
    ) -> Mask:
        if len(must) == 1 and not should and not must_not:
            return self.mask(must[0])
        found = np.ones(len(self._ids), dtype=bool)
        for condition in must:
            found &= self.mask(condition)
        if should:
            found &= np.logical_or.reduce([self.mask(condition) for condition in should])
        for condition in must_not:
            found &= ~self.mask(condition)
        return found

    def _holds(self, field: str, any_of: tuple[object, ...]) -> Mask:
        codes, holders = self._text(field)
        wanted = [code for value in any_of for code in holders.get(value, ())]
        if len(wanted) <= _FEW:
            found = np.zeros(len(codes), dtype=bool)
            for code in wanted:
                found |= codes == code
            return found
        table = np.zeros(int(codes.max()) + 1, dtype=bool)
        table[wanted] = True
        return table[codes]

    def _equals(self, field: str, any_of: tuple[object, ...]) -> Mask:
        values = self._number(field)
        found = np.zeros(len(values), dtype=bool)
        for value in any_of:
            if not isinstance(value, str):
                found |= values == value
        return found

    def _lies_within(self, bounds: Range, field: str) -> Mask:
        if PRODUCT_FIELDS.get(field) not in (FieldKind.FLOAT, FieldKind.INTEGER):
            return np.zeros(len(self._ids), dtype=bool)
        values = self._number(field)
        found = ~np.isnan(values)
        if bounds.gte is not None:
            found &= values >= bounds.gte
        if bounds.gt is not None:
            found &= values > bounds.gt
        if bounds.lte is not None:
            found &= values <= bounds.lte
        if bounds.lt is not None:
            found &= values < bounds.lt
        return found

    def _number(self, field: str) -> NDArray[np.float64]:
        """float64[C], NaN where unknown."""
        if field not in self._numbers:
            self._numbers[field] = np.array(self._reader.numbers(field), dtype=np.float64)
        return self._numbers[field]

    def _text(self, field: str) -> tuple[NDArray[np.int32], Mapping[Hashable, list[int]]]:
        """int32[C], a code for each different value; and for each text the codes of the values that hold it."""
        if field not in self._texts:
            keys, texts = self._reader.texts(field)
            code_of: dict[Hashable, int] = defaultdict(count().__next__)  # one look per product, not two
            codes = np.fromiter(map(code_of.__getitem__, keys), np.int32, len(keys))
            holders: dict[Hashable, list[int]] = {}
            if texts is None:
                holders = {key: [code] for key, code in code_of.items()}
            else:
                for key, code in code_of.items():
                    for text in texts(key):
                        holders.setdefault(text, []).append(code)
            self._texts[field] = codes, holders
        return self._texts[field]
