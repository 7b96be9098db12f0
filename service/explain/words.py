"""Sentences where nothing but the signal is known, and the titles of shelves."""

from functools import lru_cache

from service.core.fields import CATEGORY_SEPARATOR
from service.explain.clean import clean
from service.explain.facts import Fact, sentence
from service.explain.language import ENGLISH, fill, speak


@lru_cache(maxsize=1000)  # every card has one
def reason(source: str, language: str = ENGLISH) -> str:
    """The sentence for the signal that contributed most.

    Examples
    --------
    >>> reason("image")
    'Looks alike'
    """
    return sentence(Fact(source), language)


def shelf_title(name: str, category: str | None = None, language: str = ENGLISH) -> str:
    """What stands over a shelf.

    Examples
    --------
    >>> shelf_title("top_categories", "Home > Mugs")
    'Popular in Mugs'
    """
    titles = speak(language).titles
    narrowest = clean(category.rsplit(CATEGORY_SEPARATOR, 1)[-1]) if category else None
    return fill(titles[name], {"category": narrowest}) or titles["for_you"]
