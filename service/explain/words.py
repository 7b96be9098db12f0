"""Short true sentences for the reasons a signal gives."""

_REASONS = {
    "lexical": "Matches your words",
    "text": "Similar description",
    "image": "Looks alike",
    "freshness": "New in the shop",
}


def reason(source: str) -> str:
    """The sentence for the signal that contributed most.

    Examples
    --------
    >>> reason("image")
    'Looks alike'
    """
    return _REASONS[source]
