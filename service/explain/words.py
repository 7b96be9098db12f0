"""Short true sentences for the reasons a signal gives."""

_REASONS = {
    "lexical": "Matches your words",
    "text": "Similar description",
    "image": "Looks alike",
    "cf": "Liked by people like you",
    "covisit": "Goes with what you looked at",
    "sequence": "Often looked at next",
    "association": "Often bought together",
    "trending": "Popular now",
    "freshness": "New in the shop",
    "preference": "Matches your preferences",
}


def reason(source: str) -> str:
    """The sentence for the signal that contributed most.

    Examples
    --------
    >>> reason("image")
    'Looks alike'
    """
    return _REASONS[source]
