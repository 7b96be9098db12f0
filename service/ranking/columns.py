"""Conditions on many products at once: each field becomes an array once, each condition a mask over all products."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.core.fields import PRODUCT_FIELDS, FieldKind
from service.core.filters import Condition, Filter, HasId, Match, Range
from service.core.types import Ids

Mask = NDArray[np.bool_]
_FEW = 3  # codes that are compared one after the other; more are looked up in a table


class Columns:
    """The fields of C products, made into arrays as conditions ask for them.

    Parameters
    ----------
    ids : int64[C]. read : field -> its C values as filters see them; a list counts as several values.

    Examples
    --------
    >>> shop = {"brand": ["Alba", None, "Quill"], "price": [5.0, 10.0, None]}
    >>> columns = Columns(np.array([7, 8, 9]), shop.__getitem__)
    >>> columns.mask(Filter(must_not=(Match("brand", ("Alba",)),))).tolist()
    [False, True, True]
    >>> columns.mask(Range("price", gte=6)).tolist()
    [False, True, False]
    """

    def __init__(self, ids: Ids, read: Callable[[str], Sequence[Any]]) -> None:
        self._ids = ids
        self._read = read
        self._texts: dict[str, tuple[NDArray[np.int32], Mapping[str, list[int]]]] = {}
        self._numbers: dict[str, NDArray[np.float64]] = {}

    def mask(self, condition: Condition) -> Mask:
        """bool[C]: which products match, by the same rules as `core.filters.matches`."""
        match condition:
            case Match(field, any_of):
                is_text = PRODUCT_FIELDS.get(field, FieldKind.KEYWORD) is FieldKind.KEYWORD
                return self._holds(field, any_of) if is_text else np.isin(self._number(field), _plain(any_of))
            case Range(field):
                return self._lies_within(condition, field)
            case HasId(ids):
                return np.isin(self._ids, np.fromiter(ids, np.int64, len(ids)))
            case Filter(must, should, must_not):
                return self._group(must, should, must_not)

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
        wanted = [code for value in any_of for code in holders.get(value, ())]  # type: ignore[call-overload]
        if len(wanted) <= _FEW:
            found = np.zeros(len(codes), dtype=bool)
            for code in wanted:
                found |= codes == code
            return found
        table = np.zeros(int(codes.max()) + 1, dtype=bool)
        table[wanted] = True
        return table[codes]

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
            self._numbers[field] = np.array(self._read(field), dtype=np.float64)
        return self._numbers[field]

    def _text(self, field: str) -> tuple[NDArray[np.int32], Mapping[str, list[int]]]:
        """int32[C], a code for each different value; and for each text the codes of the values that hold it."""
        if field not in self._texts:
            values = [tuple(value) if isinstance(value, list) else value for value in self._read(field)]
            code_of = {value: code for code, value in enumerate(dict.fromkeys(values))}
            codes = np.fromiter(map(code_of.__getitem__, values), np.int32, len(values))
            holders: dict[str, list[int]] = {}
            for value, code in code_of.items():
                for text in value if isinstance(value, tuple) else (value,):
                    holders.setdefault(text, []).append(code)
            self._texts[field] = codes, holders
        return self._texts[field]


def _plain(values: tuple[object, ...]) -> NDArray[np.float64]:
    return np.array([value for value in values if not isinstance(value, str)], dtype=np.float64)
