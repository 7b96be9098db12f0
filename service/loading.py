"""Loads what the settings name: encoders, the cross-encoder, sources of pictures, the file of synonyms."""

from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from config.params import Params
from config.settings import Settings
from service.core.errors import ConfigurationError

if TYPE_CHECKING:
    from indexer.embed import ProductEncoders
    from indexer.picture_source import PictureSource
    from service.encode.cross import CrossReader
    from service.encode.picture_decode import PictureLimits
    from service.encode.query_pictures import QueryPictures
    from service.words.synonyms import Rule


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


def load_cross(settings: Settings, params: Params) -> "CrossReader | None":
    """The cross-encoder that the configuration names; None, and nothing imported, where it names none."""
    if not params.search.cross_encoder:
        return None
    from service.encode.cross import load_cross_encoder

    return load_cross_encoder(params.search.cross_encoder, threads=settings.encoder_threads)


def picture_source(settings: Settings, params: Params) -> "PictureSource":
    """Where the pictures of products come from."""
    from indexer.picture_source import PictureSource
    from service.encode.pictures import load_picture

    indexing, limits = params.indexing, _picture_limits(params)
    load = partial(load_picture, base=None, limits=limits, allow_private=settings.image_private_hosts)
    return PictureSource(load, indexing.picture_workers, indexing.host_failures)


def query_pictures(settings: Settings, params: Params, encoders: "ProductEncoders") -> "QueryPictures":
    """How pictures in requests are read."""
    from service.encode.query_pictures import QueryPictures

    return QueryPictures(encoders.image, _picture_limits(params), allow_private=settings.image_private_hosts)


def _picture_limits(params: Params) -> "PictureLimits":
    from service.encode.picture_decode import PictureLimits

    return PictureLimits(max_bytes=params.indexing.picture_max_mb * 2**20, deadline_s=params.indexing.picture_timeout_s)


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
