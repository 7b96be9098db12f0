"""Amounts for people, written as the scripts' own formatter writes them in English."""

from service.store.payload import minor_digits

_SIGNS = {"EUR": "€", "USD": "$", "GBP": "£", "INR": "₹", "JPY": "¥", "CNY": "CN¥", "KRW": "₩", "BRL": "R$"}
_SPACE = "\N{NO-BREAK SPACE}"


def money(amount: float | None, currency: str | None) -> str:
    """An amount in major units.

    Examples
    --------
    >>> money(1234.5, "EUR"), money(900.0, "JPY"), money(5.0, None), money(None, "EUR")
    ('€1,234.50', '¥900', '5.00', '')
    """
    if amount is None:
        return ""
    text = f"{amount:,.{minor_digits(currency)}f}"
    if currency is None:
        return text
    return f"{_SIGNS[currency]}{text}" if currency in _SIGNS else f"{currency}{_SPACE}{text}"
