"""What the encoders read of a product."""

from service.core.carried import facts
from service.core.types import Product


def product_text(product: Product, max_chars: int = 2000) -> str:
    """A product as one text: name, brand, category, facts, description; the most telling words first.

    The order matters: a sentence encoder cuts long texts at its own limit.

    Examples
    --------
    >>> product_text(Product("1", "Mug", brand="Alba", category=("Kitchen", "Mugs"), attributes={"colour": "red"}))
    'Mug. Alba. Kitchen, Mugs. colour red'
    """
    told = ", ".join(
        f"{name} {_plain(value)}" for name, value in facts(product.attributes).items() if value not in ("", None)
    )
    parts = (product.name, product.brand, ", ".join(product.category), told, product.description)
    return ". ".join(part.strip() for part in parts if part and part.strip())[:max_chars]


def product_words(product: Product, max_chars: int = 2000) -> str:
    """What word search reads: the text, the tags, and the merchant's id, so that a product code finds its product.

    Examples
    --------
    >>> product_words(Product("B0BRK", "Mug", tags=("gift",)))
    'Mug gift B0BRK'
    """
    return " ".join((product_text(product, max_chars), *product.tags, product.external_id))


def _plain(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
