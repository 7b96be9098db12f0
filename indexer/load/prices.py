"""The price, the original price and the currency of a row, which have to agree."""

from collections.abc import Callable
from typing import Any

from indexer.load.money import CURRENCIES, Money, parse_money
from indexer.load.reasons import Note, Reason


def read_prices(cell: Callable[[str], object], default: str | None, notes: list[Note]) -> dict[str, Any]:
    """Money fields of a product.

    Parameters
    ----------
    cell : field name -> what stands there, None for nothing.
    default : currency of the file.
    notes : repairs are added here.
    """
    stated = _read_currency(cell("currency"), notes)
    price = _read(cell, "price", stated or default, notes)
    if price is not None and stated is not None and price.currency != stated:
        notes.append(Note(Reason.CURRENCY_CONFLICT, "currency", stated))
    currency = price.currency if price is not None else stated or default
    original = _read(cell, "original_price", currency, notes)
    if price is not None and original is not None and not _agree(price, original, notes):
        original = None
    known = price or original
    return {
        "price_minor": None if price is None else price.minor,
        "original_price_minor": None if original is None else original.minor,
        "currency": stated if known is None else known.currency,
    }


def _read_currency(raw: object, notes: list[Note]) -> str | None:
    if raw is None:
        return None
    code = str(raw).strip().upper()
    if code in CURRENCIES:
        return code
    notes.append(Note(Reason.CURRENCY_UNKNOWN, "currency", raw))
    return None


def _read(cell: Callable[[str], object], name: str, currency: str | None, notes: list[Note]) -> Money | None:
    raw = cell(name)
    if raw is None:
        return None
    money, reasons = parse_money(raw, currency)
    notes.extend(Note(reason, name, raw) for reason in reasons)
    return money


def _agree(price: Money, original: Money, notes: list[Note]) -> bool:
    if price.currency != original.currency:
        notes.append(Note(Reason.CURRENCY_CONFLICT, "original_price", original.currency))
        return False
    if original.minor < price.minor:
        notes.append(Note(Reason.ORIGINAL_BELOW_PRICE, "original_price", original.minor))
        return False
    return True
