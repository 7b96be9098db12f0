"""Sizes: the same number with the same unit, as the shop happens to write it."""

import re

from service.words.vocabulary import Vocabulary

_INCH = "inch"
_UNITS = (
    ("mb", "megabyte", "megabytes"),
    ("gb", "gigabyte", "gigabytes"),
    ("tb", "terabyte", "terabytes"),
    ("ml", "millilitre", "milliliter", "millilitres", "milliliters"),
    ("l", "ltr", "litre", "liter", "litres", "liters"),
    ("mg", "milligram", "milligrams"),
    ("g", "gm", "gms", "gram", "grams"),
    ("kg", "kgs", "kilogram", "kilograms"),
    ("mm", "millimetre", "millimeter"),
    ("cm", "cms", "centimetre", "centimeter"),
    ("m", "mtr", "metre", "meter", "metres", "meters"),
    (_INCH, "inches", "in"),
    ("ft", "feet", "foot"),
    ("w", "watt", "watts"),
    ("v", "volt", "volts"),
    ("hz", "hertz"),
    ("oz", "ounce", "ounces"),
    ("lb", "lbs", "pound", "pounds"),
)
_ALIASES = {name: group for group in _UNITS for name in group}
_NAMES = "|".join(sorted((name for name in _ALIASES if name != "in"), key=len, reverse=True))  # "5 in 1" is no size
_SIZE = re.compile(rf"(?<![\w.,])(\d{{1,9}}(?:[.,]\d{{1,4}})?)[\s-]?({_NAMES})(?!\w)")
_INCHES = re.compile(r"(?<![\w.,])(\d{1,4}(?:[.,]\d{1,4})?)\s?(?:[\"”]|''|′′|’’)(?!\w)")
_MOST = 8


def inches_in_words(text: str) -> str:
    """A plain text with inch signs written out.

    Examples
    --------
    >>> inches_in_words('laptop 15.6"')
    'laptop 15.6 inch'
    """
    return _INCHES.sub(rf"\g<1> {_INCH}", text)


def other_sizes(text: str, vocabulary: Vocabulary) -> tuple[str, ...]:
    """The sizes of a plain text as the shop writes them; "8 gb", "8-gb" and "8gb" are one to word search anyway."""
    found: dict[int | None, str] = {}  # by what word search calls it: singular and plural are one
    for number, unit in _SIZE.findall(text):
        if unit == "g" and len(number) == 1:
            continue  # 4g and 5g are no weights
        last = re.split("[.,]", number)[-1]
        for alias in _ALIASES[unit]:
            if alias != unit and vocabulary.holds(last + alias):
                found.setdefault(vocabulary.stem(last + alias), f"{number} {alias}")
    return tuple(found.values())[:_MOST]
