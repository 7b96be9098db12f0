"""Products to points: every vector and the payload of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from indexer.picture_source import PictureSource
from service.core.types import Floats, Vector
from service.encode.document import product_text, product_words
from service.encode.image import ImageEncoder
from service.encode.lexical import LexicalEncoder
from service.encode.text import TextEncoder
from service.store.outbox import StaleProduct
from service.store.payload import product_payload
from service.store.vectors import Point

PICTURE_CHUNK = 32  # decoded pictures held in memory at once


@dataclass(frozen=True, slots=True)
class ProductEncoders:
    """The encoders that make a product's vectors; `image` is None where no image model is set."""

    text: TextEncoder
    lexical: LexicalEncoder
    image: ImageEncoder | None
    max_text_chars: int

    @property
    def fingerprint(self) -> str:
        """Eight hex digits that change with any encoder or its settings."""
        names = (self.text.name, self.lexical.name, self.image.name if self.image else "", str(self.max_text_chars))
        return blake2b("\x1f".join(names).encode(), digest_size=4).hexdigest()

    def vectors_hash(self, content_hash: str) -> str:
        """What a product's vectors were made from: its content and these encoders."""
        return f"{content_hash}:{self.fingerprint}"


def product_points(
    rows: Sequence[StaleProduct], encoders: ProductEncoders, pictures: PictureSource | None
) -> list[Point]:
    """One point per row, in order; a product whose picture is missing or bad has no ``image`` vector."""
    texts = encoders.text.encode([product_text(row.product, encoders.max_text_chars) for row in rows])
    images = _image_vectors([row.product.image for row in rows], encoders.image, pictures)
    return [
        Point(row.id, _vectors(row, text, images.get(position), encoders), payload(row, encoders))
        for position, (row, text) in enumerate(zip(rows, texts, strict=True))
    ]


def payload(row: StaleProduct, encoders: ProductEncoders) -> dict[str, object]:
    """The product's payload and, for ``vitrine index --check``, what its vectors were made from."""
    return {**product_payload(row.product), "vectors_hash": encoders.vectors_hash(row.content_hash)}


def _vectors(row: StaleProduct, text: Floats, image: Floats | None, encoders: ProductEncoders) -> dict[str, Vector]:
    vectors: dict[str, Vector] = {
        "text": text,
        "lexical": encoders.lexical.encode(product_words(row.product, encoders.max_text_chars)),
    }
    return vectors if image is None else {**vectors, "image": image}


def _image_vectors(
    sources: Sequence[str | None], encoder: ImageEncoder | None, pictures: PictureSource | None
) -> dict[int, Floats]:
    """Position -> float32[D] of the pictures that could be had."""
    if encoder is None or pictures is None:
        return {}
    wanted = [position for position, source in enumerate(sources) if source]
    found: dict[int, Floats] = {}
    for start in range(0, len(wanted), PICTURE_CHUNK):
        chunk = wanted[start : start + PICTURE_CHUNK]
        loaded = [
            (position, picture)
            for position, picture in zip(chunk, pictures.fetch([sources[p] for p in chunk]), strict=True)
            if picture is not None
        ]
        if loaded:
            vectors = np.asarray(encoder.encode_images([picture for _, picture in loaded]))
            # a row of zeros is a picture the model could not use
            found |= {position: vector for (position, _), vector in zip(loaded, vectors, strict=True) if vector.any()}
    return found
