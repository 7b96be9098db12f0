"""What queries are read with, kept beside a catalogue that changes; on both engines."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import service.words.served as served
from config.params import load_params
from config.search import Search
from config.settings import Settings
from service.core.errors import ConfigurationError, DependencyUnavailable
from service.core.types import Product
from service.encode.lexical import LexicalEncoder
from service.loading import file_synonyms
from service.store.catalog import upsert_products
from service.store.database import Database
from service.store.snapshots import put_snapshot, synonyms_name
from service.store.vectors import Hits, VectorQuery, VectorStore
from service.words.served import LiveWords
from service.words.synonyms import Rule


@pytest.fixture
def live(
    database: Database, lexical: LexicalEncoder, search: Search, monkeypatch: pytest.MonkeyPatch
) -> Iterator[LiveWords]:
    """Words of a shop with a mug, looked at again at every query."""
    monkeypatch.setattr(served, "LOOK_S", 0.0)
    monkeypatch.setattr(served, "_REST", 0.0)
    save(database, Product("m", "Mug", attributes={"colour": ("crimson",)}), Product("h", "Secret", visible=False))
    with closing(LiveWords(database, in_descriptions("crimsen"), lexical, search, [Rule(("cup",), ("mug",))])) as live:
        yield live


def in_descriptions(*words: str) -> VectorStore:
    """A store in which two products have these words, and nothing else is."""
    lexical = LexicalEncoder(k1=1.2, b=0.75, average_length=20)
    stems = {int(lexical.encode_query(word).indices[0]) for word in words}

    def search(_: str, queries: Sequence[VectorQuery]) -> list[Hits]:
        count = 2 if int(queries[0].vector.indices[0]) in stems else 0
        return [Hits(np.arange(count), np.ones(count, np.float32))]

    return SimpleNamespace(search=search)


def save(database: Database, *products: Product) -> None:
    with database.session() as session:
        upsert_products(session, list(products))


def eventually(wanted: Callable[[], bool]) -> bool:
    end = time.monotonic() + 5
    while not wanted() and time.monotonic() < end:
        time.sleep(0.01)
    return wanted()


def counts(live: LiveWords) -> dict[str, int]:
    words = live.current("default")
    return dict(words.vocabulary.counts) if words else {}


def test_the_first_query_reads_the_catalogue_and_later_ones_notice_changes(live: LiveWords, database: Database) -> None:
    assert counts(live) == {"mug": 1, "crimson": 1}
    save(database, Product("l", "Lamp"))
    assert eventually(lambda: "lamp" in counts(live))


def test_a_word_that_only_descriptions_have_is_left_alone(live: LiveWords) -> None:
    words = live.current("default")
    assert words is not None
    assert (words.speller.nearest("crimsen"), words.speller.nearest("crimsin")) == (None, "crimson")


def test_another_tenant_has_words_of_its_own(live: LiveWords) -> None:
    other = live.current("other")
    assert other is not None
    assert dict(other.vocabulary.counts) == {}


def test_synonyms_of_the_file_and_of_the_database_count_together(live: LiveWords, database: Database) -> None:
    live.current("default")
    with database.session() as session:
        put_snapshot(session, synonyms_name("default"), {"lines": ["beaker => mug"]}, now=datetime.now(UTC))
    live.refresh("default")
    words = live.current("default")
    assert words is not None
    assert [also for *_, also in words.synonyms.widen(["cup", "beaker"])] == ["mug", "mug"]


def test_without_a_database_queries_are_taken_as_they_stand(lexical: LexicalEncoder, search: Search) -> None:
    def session() -> None:
        raise DependencyUnavailable("gone")

    assert LiveWords(SimpleNamespace(session=session), in_descriptions(), lexical, search).current("default") is None


def test_a_database_that_goes_away_leaves_the_words_in_force(live: LiveWords, monkeypatch: pytest.MonkeyPatch) -> None:
    before = counts(live)

    def gone(*_: object) -> None:
        raise DependencyUnavailable("gone")

    monkeypatch.setattr(served, "catalogue_version", gone)
    for _ in range(3):
        assert counts(live) == before


def test_a_file_of_synonyms_is_checked_at_the_start(tmp_path: Path, settings_for: Callable[[Path], Settings]) -> None:
    packaged = load_params()
    params = packaged.model_copy(update={"search": packaged.search.model_copy(update={"synonyms_file": "own.txt"})})
    settings = settings_for(tmp_path)
    with pytest.raises(ConfigurationError, match=r"own\.txt cannot be read \(No such file"):
        file_synonyms(settings, params)
    (tmp_path / "own.txt").write_text("# ours\ncup => mug\nmug =>\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"own\.txt: line 3: "):
        file_synonyms(settings, params)
    (tmp_path / "own.txt").write_bytes(b"caf\xe9 => bar\n")
    with pytest.raises(ConfigurationError, match="not UTF-8"):
        file_synonyms(settings, params)
    (tmp_path / "own.txt").write_text("cup => mug\n", encoding="utf-8")
    assert [rule.asked for rule in file_synonyms(settings, params)] == [("cup",)]
    assert file_synonyms(settings, packaged) == []
