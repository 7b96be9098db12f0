"""Texts as plain words, the way word search cuts them."""

import re
import unicodedata

_WORD = re.compile(r"\w+")
_CODE = re.compile(r"[^\W_]+")
_WITH_DIGIT = re.compile(r"\S*\d\S*")
_LEAST_CODE = 4
_LEAST_DIGITS = 3  # "win32" and "10-client" say what a thing is for, not which one it is


def plain(text: str) -> str:
    """Small letters in their usual forms.

    Examples
    --------
    >>> plain("ＬＧ Straße")
    'lg strasse'
    """
    return unicodedata.normalize("NFKC", text).casefold()


def folded(word: str) -> str:
    """Without accents.

    Examples
    --------
    >>> folded("crème")
    'creme'
    """
    if word.isascii():
        return word
    return "".join(sign for sign in unicodedata.normalize("NFKD", word) if not unicodedata.combining(sign))


def spans(text: str) -> list[tuple[int, int]]:
    """Where the words of a plain text lie."""
    return [match.span() for match in _WORD.finditer(text)]


def words_of(text: str) -> list[str]:
    """The words of any text, without accents.

    Examples
    --------
    >>> words_of("Crème T-Shirt, 8GB")
    ['creme', 't', 'shirt', '8gb']
    """
    return _WORD.findall(folded(plain(text)))


def codes_of(text: str) -> list[str]:
    """What looks like a model number: letters and at least three digits between two spaces, other signs left out.

    Examples
    --------
    >>> codes_of("Sony WH-1000XM4 headphones, 4K, black")
    ['wh1000xm4']
    """
    found = ("".join(_CODE.findall(chunk)) for chunk in _WITH_DIGIT.findall(folded(plain(text))))
    return [code for code in found if len(code) >= _LEAST_CODE and _is_mixed(code)]


def _is_mixed(code: str) -> bool:
    digits = sum(sign.isdigit() for sign in code)
    return _LEAST_DIGITS <= digits < len(code)
