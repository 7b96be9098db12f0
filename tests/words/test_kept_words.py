"""What was read from a large catalogue, kept for the next process that serves it."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import service.words.served as served
from config.search import Search
from service.core.types import Product
from service.encode.lexical import LexicalEncoder
from service.store.catalog import upsert_products
from service.store.catalogue_words import catalogue_words
from service.store.database import Database
from service.store.file_cache import FileCache
from service.words.kept import Kept, from_bytes, to_bytes
from service.words.naming import make_named
from service.words.notes import Notes
from service.words.served import LiveWords
from service.words.understand import Words, understand
from service.words.vocabulary import make_vocabulary

QUERIES = ("crimsn mug under 20", "acme lamp size 9", "mens wool jacket", "wh1000xm4", "tshirt", "12.50 mugs", "der")


@pytest.fixture
def shop(database: Database) -> Database:
    """Twelve products with everything that words are read from."""
    save(
        database,
        *(
            Product(
                f"{place}", f"Acme {name} {place}", brand="Acme",
                category=("Home & Living", "Lamps" if place % 2 else "Mugs"), price_minor=1000 + place, currency="EUR",
                tags=("men", "sale"),
                attributes={"colour": ("crimson", "blue"), "size": "9", "material": "wool"},
            )
            for place, name in enumerate(("T Shirt", "Crème Lamp", "Wool Jacket", "WH-1000XM4 Mug") * 3)
        ),
    )  # fmt: skip
    return database


def save(database: Database, *products: Product) -> None:
    with database.session() as session:
        upsert_products(session, list(products))


@contextmanager
def started(database: Database, lexical: LexicalEncoder, search: Search, kept: FileCache) -> Iterator[Words]:
    """What a process that starts now reads queries with."""
    store = SimpleNamespace(search=lambda *_: [SimpleNamespace(ids=np.empty(0))])
    with closing(LiveWords(database, store, lexical, search, (), kept)) as live:
        words = live.current("default")
        assert words is not None
        yield words


def test_words_come_back_from_bytes_as_they_were(shop: Database, lexical: LexicalEncoder, search: Search) -> None:
    notes = Notes(search.trait_fields)
    with shop.session() as session:
        vocabulary = make_vocabulary(notes.watching(catalogue_words(session, "default", page=5)), lexical)
    named = make_named(notes, vocabulary.stem)
    again = from_bytes(to_bytes(Kept((12, None), vocabulary, named)), lexical)
    assert again.named == named
    assert named.by_words
    assert named.sizes
    assert named.genders
    assert named.prices is not None
    assert again.version == (12, None)
    assert list(again.vocabulary.counts.items()) == list(vocabulary.counts.items())
    assert again.vocabulary.codes == vocabulary.codes != {}
    assert again.vocabulary.known.tolist() == vocabulary.known.tolist()


def test_the_next_process_takes_what_was_kept_and_understands_the_same(
    shop: Database, lexical: LexicalEncoder, search: Search, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(served, "_WORTH", 10)
    kept = FileCache(tmp_path / "words", 2**20)
    with started(shop, lexical, search, kept) as first:
        said = [understand(query, first, search) for query in QUERIES]
    monkeypatch.setattr(served, "catalogue_words", None)  # reading the catalogue would fail now
    with started(shop, lexical, search, kept) as second:
        assert [understand(query, second, search) for query in QUERIES] == said
    assert any(one.traits for one in said)
    assert any(one.corrected for one in said)
    assert any(one.exact for one in said)


def test_what_was_kept_of_another_catalogue_or_is_damaged_is_read_anew(
    shop: Database, lexical: LexicalEncoder, search: Search, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(served, "_WORTH", 10)
    kept = FileCache(tmp_path / "words", 2**20)
    with started(shop, lexical, search, kept) as words:
        assert not words.vocabulary.holds("umbrella")
    save(shop, Product("13", "Umbrella"))
    with started(shop, lexical, search, kept) as words:
        assert words.vocabulary.holds("umbrella")
    (file,) = (tmp_path / "words").glob("*/*")
    whole = file.read_bytes()
    for damaged in (b"", whole[:40], whole[:-4], b"\xff" * 100):
        file.write_bytes(damaged)
        with started(shop, lexical, search, kept) as words:
            assert words.vocabulary.holds("umbrella")


def test_a_small_catalogue_is_read_at_every_start(
    shop: Database, lexical: LexicalEncoder, search: Search, tmp_path: Path
) -> None:
    with started(shop, lexical, search, FileCache(tmp_path / "words", 2**20)):
        assert not (tmp_path / "words").exists()
