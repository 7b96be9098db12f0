"""Attributes that are carried along: an answer may need them, but they say nothing about what a product is."""

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
