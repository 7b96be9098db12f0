"""Pictures for one run: in order, problems counted by reason, dead hosts left alone."""

from threading import Barrier

import pytest

from indexer.picture_source import HOST_GIVEN_UP, PICTURE_ERROR, PictureSource
from service.encode.pictures import BadPicture, UnreachablePicture, load_picture

PIXEL = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"


class Web:
    """Pictures by address; what is not there fails. Keeps what it was asked for."""

    def __init__(self, **pictures):
        self.pictures = pictures
        self.asked = []

    def __call__(self, source):
        self.asked.append(source)
        picture = self.pictures.get(source.rpartition("/")[2])
        if isinstance(picture, Exception):
            raise picture
        if picture is None:
            raise BadPicture(f"{source} is not there")
        return picture


@pytest.fixture
def fetching():
    """Makes picture sources of one worker, so that what comes after what is certain."""
    made = []

    def make(load, workers=1, host_failures=3):
        made.append(PictureSource(load, workers, host_failures))
        return made[-1]

    yield make
    for source in made:
        source.close()


def test_pictures_come_in_the_order_of_their_sources(fetching):
    together = Barrier(4, timeout=5)

    def load(source):
        together.wait()  # all four at once
        return source.upper()

    assert fetching(load, workers=4).fetch(["a", "b", "c", "d"]) == ["A", "B", "C", "D"]


def test_no_source_is_no_picture_and_no_problem(fetching):
    source = fetching(Web(a="A"))
    assert source.fetch([None, "a", ""]) == [None, "A", None]
    assert source.problems == {}


def test_problems_are_counted_by_reason(fetching):
    web = Web(a="A", huge=BadPicture("too large", code="picture_too_large"), odd=RecursionError("deep"))
    source = fetching(web)
    assert source.fetch(["a", "missing", "huge", "odd", "gone"]) == ["A", None, None, None, None]
    assert source.problems == {"bad_picture": 2, "picture_too_large": 1, PICTURE_ERROR: 1}


@pytest.mark.parametrize("source", ["http://[::1/x.png", "http://[x]/y.png", "https://", "//x", "\x00", "http://a b/c"])
def test_an_address_that_is_none_is_a_problem_and_not_the_end(fetching, source):
    pictures = fetching(load_picture)
    loaded = pictures.fetch([source, PIXEL])
    assert loaded[0] is None
    assert loaded[1].size == (1, 1)
    assert sum(pictures.problems.values()) == 1


def test_a_dead_host_is_left_alone_and_others_are_not(fetching):
    web = Web(alive="A", x=UnreachablePicture("did not answer"))
    source = fetching(web)
    dead, alive = ["http://dead.example/x"] * 10, ["https://shop.example/alive"] * 2
    assert source.fetch([*dead, *alive]) == [None] * 10 + ["A"] * 2
    assert web.asked.count(dead[0]) == 3
    assert source.problems == {"picture_unreachable": 3, HOST_GIVEN_UP: 7}
    assert source.fetch(["http://DEAD.example/other"]) == [None]  # still, in the next batch of the run
    assert len(web.asked) == 3 + 2


def test_a_host_that_answers_now_and_then_is_asked_on(fetching):
    web = Web(alive="A", x=UnreachablePicture("did not answer"))
    fetching(web).fetch(["http://h/x", "http://h/x", "http://h/alive"] * 5)
    assert len(web.asked) == 15


def test_a_host_that_lacks_many_pictures_is_asked_for_the_others(fetching):
    source = fetching(Web(alive="A"))
    assert source.fetch(["http://h/gone"] * 10 + ["http://h/alive"])[-1] == "A"
    assert source.problems == {"bad_picture": 10}


def test_another_run_asks_a_dead_host_again(fetching):
    web = Web(x=UnreachablePicture("did not answer"))
    for _ in range(2):
        fetching(web).fetch(["http://dead/x"] * 5)
    assert len(web.asked) == 6


def test_files_that_are_missing_never_stop_the_files_that_are_there(fetching):
    source = fetching(Web(alive="A"))
    assert source.fetch(["/pictures/gone"] * 10 + ["/pictures/alive"])[-1] == "A"


def test_closing_twice_is_fine(fetching):
    source = fetching(Web())
    source.close()
    source.close()
