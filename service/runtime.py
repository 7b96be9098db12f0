"""The composition root: opens what the settings name and puts it together, for the API, the commands and eval."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from config.params import Params, load_params
from config.settings import Settings
from service.core.errors import ConfigurationError
from service.core.fields import FieldKind, with_attributes
from service.core.types import DEFAULT_TENANT
from service.loading import file_synonyms, load_cross, load_encoders, picture_source, query_pictures
from service.store.database import Database, open_database
from service.store.open_store import open_store
from service.store.vectors import VectorStore

if TYPE_CHECKING:
    from indexer.embed import ProductEncoders
    from indexer.sync import Outbox
    from service.context import Services
    from service.encode.query_pictures import QueryPictures
    from service.impressions import ImpressionLog
    from service.served_release import LiveRelease
    from service.served_rules import LiveRules
    from service.sessions import Sessions
    from service.store.redis_link import RedisLink
    from service.words.served import LiveWords

VECTOR_AGE_S = 60.0  # beside a server others index: so late does a changed product's new vector count in profiles
WORDS_FOLDER = "words"  # what was read from catalogues, in the data folder
WORDS_BYTES = 2**29  # of those files
POPULAR_REFRESH_S = 5.0  # how soon a serving process notices lists that another one counted


@dataclass(frozen=True, slots=True)
class Runtime:
    """Everything one process works with."""

    settings: Settings
    params: Params
    fields: dict[str, FieldKind]
    database: Database
    store: VectorStore
    encoders: "ProductEncoders"
    services: "Services"
    outbox: "Outbox"
    impressions: "ImpressionLog"
    rules: "LiveRules"
    words: "LiveWords"
    pictures: "QueryPictures"
    count_popular: Callable[[], object]
    sessions: "Sessions"
    redis: "RedisLink | None" = None


@contextmanager
def open_database_only(settings: Settings) -> Iterator[Database]:
    """The database, brought up to date; it may be shared with a running service."""
    _make_data_dir(settings)
    database = open_database(settings.sql_url)
    try:
        yield database
    finally:
        database.close()


@contextmanager
def open_vectors_only(settings: Settings) -> Iterator[VectorStore]:
    """The vector store, without any model; the embedded one belongs to one process at a time."""
    _make_data_dir(settings)
    key = settings.qdrant_api_key.get_secret_value() if settings.qdrant_api_key else None
    store = open_store(settings.vectors_dir, settings.qdrant_url, key, load_params(*settings.overlays).qdrant)
    try:
        yield store
    finally:
        store.close()


@contextmanager
def open_runtime(settings: Settings, *, rebuild: bool = False) -> Iterator[Runtime]:
    """Open and check everything; closes it again at the end.

    Parameters
    ----------
    rebuild : throw the products collection away first, as a change of encoders with other dimensions needs.

    Raises
    ------
    ConfigurationError : a setting, a model or an existing collection does not fit; one line that says what to do.
    DependencyUnavailable : the database or Qdrant does not answer.
    """
    from indexer.popular import make_popular
    from indexer.prepare import prepare_index
    from service.served_release import LiveRelease
    from service.served_rules import LiveRules, rule_surfaces
    from service.sessions import open_sessions
    from service.signals import SIGNALS
    from service.store.file_cache import FileCache
    from service.words.served import LiveWords

    params = load_params(*settings.overlays, signals=frozenset(SIGNALS))
    fields = with_attributes(params.catalogue.filterable_attributes)
    synonyms = file_synonyms(settings, params)
    with open_database_only(settings) as database, open_vectors_only(settings) as store, ExitStack() as stack:
        encoders = load_encoders(settings, params)
        prepare_index(database, store, encoders, fields, rebuild=rebuild)
        release = LiveRelease(database, store, params.releases.refresh_ms / 1000)
        slots = {name: surface.max_n for name, surface in params.surfaces.items()}
        rules = LiveRules(database, fields, rule_surfaces(slots), params.rules.refresh_ms / 1000)
        impressions = _impressions(database, params)
        pictures = stack.enter_context(closing(query_pictures(settings, params, encoders)))
        kept = FileCache(settings.data_dir / WORDS_FOLDER, WORDS_BYTES)
        words = LiveWords(database, store, encoders.lexical, params.search, synonyms, kept)
        stack.callback(words.close)
        redis = stack.enter_context(open_redis(settings))
        yield Runtime(
            settings,
            params,
            fields,
            database,
            store,
            encoders,
            _services(settings, params, database, store, encoders, impressions, release, rules, words, stack),
            _outbox(settings, params, fields, database, store, encoders, release),
            impressions,
            rules,
            words,
            pictures,
            partial(make_popular, database, DEFAULT_TENANT, params.popular, params.events.taste()),
            open_sessions(params.sessions, redis),
            redis,
        )


def _outbox(
    settings: Settings, params: Params, fields: dict[str, FieldKind], database: Database, store: VectorStore,
    encoders: "ProductEncoders", release: "LiveRelease",
) -> "Outbox":  # fmt: skip
    """What waits to be indexed, and what it takes."""
    from indexer.prepare import refill_index
    from indexer.release.newcomers import Newcomers
    from indexer.sync import Outbox

    return Outbox(
        database,
        store,
        encoders,
        partial(picture_source, settings, params),
        params.indexing.batch,
        also=release.collections,
        newcomers=Newcomers(database, store, settings.releases_dir),
        refill=None if settings.embedded else partial(refill_index, database, store, encoders, fields),
    )


def _impressions(database: Database, params: Params) -> "ImpressionLog":
    """What keeps answers and searches, for as long as somebody counts the searches."""
    from service.impressions import ImpressionLog

    shown = params.impressions
    keep_days = max(params.search.chosen_days, params.suggest.window_days)
    return ImpressionLog(database, shown.flush_ms / 1000, shown.max_waiting, searches_days=keep_days, slots=shown.slots)


def _services(
    settings: Settings, params: Params, database: Database, store: VectorStore, encoders: "ProductEncoders",
    impressions: "ImpressionLog", release: "LiveRelease", rules: "LiveRules", words: "LiveWords", stack: ExitStack,
) -> "Services":  # fmt: skip
    """What the pipeline works with."""
    from service.context import Services
    from service.impressions import utc_now
    from service.observed import noting
    from service.served_chosen import LiveChosen
    from service.served_popular import LivePopular
    from service.signals import Encoders
    from service.store.vector_cache import VectorCache

    chosen = LiveChosen(database, params.search, params.events.weights, params.suggest.refresh_s, utc_now)
    stack.callback(chosen.close)
    return Services(
        database,
        store,
        VectorCache(store, params.retrieval.vector_cache, None if settings.embedded else VECTOR_AGE_S),
        Encoders(encoders.text, encoders.lexical, encoders.image, params.search.words_share),
        params,
        record=noting(impressions.put),
        release=release.current,
        release_of=release.named,
        popular=LivePopular(database, POPULAR_REFRESH_S).current,
        rules=rules.current,
        words=words.current,
        chosen=chosen.current,
        cross=load_cross(settings, params),
    )


@contextmanager
def open_redis(settings: Settings) -> "Iterator[RedisLink | None]":
    """The way to Redis, which need not be there yet; None, and nothing imported, where none is named."""
    if settings.redis_url is None:
        yield None
        return
    from service.store.redis_link import RedisLink

    with closing(RedisLink(settings.redis_url.get_secret_value())) as link:
        yield link


def _make_data_dir(settings: Settings) -> None:
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"the data folder {settings.data_dir} cannot be made ({error.strerror}); "
            "choose another with --data-dir or VITRINE_DATA_DIR"
        ) from error
