"""What a shopper types who has a product in mind."""

from random import Random

from indexer.demo.look import Look
from indexer.demo.words import words

TYPO_SHARE = 0.09


def search_query(rng: Random, look: Look) -> str:
    """A lower-case query for a product, in the catalogue's words or a synonym; nearly one in ten has a typo.

    Examples
    --------
    >>> search_query(Random(1), Look("mug", "kitchen", "Fenna", "green", "leaf green", "dotted", "ceramic"))
    'mug'
    """
    kind, pattern = words().types[look.type], words().patterns[look.pattern]
    noun = rng.choice((kind.name, kind.name, *kind.also))
    adjective = "" if look.pattern == "solid" else rng.choice(pattern.adjectives)
    frames = (
        noun,
        f"{look.colour} {noun}",
        f"{adjective} {noun}",
        f"{adjective} {look.colour} {noun}",
        f"{look.brand} {noun}",
        f"{look.material} {noun}",
        f"{noun} for {rng.choice(kind.uses)}",
        f"{noun} {rng.choice(pattern.phrases) if adjective else look.shade}",
    )
    query = " ".join(rng.choices(frames, (5, 5, 3, 4, 2, 2, 2, 1))[0].lower().split())
    return misspell(rng, query) if rng.random() < TYPO_SHARE else query


def misspell(rng: Random, text: str) -> str:
    """Swap, drop or double one letter that is not the first of the text; texts under four characters stay."""
    if len(text) < 4:
        return text
    place = rng.randrange(1, len(text) - 1)
    swapped = text[:place] + text[place + 1] + text[place] + text[place + 2 :]
    dropped = text[:place] + text[place + 1 :]
    doubled = text[:place] + text[place] + text[place:]
    return rng.choice((swapped, dropped, doubled))
