"""The demo catalogue: products drawn one by one from a seed, the same on every machine."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random

from indexer.demo.look import DemoProduct, Look
from indexer.demo.phrases import describe, product_name
from indexer.demo.trade import draw_offer, draw_reviews, draw_stock
from indexer.demo.words import Brand, Department, Type, words
from service.core.types import AttributeValue, Product

REFERENCE = datetime(2025, 6, 30, 22, 0, tzinfo=UTC)
"""The "now" of the demo shop unless another is given: fixed, so that the same seed gives the same bytes."""

CURRENCY = "EUR"
FAVOURED = 3.0
PICTURE_FOLDER = "images"
_MAX_DRAWS = 1000


def demo_products(
    seed: int = 7,
    count: int = 2000,
    *,
    now: datetime = REFERENCE,
    keep: Callable[[Look], bool] | None = None,
) -> list[DemoProduct]:
    """Draw a catalogue.

    Parameters
    ----------
    seed : another seed gives another shop.
    count : how many products, >= 0. The first n products do not depend on `count`.
    now : products were created in the year before this time (UTC).
    keep : looks for which it is False are drawn again, so that combinations can be held out for training;
        ``keep=lambda look: look.combination not in held_out``.

    Raises
    ------
    ValueError : `keep` refused 1,000 looks in a row.

    Examples
    --------
    >>> [item.product.external_id for item in demo_products(count=2)]
    ['VT00000001', 'VT00000002']
    """
    taken: set[str] = set()
    return [_draw_product(f"{seed}/{number}", number, now, keep, taken) for number in range(1, count + 1)]


def _draw_product(
    key: str, number: int, now: datetime, keep: Callable[[Look], bool] | None, taken: set[str]
) -> DemoProduct:
    # A generator per product, seeded with text (SHA-512): no product depends on how many numbers another drew.
    rng = Random(key)
    look = _draw_kept_look(rng, keep)
    kind, brand = words().types[look.type], words().brands[look.brand]
    quality = rng.gauss(0.0, 1.0)
    appeal = 0.45 * quality + 0.9 * rng.gauss(0.0, 1.0)
    age_days = 365.0 * rng.random() ** 1.3
    created_at = (now - timedelta(days=age_days)).replace(microsecond=0)
    offer = draw_offer(rng, kind, brand, look, quality)
    reviews = draw_reviews(rng, quality, appeal, age_days)
    season = rng.choice((*kind.seasons, "all year"))
    name = product_name(rng, look, taken)
    external_id = f"VT{number:08d}"
    product = Product(
        external_id=external_id,
        name=name,
        description=describe(rng, look),
        brand=look.brand,
        category=(words().departments[kind.department].name, *kind.path),
        price_minor=offer.price_minor,
        original_price_minor=offer.original_price_minor,
        currency=CURRENCY,
        rating=reviews.rating,
        review_count=reviews.count,
        image=f"{PICTURE_FOLDER}/{external_id}.webp",
        link=f"https://demo.vitrine.example/p/{external_id}",
        stock=draw_stock(rng),
        tags=_tags(season, age_days, offer.original_price_minor is not None, reviews.rating, brand),
        attributes=_attributes(rng, look, kind, season),
        created_at=created_at,
    )
    return DemoProduct(product, look, quality, appeal)


def _draw_kept_look(rng: Random, keep: Callable[[Look], bool] | None) -> Look:
    for _ in range(_MAX_DRAWS):
        look = draw_look(rng)
        if keep is None or keep(look):
            return look
    raise ValueError(f"keep refused {_MAX_DRAWS} looks in a row; hold out fewer combinations")


def draw_look(rng: Random) -> Look:
    """Draw the visible attributes: department, type, brand, then colour and pattern as the brand leans."""
    vocabulary = words()
    departments = list(vocabulary.departments.values())
    department: Department = rng.choices(departments, [d.share for d in departments])[0]
    kind: Type = rng.choice(department.types)
    brand: Brand = rng.choice([b for b in vocabulary.brands.values() if department.key in b.departments])
    colour = _leaning(rng, dict.fromkeys(vocabulary.colours, 1.0), brand.colours)
    pattern = _leaning(rng, {p.name: p.weight for p in vocabulary.patterns.values()}, brand.patterns)
    return Look(
        type=kind.key,
        department=department.key,
        brand=brand.name,
        colour=colour,
        shade=rng.choice(list(vocabulary.colours[colour].shades)),
        pattern=pattern,
        material=rng.choice(kind.materials),
        variant=rng.randrange(3),
        scale=round(rng.uniform(0.94, 1.04), 3),
        turn=round(rng.uniform(-4.0, 4.0), 2),
    )


def _leaning(rng: Random, weights: dict[str, float], favoured: tuple[str, ...]) -> str:
    return rng.choices(list(weights), [w * (FAVOURED if name in favoured else 1.0) for name, w in weights.items()])[0]


def _tags(season: str, age_days: float, on_sale: bool, rating: float | None, brand: Brand) -> tuple[str, ...]:
    tags = [season.replace(" ", "-"), brand.style]
    tags += ["new"] if age_days < 30 else []
    tags += ["sale"] if on_sale else []
    tags += ["top-rated"] if rating is not None and rating >= 4.6 else []
    return tuple(tags)


def _attributes(rng: Random, look: Look, kind: Type, season: str) -> dict[str, AttributeValue]:
    department = words().departments[look.department]
    attributes: dict[str, AttributeValue] = {
        "type": kind.name,
        "colour": look.colour,
        "shade": look.shade,
        "material": look.material,
        "pattern": look.pattern,
        "style": words().brands[look.brand].style,
        "season": season,
    }
    if kind.sizes:
        attributes["size"] = _sizes(rng, kind)
    if department.people:
        attributes["gender"] = kind.gender or rng.choices(("women", "men", "unisex"), (4, 3, 3))[0]
    if department.ages:
        attributes["age"] = rng.choice(department.ages)
    return attributes


def _sizes(rng: Random, kind: Type) -> AttributeValue:
    if kind.max_sizes == 1:
        return rng.choice(kind.sizes)
    first = rng.randrange(max(1, len(kind.sizes) - 2))
    return kind.sizes[first : first + rng.randint(2, kind.max_sizes)]
