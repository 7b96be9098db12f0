"""Physical lines of a text file as a stream: any common encoding, gzip, bounded memory, true line numbers."""

import codecs
import gzip
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import cast

from indexer.load.limits import CHUNK_BYTES, ROW_BYTES
from service.core.errors import InvalidQuery

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark is the beginning of this one
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NOT_A_TABLE = {b"PK\x03\x04": "a spreadsheet or zip archive", b"PAR1": "a Parquet file", b"%PDF": "a PDF"}
_NOT_UTF8 = re.compile("[\udc80-\udcff]+")
_HEAD_BYTES = 4_000  # enough to tell encoding and line ends
_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Line:
    """One physical line without its line break.

    Attributes
    ----------
    is_reencoded : it was not UTF-8 and is read as Windows-1252.
    is_complete : it ends in a line break.
    is_oversize : it is larger than a row may be; `text` is its beginning, `odd_quotes` counts all of it.
    is_lost : the compressed file broke here.
    """

    number: int
    text: str
    is_reencoded: bool = False
    is_complete: bool = True
    is_oversize: bool = False
    odd_quotes: bool = False
    is_lost: bool = False


@contextmanager
def open_binary(path: Path) -> Iterator[tuple[BufferedReader, BufferedReader]]:
    """The file on disk (its position is the progress) and its content, which differs for ``.gz``.

    Raises
    ------
    InvalidQuery : missing, a folder, empty, or not readable.
    """
    check_file(path)
    try:
        raw = path.open("rb")
    except OSError as error:
        raise InvalidQuery(f"cannot read {path}: {error.strerror}", code="file_unreadable") from error
    with raw:
        if path.suffix.lower() == ".gz":
            with gzip.open(raw) as content:
                yield raw, cast(BufferedReader, content)
        else:
            yield raw, raw


def check_file(path: Path) -> None:
    """Refuse what cannot hold rows.

    Raises
    ------
    InvalidQuery : missing, a folder, or empty.
    """
    try:
        is_file, is_there = path.is_file(), path.exists()
        size = path.stat().st_size if is_file else 0
    except (OSError, ValueError) as error:
        raise InvalidQuery(f"cannot read {str(path)!a}: {error}", code="file_unreadable") from error
    if not is_there:
        raise InvalidQuery(f"there is no file {path}; check the path", code="file_missing")
    if not is_file:
        raise InvalidQuery(f"{path} is not a file; name the file inside it", code="not_a_file")
    if not size:
        raise InvalidQuery(f"{path} is empty; expected a header and one row for each entry", code="file_empty")


def read_lines(stream: BufferedReader, name: str) -> Iterator[Line]:
    """Every physical line, numbered from 1; ``\\n``, ``\\r\\n`` and (in files without ``\\n``) ``\\r`` end a line.

    Raises
    ------
    InvalidQuery : the content is no text at all, or not gzip although the name says so.
    """
    head = b""
    try:
        while len(head) < _HEAD_BYTES and (more := stream.read1(CHUNK_BYTES)):
            head += more
    except (OSError, EOFError, zlib.error) as error:
        raise InvalidQuery(f"cannot read {name}: {error}", code="file_unreadable") from error
    for magic, what in _NOT_A_TABLE.items():
        if head.startswith(magic):
            raise InvalidQuery(f"{name} is {what}, not text; export it as CSV (UTF-8)", code="file_unreadable")
    yield from _split(_utf8_chunks(head, stream))


def _utf8_chunks(head: bytes, stream: BufferedReader) -> Iterator[bytes | None]:
    encoding, skip = _encoding(head)
    decoder = None if encoding == "utf-8" else codecs.getincrementaldecoder(encoding)("replace")
    is_mac = b"\n" not in head and head.count(b"\r") > 1
    chunk: bytes | None = head[skip:]
    while chunk:
        out = chunk if decoder is None else decoder.decode(chunk).encode("utf-8", "replace")
        yield out.replace(b"\r", b"\n") if is_mac else out
        chunk = _read(stream)
    if chunk is None:
        yield None


def _read(stream: BufferedReader) -> bytes | None:
    """The next chunk; None where a compressed file breaks."""
    try:
        return stream.read1(CHUNK_BYTES)  # hands out all that stands before a break
    except (OSError, EOFError, zlib.error):
        return None


def _encoding(head: bytes) -> tuple[str, int]:
    for bom, encoding in _BOMS:
        if head.startswith(bom):
            return encoding, len(bom) if encoding == "utf-8" else 0
    # UTF-16 without a mark: every other byte of Latin text is zero
    even, odd = head[:2000:2].count(0), head[1:2000:2].count(0)
    half = min(len(head), 2000) // 2
    if half > 4 and max(even, odd) > 0.8 * half and min(even, odd) < 0.1 * half:
        return ("utf-16-be" if even > odd else "utf-16-le"), 0
    return "utf-8", 0


def _split(chunks: Iterator[bytes | None]) -> Iterator[Line]:
    number, tail = 1, _Tail()
    for chunk in chunks:
        if chunk is None:
            yield Line(number, _decode(tail.kept[:_SHOWN])[0], is_complete=False, is_lost=True)
            return
        first, *others = chunk.split(b"\n")
        tail.add(first)
        for piece in others:
            yield tail.line(number)
            number, tail = number + 1, _Tail(piece, len(piece))
    if tail.size:
        yield tail.line(number, is_complete=False)


@dataclass(slots=True)
class _Tail:
    """A line being put together from chunks; of an oversize one the beginning and the quotes are kept."""

    kept: bytes = b""
    size: int = 0
    quotes: int = 0

    def add(self, piece: bytes) -> None:
        self.size += len(piece)
        if self.size <= ROW_BYTES:
            self.kept += piece
            return
        if len(self.kept) > _SHOWN:
            self.quotes += self.kept.count(b'"', _SHOWN)
            self.kept = self.kept[:_SHOWN]
        self.quotes += piece.count(b'"')

    def line(self, number: int, is_complete: bool = True) -> Line:
        text, is_reencoded = _decode(self.kept.removesuffix(b"\r"))
        if self.size <= ROW_BYTES:
            return Line(number, text, is_reencoded, is_complete)
        quotes = self.quotes + self.kept.count(b'"')
        return Line(number, text, is_complete=is_complete, is_oversize=True, odd_quotes=quotes % 2 == 1)


def _decode(raw: bytes) -> tuple[str, bool]:
    """UTF-8, with the bytes that are none read as Windows-1252; and whether there were such."""
    try:
        return raw.decode(), False
    except UnicodeDecodeError:
        text = raw.decode("utf-8", "surrogateescape")
        return _NOT_UTF8.sub(_as_cp1252, text), True


def _as_cp1252(match: re.Match[str]) -> str:
    return match.group().encode("utf-8", "surrogateescape").decode("cp1252", "replace")
