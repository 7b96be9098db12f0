"""Prices as people write them, as minor units and a currency."""

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from indexer.load.limits import PRICE_MINOR
from indexer.load.reasons import Reason
from indexer.load.text import fix_decoding
from service.store.payload import minor_digits

# ISO 4217, list one (six-group.com/iso-4217), without funds, metals and testing codes
_CODES = """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF
    CHF CLF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD
    HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL
    LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR
    PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP
    TRY TTD TWD TZS UAH UGX USD UYI UYU UYW UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
"""
CURRENCIES = frozenset(_CODES.split())
_SIGNS = {
    "US$": "USD", "A$": "AUD", "AU$": "AUD", "C$": "CAD", "CA$": "CAD", "HK$": "HKD", "NZ$": "NZD", "S$": "SGD",
    "R$": "BRL", "RS.": "INR", "RS": "INR", "₹": "INR", "$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "￥": "JPY",
    "₩": "KRW", "₽": "RUB", "₺": "TRY", "₫": "VND", "฿": "THB", "₱": "PHP", "₴": "UAH", "₦": "NGN", "₪": "ILS",
    "ZŁ": "PLN", "KČ": "CZK", "FT": "HUF", "KR.": "SEK", "KR": "SEK", "RM": "MYR",
}  # fmt: skip
# signs that several currencies share: the file's own currency decides, if it is one of them
_SHARED = {
    "$": frozenset(["USD", "CAD", "AUD", "NZD", "SGD", "HKD", "TWD", "MXN", "ARS", "CLP", "COP", "UYU"]),
    "¥": frozenset({"JPY", "CNY"}),
    "￥": frozenset({"JPY", "CNY"}),
    "KR": frozenset({"SEK", "NOK", "DKK", "ISK"}),
    "KR.": frozenset({"SEK", "NOK", "DKK", "ISK"}),
    "RS": frozenset({"INR", "PKR", "LKR", "NPR", "MUR"}),
    "RS.": frozenset({"INR", "PKR", "LKR", "NPR", "MUR"}),
    "£": frozenset({"GBP", "EGP"}),
}
_PLAIN = re.compile(r"(₹|\$|€|£)?(\d{1,9}|\d{1,3}(?:,\d{2,3}){0,2},\d{3})(\.\d\d?)?")
_SPACES = " \u00a0\u2009\u202f'’"
_NUMBER = re.compile(rf"\d[\d.,]*(?:[{_SPACES}]\d{{3}}(?!\d)[\d.,]*)*")
_SIGN = re.compile("|".join(sorted(map(re.escape, _SIGNS), key=len, reverse=True)))
_CODE = re.compile(r"(?<![A-Z])[A-Z]{3}(?![A-Z])")
_FILLER = re.compile(r"[\s*:=]|/-|,-|\.-|,–|M\.?R\.?P\.?|PRICE|FROM|ONLY", re.IGNORECASE)
_RANGE = re.compile(r"(?<=[\d\w€₹£$¥.])\s*(?:-|–|—|\bto\b|~)\s*(?=[^\d\s]{0,3}\s?\d)", re.IGNORECASE)
_NEGATIVE = re.compile(r"^\(.*\)$|[-−]\s*\d|[-−][^\d\s]{1,3}\s?\d|\d\s*[-−]$")
_NOISE = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units (cents, paise), and its currency where it is known."""

    minor: int
    currency: str | None


Parsed = tuple[Money | None, tuple[Reason, ...]]


def parse_money(raw: object, currency: str | None = None) -> Parsed:
    """Read a price.

    A lone separator before three digits groups thousands if the text has a currency sign (``1.299 €``) or is a comma;
    in a bare number a point is decimal.

    Parameters
    ----------
    raw : number or text; not blank.
    currency : what holds without a sign in the text.

    Returns
    -------
    tuple : the amount, or None where it is not to be read; and the reasons.

    Examples
    --------
    >>> [parse_money(text)[0].minor for text in ("₹10,999", "$1,299.00", "1.299,00 €", "Rs. 500", "1299", "1,23,456.5")]
    [1099900, 129900, 129900, 50000, 129900, 12345650]
    >>> parse_money("call us")
    (None, (<Reason.PRICE_NOT_A_NUMBER: 'price_not_a_number'>,))
    """
    if isinstance(raw, str):
        return _parse_plain(raw, currency) or _parse_text(raw, currency)
    if isinstance(raw, bool) or not isinstance(raw, int | float | Decimal):
        return None, (Reason.PRICE_NOT_A_NUMBER,)
    return _to_minor(Decimal(str(raw)), currency)


def _parse_plain(raw: str, currency: str | None) -> Parsed | None:
    """The common spellings, fast."""
    match = _PLAIN.fullmatch(raw)
    if match is None:
        return None
    return _to_minor(Decimal(match[2].replace(",", "") + (match[3] or "")), _of_sign(match[1], currency))


def _parse_text(raw: str, currency: str | None) -> Parsed:
    text = raw[:200].strip()
    reasons: tuple[Reason, ...] = ()
    if not text.isascii() and (fixed := fix_decoding(text)) != text:
        text, reasons = fixed, (Reason.MOJIBAKE_FIXED,)
    parts = _RANGE.split(text)
    if len(parts) == 2:
        both = [_parse_single(part, currency)[0] for part in parts]
        known = [money for money in both if money is not None]
        if len(known) == 2:
            lower = min(known, key=lambda money: money.minor)
            named = lower.currency or known[0].currency or known[1].currency
            return Money(lower.minor, named), (*reasons, Reason.PRICE_RANGE)
    money, found = _parse_single(text, currency)
    return money, (*reasons, *found)


def _parse_single(text: str, currency: str | None) -> Parsed:
    numbers = _NUMBER.findall(text)
    rest = _NUMBER.sub(" ", text).upper()
    if len(numbers) != 1:
        return None, (Reason.PRICE_NOT_A_NUMBER,)
    is_negative = _NEGATIVE.search(text) is not None
    rest, named = _take_currency(rest, currency)
    if _FILLER.sub("", rest).strip("-−()."):
        return None, (Reason.PRICE_NOT_A_NUMBER,)
    amount = _to_decimal(numbers[0], named or currency, has_sign=named is not None or text.endswith((",-", ",–")))
    if amount is None:
        return None, (Reason.PRICE_NOT_A_NUMBER,)
    return _to_minor(-amount if is_negative else amount, named or currency)


def _take_currency(rest: str, currency: str | None) -> tuple[str, str | None]:
    """What is left of the text around a number without the currency, and the currency."""
    code = _CODE.search(rest)
    if code is not None and code.group() in CURRENCIES:
        return _SIGN.sub("", rest.replace(code.group(), "", 1), count=1), code.group()
    sign = _SIGN.search(rest)
    if sign is None:
        return rest, None
    return rest.replace(sign.group(), "", 1), _of_sign(sign.group(), currency)


def _of_sign(sign: str | None, currency: str | None) -> str | None:
    if sign is None or currency in _SHARED.get(sign, ()):
        return currency
    return _SIGNS[sign]


def _to_decimal(number: str, currency: str | None, has_sign: bool) -> Decimal | None:
    """Tell the decimal separator from those that group digits; None where the digits make no sense."""
    digits = re.sub(f"[{_SPACES}]", "", number).rstrip(".,")
    point, comma = digits.rfind("."), digits.rfind(",")
    decimal = max(point, comma)
    if decimal >= 0 and min(point, comma) < 0 and _is_grouping(digits, digits[decimal], currency, has_sign):
        decimal = -1
    whole, fraction = (digits, "") if decimal < 0 else (digits[:decimal], digits[decimal + 1 :])
    if decimal >= 0 and digits[decimal] in whole:
        return None
    groups = re.split("[.,]", whole)
    if len(groups) > 1 and (len(groups[-1]) != 3 or not all(len(group) in (2, 3) for group in groups[1:])):
        return None
    try:
        return Decimal("".join(groups) + ("." + fraction if fraction else ""))
    except InvalidOperation:
        return None


def _is_grouping(digits: str, separator: str, currency: str | None, has_sign: bool) -> bool:
    """Whether the only kind of separator groups thousands."""
    head, *groups = digits.split(separator)
    if len(groups) > 1:
        return True
    if len(groups[0]) != 3 or len(head) > 3 or head.startswith("0") or minor_digits(currency) == 3:
        return False
    return separator == "," or has_sign


def _to_minor(amount: Decimal, currency: str | None) -> Parsed:
    if not amount.is_finite():
        return None, (Reason.PRICE_NOT_A_NUMBER,)
    if amount < 0:
        return None, (Reason.PRICE_NEGATIVE,)
    digits = minor_digits(currency)
    if amount > PRICE_MINOR:
        return None, (Reason.PRICE_TOO_LARGE,)
    exact = amount.scaleb(digits)
    minor = exact.quantize(Decimal(1), rounding=ROUND_HALF_UP)
    if minor > PRICE_MINOR:
        return None, (Reason.PRICE_TOO_LARGE,)
    # a float's own noise (19.990000000000002) is no rounding
    return Money(int(minor), currency), ((Reason.PRICE_ROUNDED,) if abs(exact - minor) > _NOISE else ())
