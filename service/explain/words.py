"""Short true sentences for the reasons a signal gives, and the titles of shelves."""

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
    "searches": "Fits what you searched for",
    "best_value": "Good value",
    "new_arrivals": "New in the shop",
    "viewed": "You looked at it lately",
    "bought": "You bought it before",
}

_TITLES = {
    "for_you": "Picked for you",
    "recently_viewed": "Recently viewed",
    "buy_again": "Buy again",
    "trending": "Trending now",
    "best_value": "Best value",
    "new_arrivals": "New arrivals",
}


def reason(source: str) -> str:
    """The sentence for the signal that contributed most.

    Examples
    --------
    >>> reason("image")
    'Looks alike'
    """
    return _REASONS[source]


def shelf_title(name: str, category: str | None = None) -> str:
    """What stands over a shelf.

    Examples
    --------
    >>> shelf_title("top_categories", "Home > Mugs")
    'Popular in Mugs'
    """
    return f"Popular in {category.rsplit(' > ', 1)[-1]}" if category else _TITLES[name]
