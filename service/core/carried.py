"""Attributes that are carried along: an answer may need them, but they say nothing about what a product is."""

from collections.abc import Mapping
from typing import TypeVar

V = TypeVar("V")

SOURCE_ROW = "_source"
"""The attribute that holds a product's row in the shop's own database as JSON text; others do not have it."""


def is_carried(name: str) -> bool:
    """Whether encoders and fingerprints of what they read leave this attribute out.

    Examples
    --------
    >>> is_carried("_source"), is_carried("colour")
    (True, False)
    """
    return name.startswith("_")


def facts(attributes: Mapping[str, V]) -> dict[str, V]:
    """The attributes that say what a product is.

    Examples
    --------
    >>> facts({"colour": "red", "_source": "{}"})
    {'colour': 'red'}
    """
    return {name: value for name, value in attributes.items() if not is_carried(name)}
