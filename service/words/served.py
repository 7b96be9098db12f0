"""What queries are read with, kept per tenant and made anew, behind the answers, when the catalogue has changed."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial
from threading import Event, Lock, Thread

import structlog

from config.search import Search
from service.core.filters import Match, all_of
from service.signals.signal import QueryLexicalEncoder
from service.store.catalogue_words import catalogue_version, catalogue_words
from service.store.database import Database
from service.store.file_cache import FileCache
from service.store.snapshots import get_snapshot, synonyms_name
from service.store.spaces import PRODUCTS
from service.store.vectors import VectorQuery, VectorStore
from service.words.kept import CatalogueVersion, Kept, from_bytes, kept_name, to_bytes
from service.words.named import Named
from service.words.naming import make_named
from service.words.nearest import Speller
from service.words.notes import Notes
from service.words.synonyms import Rule, make_synonyms, parse_synonyms
from service.words.understand import Words
from service.words.vocabulary import Vocabulary, make_vocabulary, stemmer

log = structlog.get_logger()

LOOK_S = 5.0  # how soon synonyms, and a small catalogue, count after a change
_REST = 50.0  # times as long as reading the catalogue took, until it is read again
_USED_BY = 2
_PAUSE_S = 0.001  # after each page read behind the answers
_WORTH = 5_000  # products: fewer are read sooner than it would matter
_ALIKE = 0.01  # share of the products that may have come or gone since, for what was kept to do at first


@dataclass(frozen=True, slots=True, eq=False)
class _Known:
    words: Words | None
    version: object = None
    synonyms_of: object = None
    look_at: float = 0.0
    read_at: float = 0.0


class LiveWords:
    """Keeps each tenant's `Words`; a failing database leaves the last ones in force.

    The first query of a tenant reads the catalogue and waits for it (a serving process asks at its start), or takes
    what was read before if that is nearly the same catalogue; all later readings happen in a thread. Others that ask
    meanwhile are answered with what there is.

    Parameters
    ----------
    store : is asked whether descriptions have a word that nothing else has. rules : synonyms of the shop's file.
    kept : what was read from larger catalogues, for the next process; None keeps nothing.
    """

    def __init__(
        self,
        database: Database,
        store: VectorStore,
        lexical: QueryLexicalEncoder,
        params: Search,
        rules: Iterable[Rule] = (),
        kept: FileCache | None = None,
    ) -> None:
        self._database = database
        self._store = store
        self._lexical = lexical
        self._params = params
        self._rules = tuple(rules)
        self._kept = kept
        self._known: dict[str, _Known] = {}
        self._lock = Lock()
        self._closed = Event()
        self._thread: Thread | None = None

    def current(self, tenant: str) -> Words | None:
        """What to read queries with; None while the catalogue is read for the first time. Never raises."""
        known = self._known.get(tenant, _Known(None))
        if (known.words is not None and time.monotonic() < known.look_at) or not self._lock.acquire(blocking=False):
            return known.words
        if known.words is None:
            try:
                return self._look(tenant, pause_s=0.0)
            finally:
                self._lock.release()
        self._thread = Thread(target=self._behind, args=(tenant,), name="words", daemon=True)
        self._thread.start()
        return known.words

    def refresh(self, tenant: str) -> None:
        """Look now, the catalogue left as it is: this process has changed the synonyms."""
        with self._lock:
            self._look(tenant, pause_s=0.0, is_read=tenant not in self._known)

    def close(self) -> None:
        """End the reading that goes on, and wait for it."""
        self._closed.set()
        if self._thread is not None:
            self._thread.join()

    def _behind(self, tenant: str) -> None:
        try:
            self._look(tenant, pause_s=_PAUSE_S)
        finally:
            self._lock.release()

    def _look(self, tenant: str, *, pause_s: float, is_read: bool = True) -> Words | None:
        known = self._known.get(tenant, _Known(None))
        words, version, synonyms_of = known.words, known.version, known.synonyms_of
        read_at = known.read_at
        try:
            start = time.monotonic()
            if is_read and start >= read_at:
                with self._database.session() as session:
                    found = catalogue_version(session, tenant)
                if found != version or words is None:
                    reading = self._reading(tenant, found, pause_s, is_first=words is None)
                    vocabulary = reading.vocabulary
                    synonyms = words.synonyms if words else make_synonyms(self._rules, stemmer(self._lexical))
                    speller = Speller(vocabulary, self._params.cache, partial(self._is_used, tenant))
                    words = Words(vocabulary, speller, synonyms, reading.named)
                    version = reading.version
                    rest_s = _REST * (time.monotonic() - start) if version == found else 0.0
                    read_at = time.monotonic() + rest_s
            if words is not None:
                words, synonyms_of = self._with_synonyms(tenant, words, synonyms_of)
        except Exception as error:  # noqa: BLE001  the words before stay in force
            log.warning("words_not_refreshed", error=str(error))
        self._known[tenant] = _Known(words, version, synonyms_of, time.monotonic() + LOOK_S, read_at)
        return words

    def _reading(self, tenant: str, found: CatalogueVersion, pause_s: float, *, is_first: bool) -> Kept:
        """The catalogue, read now; at first what was kept will do, where it is of nearly the same one."""
        name = kept_name(tenant, self._made_by) if self._kept is not None and found[0] >= _WORTH else None
        if is_first and name is not None and (kept := self._kept_before(name, found)) is not None:
            return kept
        reading = Kept(found, *self._read(tenant, pause_s))
        if self._kept is not None and name is not None:
            self._kept.put(name, to_bytes(reading))
        return reading

    def _kept_before(self, name: str, found: CatalogueVersion) -> Kept | None:
        data = self._kept.get(name) if self._kept is not None else None
        if data is None:
            return None
        try:
            kept = from_bytes(data, self._lexical)
        except (ValueError, KeyError, TypeError) as error:
            log.warning("kept_words_not_usable", error=str(error))
            return None
        return kept if abs(kept.version[0] - found[0]) <= _ALIKE * found[0] else None

    @property
    def _made_by(self) -> str:
        fields = sorted((kind, *some) for kind, some in self._params.trait_fields.items())
        return f"{getattr(self._lexical, 'name', '')} {fields}"

    def _read(self, tenant: str, pause_s: float) -> tuple[Vocabulary, Named]:
        def pause() -> None:
            if pause_s and self._closed.wait(pause_s):
                raise InterruptedError("the service ends")

        notes = Notes(self._params.trait_fields)
        with self._database.session() as session:
            pages = notes.watching(catalogue_words(session, tenant))
            vocabulary = make_vocabulary(pages, self._lexical, pause)
        return vocabulary, make_named(notes, vocabulary.stem, pause)

    def _is_used(self, tenant: str, word: str) -> bool:
        """Whether several products have a word, wherever: one alone may be misspelt itself."""
        vector = self._lexical.encode_query(word)
        if vector is None:
            return True
        try:
            (hits,) = self._store.search(
                PRODUCTS, [VectorQuery("lexical", vector, _USED_BY, all_of(Match("tenant", (tenant,))))]
            )
        except Exception as error:  # noqa: BLE001  the signals will tell that the store is down
            log.warning("word_not_looked_up", error=str(error))
            return False
        return len(hits.ids) >= _USED_BY

    def _with_synonyms(self, tenant: str, words: Words, known: object) -> tuple[Words, object]:
        with self._database.session() as session:
            stored = get_snapshot(session, synonyms_name(tenant))
        if stored is None or stored.made_at == known:
            return words, known
        rules, _ = parse_synonyms(stored.data["lines"])
        synonyms = make_synonyms((*self._rules, *rules), words.vocabulary.stem)
        return replace(words, synonyms=synonyms), stored.made_at
