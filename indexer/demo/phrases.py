"""Names, descriptions and picture captions put together from the vocabulary; only drawn attributes are mentioned."""

from random import Random

from indexer.demo.look import DemoProduct, Look
from indexer.demo.words import words


def product_name(rng: Random, look: Look, taken: set[str]) -> str:
    """A name no other product in `taken` has, such as "Alba striped cotton T-shirt in forest green"; it is added.

    Names repeat only when brand, type, shade, pattern and material do; then the product gets a line name
    ("Alba Fjord striped …"), and after that a number.
    """
    kind = words().types[look.type]
    pattern = "" if look.pattern == "solid" else words().patterns[look.pattern].adjectives[0]
    line = rng.choice(words().phrases["lines"]) if rng.random() < 0.3 else ""
    wear = f"{pattern} {look.material} {kind.name}"
    name = _squeeze(
        rng.choice((f"{look.brand} {line} {wear} in {look.shade}", f"{look.brand} {line} {look.shade} {wear}"))
    )
    if name in taken:
        name = f"{look.brand} {rng.choice(words().phrases['lines'])} " + name.removeprefix(look.brand).strip()
    number, stem = 2, name
    while name in taken:
        name, number = f"{stem} No. {number}", number + 1
    taken.add(name)
    return name


def describe(rng: Random, look: Look) -> str:
    """Two to four sentences: what it is, what for, one fact, and sometimes another word for it or an occasion."""
    kind, phrases = words().types[look.type], words().phrases
    plural = "plural_" if kind.plural else ""
    slots = _slots(rng, look)
    facts = [rng.choice(kind.facts), rng.choice(words().materials[look.material].notes)]
    extras = [rng.choice(phrases[plural + "also"]), rng.choice(phrases["gifts"]), rng.choice(phrases["pairings"])]
    frames = [rng.choice(phrases[plural + "openings"])]
    if "{use}" not in frames[0]:
        frames.append(rng.choice(phrases["uses"]))
    frames.append(rng.choice(facts))
    if len(frames) == 2 or rng.random() < 0.7:
        frames.append(rng.choices(extras, (5, 2, 2))[0])
    return " ".join(frame.format_map(slots) for frame in frames)


def captions(item: DemoProduct, rng: Random, count: int = 4) -> list[str]:
    """Different short descriptions of the picture, for training and testing a picture-text model.

    Returns
    -------
    `count` captions (fewer if that many different ones cannot be made), such as "striped green bag",
    "a green leather bag with stripes" or "Alba trainers, white".
    """
    found: dict[str, None] = {}
    for _ in range(4 * count):
        if len(found) == count:
            break
        found.setdefault(_caption(rng, item.look))
    return list(found)


def _caption(rng: Random, look: Look) -> str:
    kind, pattern = words().types[look.type], words().patterns[look.pattern]
    noun = rng.choice((kind.name, kind.name, kind.name, *kind.also))
    colour = rng.choice((look.colour, look.colour, look.shade))
    adjective = rng.choice(pattern.adjectives)
    # A solid surface is usually not worth a word.
    spoken = "" if look.pattern == "solid" and rng.random() < 0.6 else adjective
    material = look.material if rng.random() < 0.3 else ""
    frames = (
        f"{spoken} {colour} {material} {noun}",
        f"{colour} {spoken} {material} {noun}",
        f"{_article(colour, kind.plural)} {colour} {material} {noun} {rng.choice(pattern.phrases)}",
        f"{look.brand} {noun}, {colour} {spoken}",
        f"{noun} in {colour} {rng.choice(pattern.phrases) if spoken else ''}",
        f"{spoken} {noun}, {colour}",
    )
    return _squeeze(rng.choices(frames, (5, 3, 3, 1, 2, 2))[0])


def _slots(rng: Random, look: Look) -> dict[str, str]:
    kind, pattern = words().types[look.type], words().patterns[look.pattern]
    use, use2 = rng.sample(kind.uses, 2)
    also, adjective = rng.choice(kind.also), rng.choice(pattern.adjectives)
    partner = words().types[rng.choice(kind.goes_with)]
    return {
        "brand": look.brand,
        "noun": kind.name,
        "shade": look.shade,
        "material": look.material,
        "style": rng.choice(words().styles[words().brands[look.brand].style]),
        "pattern": adjective,
        "Pattern": adjective.capitalize(),
        "Article": _article(adjective, False).capitalize(),
        "pattern_with": rng.choice(pattern.phrases),
        "use": use,
        "use2": use2,
        "also": also,
        "article_also": _article(also, False),
        "occasion": rng.choice(words().phrases["occasions"]),
        "partner": partner.name if partner.plural else f"{partner.name}s",
    }


def _article(word: str, plural: bool) -> str:
    if plural:
        return ""
    return "an" if word[0].lower() in "aeiou" else "a"


def _squeeze(text: str) -> str:
    return " ".join(text.split()).replace(" ,", ",").rstrip(" ,")
