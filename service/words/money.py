"""Amounts of money in a plain text: where they stand, how much they are, in which currencies they may be."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_DOLLARS = ("USD", "CAD", "AUD", "NZD", "SGD", "HKD", "MXN")
_RUPEES = ("INR", "PKR", "LKR", "NPR", "MUR")
_SIGNS = {
    "₹": ("INR",), "€": ("EUR",), "$": _DOLLARS, "£": ("GBP",), "¥": ("JPY", "CNY"), "₩": ("KRW",), "₽": ("RUB",),
    "₺": ("TRY",), "₫": ("VND",), "฿": ("THB",), "₱": ("PHP",), "₴": ("UAH",), "₦": ("NGN",), "₪": ("ILS",),
    "rs": _RUPEES, "inr": ("INR",), "rupees": _RUPEES, "rupee": _RUPEES, "rupaye": _RUPEES, "/-": _RUPEES,
    "eur": ("EUR",), "euros": ("EUR",), "euro": ("EUR",), "usd": ("USD",), "dollars": _DOLLARS, "dollar": _DOLLARS,
    "gbp": ("GBP",), "quid": ("GBP",), "jpy": ("JPY",), "yen": ("JPY",), "cny": ("CNY",), "yuan": ("CNY",),
    "aud": ("AUD",), "cad": ("CAD",), "chf": ("CHF",), "sek": ("SEK",), "nok": ("NOK",), "dkk": ("DKK",),
    "zł": ("PLN",), "pln": ("PLN",), "aed": ("AED",), "sgd": ("SGD",), "r$": ("BRL",), "brl": ("BRL",),
}  # fmt: skip
_TIMES = {"k": 1e3, "thousand": 1e3, "hazar": 1e3, "hazaar": 1e3, "lakh": 1e5, "lac": 1e5}
_SIGN = "|".join(sorted(map(re.escape, _SIGNS), key=len, reverse=True))
_AMOUNT = re.compile(
    rf"(?:(?<!\w)({_SIGN})\.?\s?|(?<![\d.,]))"  # 1: sign before
    r"(\d{1,9}(?:[.,]\d{1,3}){0,3})(?![.,]?\d)"  # 2: number
    rf"(?:\s?({'|'.join(_TIMES)})(?!\w))?"  # 3: how many times
    rf"(?:\s?({_SIGN})(?!\w)\.?)?(?!\w)"  # 4: sign behind
)
_INSIDE = re.compile(r"[^\W\d_][-.]?$|[\d_]$")  # "zeb-500", "v2.500": part of a model number
# What else is counted, and sums that are no prices.
_COUNTED = re.compile(
    r"\s?(?:%|°|\"|”|'|\+\s?\d|x\s?\d)|[\s-]?(?:"
    "mb|gb|tb|megabytes?|gigabytes?|terabytes?|ml|l|ltrs?|lit(?:re|er)s?|mg|g|gms?|grams?|kgs?|kilos?|kilograms?|mm|cms?|"
    "mt(?:r|rs|er|ers)|m|met(?:re|er)s?|in|inch|inches|ft|feet|foot|w|watts?|v|volts?|hz|khz|mhz|ghz|oz|ounces?|lbs?|pounds?|"
    "tons?|tonnes?|stars?|mah|ah|mp|megapixels?|rpm|dpi|gsm|tc|counts?|km|kmph|mph|years?|yrs?|months?|weeks?|days?|hours?|"
    "hrs?|mins?|minutes?|secs?|seconds?|pieces?|pcs?|packs?|sheets?|pages?|persons?|people|players?|seaters?|seats?|ports?|"
    "channels?|way|gen|degrees?|percent|amps?|kva|kv|mbps|gbps|lumens?|calories|kcal|colou?rs?|modes?|times|ply|core|items?|"
    "off|discount|cashback|vouchers?|coupons?|gift|coins?|notes?|bills?|in-1|in 1|x"
    r")(?!\w)"
)


@dataclass(frozen=True, slots=True)
class Amount:
    """A number that may be a sum of money.

    Attributes
    ----------
    start, end : where it stands, its sign included. value : in the unit people speak of. times : "k" is 1000.
    currencies : those its sign may stand for; empty without a sign. is_counted : what follows says that it counts
        something else.
    """

    start: int
    end: int
    value: float
    times: float
    currencies: tuple[str, ...]
    is_counted: bool


def amounts(text: str) -> Iterator[Amount]:
    """The amounts of a plain text.

    Examples
    --------
    >>> [(one.value, one.currencies) for one in amounts("€20 or 1.5k, but no zeb-500, wh1000 or 4.5.6")]
    [(20.0, ('EUR',)), (1500.0, ())]
    >>> [one.is_counted for one in amounts("8 gb, 8-inch, 8 books")]
    [True, True, False]
    """
    for match in _AMOUNT.finditer(text):
        before, number, times, behind = match.groups()
        value = _number(number)
        if value is None or (before is None and _INSIDE.search(text, max(0, match.start() - 2), match.start())):
            continue
        factor = _TIMES[times] if times else 1.0
        is_counted = _COUNTED.match(text, match.end()) is not None
        sign = before or behind
        yield Amount(match.start(), match.end(), value * factor, factor, _SIGNS[sign] if sign else (), is_counted)


def _number(text: str) -> float | None:
    """A separator before three digits groups them; None where the digits make no sense."""
    *groups, last = re.split("[.,]", text)
    if any(len(group) < 2 for group in groups[1:]) or any(len(group) > 3 for group in groups[1:]):
        return None
    if not groups:
        return float(last)
    is_grouped = len(last) == 3 and len(groups[0]) <= 3
    return float("".join([*groups, last])) if is_grouped else float("".join(groups) + "." + last)
