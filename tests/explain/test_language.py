"""A file of sentences in another language: what it leaves out is English, what is wrong in it is one clear line."""

from pathlib import Path

import pytest

from service.core.errors import ConfigurationError
from service.explain.facts import Fact, sentence
from service.explain.language import fill, speak
from service.explain.words import shelf_title


@pytest.fixture
def file(tmp_path: Path):
    def write(content: str) -> str:
        path = tmp_path / "xx.toml"
        path.write_text(content, "utf-8")
        speak.cache_clear()
        return str(path)

    yield write
    speak.cache_clear()


def test_a_shop_speaks_its_own_language_and_english_where_a_sentence_is_missing(file) -> None:
    dutch = file('language = "Dutch"\n[sentences]\ncovisit = ["{because}", "Past bij {name}", "Past erbij"]\n')
    assert sentence(Fact("covisit", because="Mok"), dutch) == "Past bij Mok"
    assert sentence(Fact("trending"), dutch) == "Popular now"
    assert sentence(Fact("covisit", because="Mok", did="view"), dutch) == "Because you viewed Mok"
    assert shelf_title("for_you", None, dutch) == "Picked for you"


def test_a_translation_without_a_word_list_is_not_given_english_words(file) -> None:
    assert speak(file('[sentences]\ncf = ["Voor jou"]\n')).plain == frozenset()
    assert "you" in speak("en").plain


def test_a_file_is_read_once(file) -> None:
    path = file("")
    assert speak(path) is speak(path)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("sentences = 1", "sentences must be a table"),
        ('[sentences]\ncf = "no list"', "sentences.cf must be a list of sentences"),
        ("[sentences]\ncf = []", "sentences.cf must be a list of sentences"),
        ('[sentences]\ncf = ["{name}"]', "sentences.cf: the last sentence must do without"),
        ('[sentences]\ncf = ["{price}", "ok"]', "there is no {price} here, only because, category, name, query"),
        ('[sentences]\nmagic = ["ok"]', "sentences.magic is never said"),
        ('[because]\nview = "{query}"', "there is no {query} here, only name"),
        ("[words]\nplain = 3", "words.plain must be words"),
        ("[words]\nsentences = 3", "sentences must be a table"),
        ("a = ", "not valid TOML"),
    ],
)
def test_a_mistake_in_a_file_is_one_line_that_names_the_place(file, content: str, says: str) -> None:
    with pytest.raises(ConfigurationError, match=r"xx\.toml") as error:
        speak(file(content))
    assert says in error.value.message
    assert len(error.value.message.splitlines()) == 1


@pytest.mark.parametrize("language", ["tlh", "../../etc/passwd", "", "EN"])
def test_a_language_that_is_not_there_is_answered_with_those_that_are(language: str) -> None:
    with pytest.raises(ConfigurationError, match="there are de, en"):
        speak(language)


def test_a_file_that_is_missing_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        speak(str(tmp_path / "none.toml"))


def test_a_sentence_with_something_unknown_is_not_said() -> None:
    assert fill("Trending in {category}", {"category": None}) is None
    assert fill("Popular now", {}) == "Popular now"
