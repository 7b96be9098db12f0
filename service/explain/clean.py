"""Names and queries as they may be shown in a sentence: they are untrusted text."""

import unicodedata

MAX_CHARS = 80  # of a name inside a sentence: whole names reach 500
_JOINERS = "\u200c\u200d"  # Persian and Hindi cannot be written without them


def clean(text: str | None) -> str | None:
    """One line of visible characters, at most `MAX_CHARS`; None if nothing is left.

    Control, direction and private characters go: they could hide what a sentence says, or turn it round.

    Examples
    --------
    >>> clean("Red\\n\\u202e mug\\x00")
    'Red mug'
    """
    if text is None:
        return None
    # what lies far behind the limit cannot be seen, so a name of a megabyte costs no more than a short one
    visible = (_shown(sign) for sign in unicodedata.normalize("NFC", text[: 20 * MAX_CHARS]))
    line = " ".join("".join(visible).split())
    return (line if len(line) <= MAX_CHARS else line[: MAX_CHARS - 1].rstrip() + "…") or None


def _shown(sign: str) -> str:
    kind = unicodedata.category(sign)
    if kind[0] == "Z" or sign.isspace():
        return " "
    return "" if kind[0] == "C" and sign not in _JOINERS else sign
