"""Whom something is made for, in the words that shops and shoppers use for it."""

from collections.abc import Iterable

_GROUPS = {
    "men": "men man mens male males gents gent gentleman gentlemen",
    "women": "women woman womens female females ladies lady",
    "boys": "boy boys",
    "girls": "girl girls",
    "kids": "kid kids child children childrens toddler toddlers",
    "unisex": "unisex",
}
_GROUP_OF = {word: group for group, words in _GROUPS.items() for word in words.split()}
_SUITS = {"men": ("unisex",), "women": ("unisex",), "boys": ("kids",), "girls": ("kids",), "kids": ("boys", "girls")}


def group_of(word: str) -> str | None:
    """The group of people that a word names.

    Examples
    --------
    >>> group_of("ladies"), group_of("mug")
    ('women', None)
    """
    return _GROUP_OF.get(word)


def groups_of(words: Iterable[str]) -> set[str]:
    """The groups that some words name."""
    return {group for word in words if (group := _GROUP_OF.get(word))}


def suits(group: str) -> tuple[str, ...]:
    """The groups whose products a group may be offered, its own first.

    Examples
    --------
    >>> suits("girls")
    ('girls', 'kids')
    """
    return (group, *_SUITS.get(group, ()))
