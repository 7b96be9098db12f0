"""Where a list of search goes on: a text for the caller to send back, checked but not secret."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b

import orjson

from service.core.errors import InvalidQuery

MAX_LENGTH = 8000
"""Characters of a cursor; with at most `MAX_IDS` ids it is shorter."""

MAX_IDS = 1000
_CHECK_BYTES = 6


@dataclass(frozen=True, slots=True)
class Cursor:
    """What the next page needs to know.

    Attributes
    ----------
    made_for : fingerprint of the question. release : the release it was answered with.
    total, is_at_least : of the first page. mark : where a walk through the catalogue stands.
    ids : internal ids that are still to be shown, where these were found by words.
    """

    made_for: str
    release: str | None
    total: int
    is_at_least: bool
    mark: str | None = None
    ids: frozenset[int] = frozenset()


def write_cursor(cursor: Cursor) -> str:
    """A url-safe text.

    Examples
    --------
    >>> cursor = Cursor("ab", None, 30, False, ids=frozenset({7, 300}))
    >>> read_cursor(write_cursor(cursor)) == cursor
    True
    """
    head = orjson.dumps([cursor.made_for, cursor.release, cursor.total, cursor.is_at_least, cursor.mark])
    body = head + b"\0" + b"".join(_packed(cursor.ids))
    return urlsafe_b64encode(_check(body) + body).decode().rstrip("=")


def read_cursor(text: str) -> Cursor:
    """The cursor in a text that `write_cursor` made.

    Raises
    ------
    InvalidQuery : it was cut short, changed or made by somebody else.
    """
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        check, body = raw[:_CHECK_BYTES], raw[_CHECK_BYTES:]
        head, separator, packed = body.partition(b"\0")
        if check != _check(body) or not separator:
            raise ValueError("the checksum does not fit")
        made_for, release, total, is_at_least, mark = orjson.loads(head)
        if not (isinstance(mark, str | None) and isinstance(release, str | None)):
            raise ValueError("mark and release are texts")
        return Cursor(str(made_for), release, int(total), bool(is_at_least), mark, frozenset(_unpacked(packed)))
    except (ValueError, TypeError) as error:
        raise InvalidQuery(
            f"the cursor is broken: {text[:40]!a}; send `next_cursor` back as it was, or leave it out to start again",
            code="invalid_cursor",
        ) from error


def _check(body: bytes) -> bytes:
    return blake2b(body, digest_size=_CHECK_BYTES).digest()


def _packed(ids: Iterable[int]) -> Iterator[bytes]:
    """Ascending, each as its distance from the one before, seven bits to a byte."""
    last = 0
    for one in sorted(ids):
        distance, last = one - last, one
        while distance > 127:
            yield bytes([distance & 127 | 128])
            distance >>= 7
        yield bytes([distance])


def _unpacked(packed: bytes) -> Iterator[int]:
    last = distance = shift = 0
    for byte in packed:
        distance |= (byte & 127) << shift
        shift += 7
        if shift > 70:
            raise ValueError("an id without end")
        if byte < 128:
            last += distance
            if last >= 2**63:
                raise ValueError("an id of more than 63 bits")
            yield last
            distance = shift = 0
