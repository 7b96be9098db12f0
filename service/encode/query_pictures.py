"""Pictures that requests bring, to vectors: a few at a time, away from the threads that answer everything else."""

import os
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from hashlib import blake2b
from threading import Lock
from typing import Protocol

from PIL import Image

from service.core.errors import DependencyUnavailable, InvalidQuery
from service.core.types import Floats, Picture
from service.encode.picture_decode import BadPicture, PictureLimits, decode_picture, short
from service.encode.pictures import read_picture

DECODED_AT_ONCE = max(1, min(2, os.cpu_count() or 1))  # 40 million pixels take up to 0.6 GB for a moment
FETCHED_AT_ONCE = 8
MOST_WAITING = 32
KEPT = 1000


class PictureEncoder(Protocol):
    """Pictures to vectors."""

    def encode_images(self, pictures: Sequence[Image.Image]) -> Floats:
        """Unit vectors float32[P, D]; zeros for what cannot be prepared."""


class QueryPictures:
    """The pictures of requests; the newest vectors are kept, because every page of a list comes with its picture.

    Parameters
    ----------
    encoder : None where no image model is set. allow_private : whether URLs may lead into private networks.
    """

    def __init__(self, encoder: PictureEncoder | None, limits: PictureLimits, *, allow_private: bool = False) -> None:
        self._encoder = encoder
        self._limits = limits
        self._allow_private = allow_private
        self._fetching = ThreadPoolExecutor(FETCHED_AT_ONCE, "fetch-picture")
        self._decoding = ThreadPoolExecutor(DECODED_AT_ONCE, "decode-picture")
        self._kept: OrderedDict[str, Picture] = OrderedDict()
        self._waiting = 0
        self._lock = Lock()

    def ask(self, source: str | bytes) -> Future[Picture]:
        """The vector of a picture, soon.

        Parameters
        ----------
        source : ``data:`` or http(s) URL, or the bytes of a file.

        Raises
        ------
        InvalidQuery : there is no image model. DependencyUnavailable : too many pictures wait already.
            The future raises BadPicture for what cannot be had, is too large or is no picture.
        """
        if self._encoder is None:
            raise InvalidQuery(
                "this shop has no image model, so it cannot search by picture; set VITRINE_IMAGE_MODEL to 'bundled' "
                "or to an open_clip model and run `vitrine index`",
                code="no_image_model",
            )
        with self._lock:
            if self._waiting >= MOST_WAITING:
                raise DependencyUnavailable(f"{MOST_WAITING} pictures are waiting already; try again shortly")
            self._waiting += 1
        if isinstance(source, str) and source.strip()[:4].lower() == "http":
            asked = self._fetching.submit(self._fetched, source)
        else:
            asked = self._decoding.submit(self._read, source)
        asked.add_done_callback(self._done)
        return asked

    def close(self) -> None:
        """Wait for what is begun; what waits is let go."""
        self._fetching.shutdown(cancel_futures=True)
        self._decoding.shutdown(cancel_futures=True)

    def _done(self, _: Future[Picture]) -> None:
        with self._lock:
            self._waiting -= 1

    def _fetched(self, url: str) -> Picture:
        data = read_picture(url, limits=self._limits, allow_private=self._allow_private, allow_files=False)
        return self._decoding.submit(self._encoded, data, url).result()

    def _read(self, source: str | bytes) -> Picture:
        if isinstance(source, bytes):
            return self._encoded(source, None)
        return self._encoded(read_picture(source, limits=self._limits, allow_files=False), source)

    def _encoded(self, data: bytes, name: str | None) -> Picture:
        digest = blake2b(data, digest_size=16).hexdigest()
        with self._lock:
            if known := self._kept.get(digest):
                self._kept.move_to_end(digest)
                return known
        picture = Picture(self._vector(decode_picture(data, self._limits, source=name), name), digest)
        with self._lock:
            self._kept[digest] = picture
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return picture

    def _vector(self, picture: Image.Image, name: str | None) -> Floats:
        if self._encoder is None:  # `ask` has refused already
            raise InvalidQuery("there is no image model", code="no_image_model")
        vector: Floats = self._encoder.encode_images([picture])[0]
        if not vector.any():
            raise BadPicture(f"{short(name) if name else 'the picture'} cannot be prepared for the image model")
        return vector
