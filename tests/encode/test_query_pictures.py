"""Pictures of requests: a few at a time, and each only once."""

import io
from threading import Event

import numpy as np
import pytest
from PIL import Image

from service.core.errors import DependencyUnavailable, InvalidQuery
from service.encode.picture_decode import BadPicture, PictureLimits
from service.encode.query_pictures import KEPT, MOST_WAITING, QueryPictures


class Colours:
    """The mean colour of a picture as its vector; it may be told to wait."""

    def __init__(self) -> None:
        self.seen = 0
        self.go = Event()
        self.go.set()

    def encode_images(self, pictures) -> np.ndarray:
        self.go.wait(10)
        self.seen += len(pictures)
        means = np.stack([np.asarray(one, np.float32).mean((0, 1)) for one in pictures])
        return means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-9)


def png(colour) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (4, 4), colour).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def pictures():
    """Such an encoder, and what asks it."""
    encoder = Colours()
    asked = QueryPictures(encoder, PictureLimits())
    yield encoder, asked
    encoder.go.set()
    asked.close()


def test_the_same_file_is_encoded_once_and_told_by_its_digest(pictures):
    encoder, asked = pictures
    first, again, other = (asked.ask(png(colour)).result() for colour in ("red", "red", "blue"))
    assert first.vector.tolist() == [1, 0, 0]
    assert (first.digest, encoder.seen) == (again.digest, 2)
    assert first.digest != other.digest
    assert KEPT >= 100


def test_what_is_no_picture_or_has_no_vector_is_refused(pictures):
    _, asked = pictures
    for source in (b"hello", png("black"), "data:,", "/etc/passwd", "http://127.0.0.1/a.png"):
        with pytest.raises(BadPicture):
            asked.ask(source).result(10)


def test_too_many_at_once_are_sent_away_and_the_others_answered(pictures):
    encoder, asked = pictures
    encoder.go.clear()
    waiting = [asked.ask(png((number, 9, 9))) for number in range(MOST_WAITING)]
    with pytest.raises(DependencyUnavailable):
        asked.ask(png("red"))
    encoder.go.set()
    assert len({one.result(10).digest for one in waiting}) == MOST_WAITING
    assert asked.ask(png("red")).result(10).vector.tolist() == [1, 0, 0]


def test_without_a_model_it_says_so():
    with pytest.raises(InvalidQuery, match="VITRINE_IMAGE_MODEL"):
        QueryPictures(None, PictureLimits()).ask(png("red"))
