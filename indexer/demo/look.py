"""What a demo product is before it is worded: the drawn attributes that name, price, picture and captions share."""

from dataclasses import dataclass

from indexer.demo.words import RGB, words
from service.core.types import Product


@dataclass(frozen=True, slots=True)
class Look:
    """The visible attributes of a product.

    Parameters
    ----------
    type, department, brand, colour, pattern, material : keys of the vocabulary.
    shade : one of the colour family's shades, ``"forest green"``.
    variant : 0, 1 or 2; small differences in the drawing (a pocket, a lace, a label).
    scale, turn : drawing size (about 1) and rotation in degrees (about 0).
    """

    type: str
    department: str
    brand: str
    colour: str
    shade: str
    pattern: str
    material: str
    variant: int = 0
    scale: float = 1.0
    turn: float = 0.0

    @property
    def combination(self) -> tuple[str, str, str]:
        """Type, colour family and pattern: what a held-out set of pictures leaves out."""
        return self.type, self.colour, self.pattern

    @property
    def rgb(self) -> RGB:
        """The shade's red, green and blue."""
        return words().colours[self.colour].shades[self.shade]


@dataclass(frozen=True, slots=True)
class DemoProduct:
    """A product of the demo shop with what only its maker knows.

    Parameters
    ----------
    product : what the shop shows.
    look : what is drawn.
    quality : hidden, standard normal; ratings are noisy readings of it.
    appeal : hidden, standard normal and larger for better products; drives how often it is looked at.
    """

    product: Product
    look: Look
    quality: float
    appeal: float
