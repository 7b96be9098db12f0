"""Words put right: wrong decodings, entities, control characters, white space, length."""

import html
import re
from functools import lru_cache

import ftfy
from ftfy.fixes import fix_c1_controls

from indexer.load.limits import DESCRIPTION_CHARS, FIELD_CHARS, NAME_CHARS, WORD_CHARS
from indexer.load.reasons import Reason

Cleaned = tuple[str, tuple[Reason, ...]]

# the last two bytes of general punctuation (U+2000-203F) whose first byte is lost
_PUNCTUATION_TAIL = re.compile("(?<![\x80-\xbf\xc2-\xf4])\x80([\x80-\xbf])")
# UTF-8 read as Windows-1252: punctuation (â€), currencies (â‚), letter-like signs (â„); ftfy leaves some of them
_TAILS = "".join(bytes([byte]).decode("sloppy-windows-1252") for byte in range(0x80, 0xC0))
_SIGN_READ_WRONG = re.compile(f"â[€‚„][{re.escape(_TAILS)}]")
_LOST = re.compile("\ufffd+")
_WHITE = re.compile(r"[^\S\n]+")
_LINES = re.compile(r"\s*\n\s*")
# C0 and C1 but for tab, line breaks and next line, soft hyphen, zero width space, bidi marks, byte order mark,
# surrogates, and what is no character; joiners stay: Indic scripts and emoji need them
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]+"
)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_TAG = re.compile(
    r"</?(?:a|abbr|b|big|blockquote|br|center|dd|div|dl|dt|em|font|h[1-6]|hr|i|img|li|ol|p|pre|s|script|small|span|strong"
    r"|style|sub|sup|table|tbody|td|tfoot|th|thead|tr|u|ul)(?:\s[^<>]{0,2000})?/?>|<!--[^>]{0,500}-->",
    re.IGNORECASE,
)


def clean_name(raw: str) -> Cleaned:
    """A product name: one line, at most 500 characters.

    Examples
    --------
    >>> clean_name("  Boys&#39;  Shirt ")
    ("Boys' Shirt", (<Reason.HTML_UNESCAPED: 'html_unescaped'>,))
    """
    return clean_line(raw, NAME_CHARS, Reason.NAME_TRUNCATED)


def clean_word(raw: str) -> Cleaned:
    """A brand, a tag, a level of a category path: one line, at most 200 characters."""
    return clean_line(raw, WORD_CHARS)


def clean_line(raw: str, limit: int, too_long: Reason = Reason.TEXT_TRUNCATED) -> Cleaned:
    """Text on one line.

    Parameters
    ----------
    limit : characters kept. too_long : the reason given when there are more.

    Returns
    -------
    tuple : the text, and what was repaired; white space is tidied without mention.
    """
    text, reasons = clean_characters(raw)
    return _cut(" ".join(text.split()), limit, reasons, too_long)


def clean_description(raw: str) -> Cleaned:
    """Plain text that may have several lines, at most 20,000 characters.

    Examples
    --------
    >>> clean_description("<p>Warm.</p><p>Soft.</p>")[0]
    'Warm.\\nSoft.'
    """
    text, reasons = clean_characters(raw)
    if "<" in text and (plain := _TAG.sub("\n", text)) != text:
        text, reasons = plain, (*reasons, Reason.HTML_TAGS_REMOVED)
    if "\n" in text or "\r" in text:
        text = _LINES.sub("\n", _WHITE.sub(" ", text.replace("\r", "\n"))).strip()
    else:
        text = " ".join(text.split())
    return _cut(text, DESCRIPTION_CHARS, reasons, Reason.DESCRIPTION_TRUNCATED)


@lru_cache(maxsize=8192)  # categories, brands and colours come back row after row
def _clean_short(raw: str) -> Cleaned:
    return _clean_characters(raw)


def clean_characters(raw: str) -> Cleaned:
    """The right characters: decodings repaired, entities resolved, unseen ones taken out."""
    return _clean_short(raw) if len(raw) <= 60 else _clean_characters(raw[:FIELD_CHARS])


def _clean_characters(raw: str) -> Cleaned:
    text, reasons = raw, []
    if not text.isascii() and (fixed := fix_decoding(text)) != text:
        text = fixed
        reasons.append(Reason.MOJIBAKE_FIXED)
    if "&" in text and (plain := _ENTITY.sub(lambda match: html.unescape(match.group()), text)) != text:
        text = plain
        reasons.append(Reason.HTML_UNESCAPED)
    if "\ufffd" in text:
        text = _LOST.sub("", text)
        reasons.append(Reason.LOST_CHARACTERS_REMOVED)
    if not text.isprintable() and (seen := _UNSEEN.sub("", text)) != text:
        text = seen
        reasons.append(Reason.CONTROL_CHARACTERS_REMOVED)
    return text, tuple(reasons)


def fix_decoding(text: str) -> str:
    """Text that was decoded as something else than it is, as it was meant.

    Examples
    --------
    >>> [fix_decoding(text) for text in ("â‚¹10,999", "Zenâ„¢", "ASAP\\x99", "red \\x80\\x93 blue", "CAFÉ™")]
    ['₹10,999', 'Zen™', 'ASAP™', 'red – blue', 'CAFÉ™']
    """
    whole = _PUNCTUATION_TAIL.sub(lambda match: chr(0x2000 + ord(match.group(1)) - 0x80), text)
    fixed = _SIGN_READ_WRONG.sub(_as_utf8, ftfy.fix_encoding(whole))
    return fix_c1_controls(fixed)


def _as_utf8(match: re.Match[str]) -> str:
    return match.group().encode("sloppy-windows-1252").decode()


def _cut(text: str, limit: int, reasons: tuple[Reason, ...], too_long: Reason) -> Cleaned:
    if len(text) <= limit:
        return text, reasons
    head = text[: limit - 1]
    cut = head.rfind(" ", limit * 9 // 10)
    return head[: cut if cut > 0 else None].rstrip() + "…", (*reasons, too_long)
