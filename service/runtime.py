"""The composition root: opens what the settings name and puts it together, for the API, the commands and eval."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from config.params import Params, load_params
from config.settings import Settings
from service.core.errors import ConfigurationError
from service.core.fields import FieldKind, with_attributes
from service.core.types import DEFAULT_TENANT
from service.store.database import Database, open_database
from service.store.open_store import open_store
from service.store.spaces import PRODUCTS, products_space
from service.store.vectors import VectorStore

if TYPE_CHECKING:
    from indexer.embed import ProductEncoders
    from indexer.picture_source import PictureSource
    from indexer.sync import Outbox
    from service.context import Services
    from service.encode.cross import CrossReader
    from service.encode.picture_decode import PictureLimits
    from service.encode.query_pictures import QueryPictures
    from service.impressions import ImpressionLog
    from service.served_release import LiveRelease
    from service.served_rules import LiveRules
    from service.sessions import Sessions
    from service.store.redis_link import RedisLink
    from service.words.served import LiveWords
    from service.words.synonyms import Rule

log = structlog.get_logger()

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
    from indexer.release.newcomers import Newcomers
    from indexer.sync import Outbox
    from service.impressions import ImpressionLog
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
        _prepare_index(database, store, encoders, fields, rebuild=rebuild)
        release = LiveRelease(database, store, params.releases.refresh_ms / 1000)
        slots = {name: surface.max_n for name, surface in params.surfaces.items()}
        rules = LiveRules(database, fields, rule_surfaces(slots), params.rules.refresh_ms / 1000)
        shown = params.impressions
        keep_days = max(params.search.chosen_days, params.suggest.window_days)
        impressions = ImpressionLog(
            database, shown.flush_ms / 1000, shown.max_waiting, searches_days=keep_days, slots=shown.slots
        )
        pictures = stack.enter_context(closing(_query_pictures(settings, params, encoders)))
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
            Outbox(
                database,
                store,
                encoders,
                partial(_pictures, settings, params),
                params.indexing.batch,
                also=release.collections,
                newcomers=Newcomers(database, store, settings.releases_dir),
                refill=None if settings.embedded else partial(_refill_index, database, store, encoders, fields),
            ),
            impressions,
            rules,
            words,
            pictures,
            partial(make_popular, database, DEFAULT_TENANT, params.popular, params.events.taste()),
            open_sessions(params.sessions, redis),
            redis,
        )


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


def load_encoders(settings: Settings, params: Params) -> "ProductEncoders":
    """Load the models the settings name."""
    from indexer.embed import ProductEncoders
    from service.encode.lexical import LexicalEncoder
    from service.encode.text import load_text_encoder

    limits = params.encoders
    image = None
    if settings.image_model != "none":
        from service.encode.image import load_image_encoder

        image = load_image_encoder(settings.image_model, settings.image_pretrained, query_cache=limits.query_cache)
    return ProductEncoders(
        text=load_text_encoder(settings.text_model, threads=settings.encoder_threads, query_cache=limits.query_cache),
        lexical=LexicalEncoder(limits.bm25.k1, limits.bm25.b, limits.bm25.average_length),
        image=image,
        max_text_chars=limits.max_text_chars,
    )


def _prepare_index(
    database: Database,
    store: VectorStore,
    encoders: "ProductEncoders",
    fields: dict[str, FieldKind],
    *,
    rebuild: bool,
) -> None:
    from service.store.outbox import has_other_vectors, mark_all_stale

    space = products_space(encoders.text.size, encoders.image.size if encoders.image else None, fields)
    if rebuild:
        store.drop(space.name)
    is_new = space.name not in store.names()
    if not is_new:
        store.create(space)  # refuses what the collection cannot hold before anything is marked
    with database.session() as session:
        # an empty collection, or vectors by other encoders, are no match for new queries: embed everything again.
        # Marked before the collection is made, so that being killed in between leaves nothing that looks done
        if is_new or has_other_vectors(session, encoders.fingerprint):
            mark_all_stale(session, forget_vectors=True)
    if is_new:
        store.create(space)


def _refill_index(
    database: Database, store: VectorStore, encoders: "ProductEncoders", fields: dict[str, FieldKind]
) -> bool:
    """Have everything embedded again if the index holds nothing of what it should; whether that was so."""
    from service.store.outbox import is_anything_indexed, mark_all_stale

    if is_new := PRODUCTS not in store.names():
        _prepare_index(database, store, encoders, fields, rebuild=False)
        return is_new
    with database.session() as session:
        if store.count(PRODUCTS) or not is_anything_indexed(session):
            return False
        mark_all_stale(session, forget_vectors=True)
    return True


def _pictures(settings: Settings, params: Params) -> "PictureSource":
    from indexer.picture_source import PictureSource
    from service.encode.pictures import load_picture

    indexing, limits = params.indexing, _picture_limits(params)
    load = partial(load_picture, base=None, limits=limits, allow_private=settings.image_private_hosts)
    return PictureSource(load, indexing.picture_workers, indexing.host_failures)


def _query_pictures(settings: Settings, params: Params, encoders: "ProductEncoders") -> "QueryPictures":
    from service.encode.query_pictures import QueryPictures

    return QueryPictures(encoders.image, _picture_limits(params), allow_private=settings.image_private_hosts)


def _picture_limits(params: Params) -> "PictureLimits":
    from service.encode.picture_decode import PictureLimits

    return PictureLimits(max_bytes=params.indexing.picture_max_mb * 2**20, deadline_s=params.indexing.picture_timeout_s)


def load_cross(settings: Settings, params: Params) -> "CrossReader | None":
    """The cross-encoder that the configuration names; None, and nothing imported, where it names none."""
    if not params.search.cross_encoder:
        return None
    from service.encode.cross import load_cross_encoder

    return load_cross_encoder(params.search.cross_encoder, threads=settings.encoder_threads)


def file_synonyms(settings: Settings, params: Params) -> "list[Rule]":
    """The synonyms of the shop's own file, or else of the packaged one; none where the configuration names no file.

    Raises
    ------
    ConfigurationError : the file cannot be read, or has lines that cannot be used.
    """
    from service.words.synonyms import parse_synonyms

    if not params.search.synonyms_file:
        return []
    path = settings.data_dir / params.search.synonyms_file
    packaged = Path(str(files("config").joinpath(params.search.synonyms_file)))
    path = packaged if packaged.is_file() and not path.exists() else path
    try:
        rules, wrong = parse_synonyms(path.read_text("utf-8").splitlines())
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise ConfigurationError(f"synonyms_file {path} cannot be read ({why}); see [search] in the config") from error
    if wrong:
        told = "; ".join(f"line {one.line}: {one.says}" for one in wrong[:5])
        raise ConfigurationError(f"{path}: {told}")
    return rules


def _make_data_dir(settings: Settings) -> None:
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"the data folder {settings.data_dir} cannot be made ({error.strerror}); "
            "choose another with --data-dir or VITRINE_DATA_DIR"
        ) from error
