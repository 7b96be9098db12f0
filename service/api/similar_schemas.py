"""What a request for similar products can say, and what its answer says beside the list."""

from typing import Annotated

from fastapi import Depends, Query
from pydantic import BaseModel, Field, StringConstraints

from config.params import Params
from service.api.slate_schemas import SlateOut, SlateRequest
from service.api.values import Flag, Number
from service.core.near import Near

MODE_HELP = (
    "in which way: similar, visual, also_viewed, also_bought, complementary, for_user, or one of the shop's own; "
    "`similar` if left out"
)
BAND_HELP = "0.25: prices that differ by at most 25 % of the product's own"
SAME_BAND_HELP = "prices near the product's own, as wide as `[similar] price_band` is configured"
BRAND_HELP = "true: its own brand only; false: other brands only"
CATEGORY_HELP = "true: its own narrowest category only; false: any other kind only"
VARIANTS_HELP = "show every size and colour of a product, not only the best one, and those of the product itself too"

ModeName = Annotated[str, StringConstraints(max_length=100)]


class SimilarFields(BaseModel):
    """In which way products are to be similar, and what they are to have in common."""

    mode: ModeName | None = Field(None, description=MODE_HELP)
    price_band: Number | None = Field(None, gt=0, le=10, description=BAND_HELP)
    same_price_band: Flag = Field(False, description=SAME_BAND_HELP)
    same_brand: Flag | None = Field(None, description=BRAND_HELP)
    same_category: Flag | None = Field(None, description=CATEGORY_HELP)
    all_variants: Flag = Field(False, description=VARIANTS_HELP)

    def near(self, params: Params) -> Near:
        """What products are to have in common."""
        band = params.similar.price_band if self.price_band is None and self.same_price_band else self.price_band
        return Near(band, self.same_brand, self.same_category)


class SimilarRequest(SimilarFields, SlateRequest):
    """Similar products, with everything in the body."""


class SimilarOut(SlateOut):
    """Products like one."""

    mode: str = Field(description="in which way they are similar")


async def _from_query(
    mode: Annotated[ModeName | None, Query(description=MODE_HELP)] = None,
    price_band: Annotated[float | None, Query(gt=0, le=10, allow_inf_nan=False, description=BAND_HELP)] = None,
    same_price_band: Annotated[bool, Query(description=SAME_BAND_HELP)] = False,
    same_brand: Annotated[bool | None, Query(description=BRAND_HELP)] = None,
    same_category: Annotated[bool | None, Query(description=CATEGORY_HELP)] = None,
    all_variants: Annotated[bool, Query(description=VARIANTS_HELP)] = False,
) -> SimilarFields:
    return SimilarFields(
        mode=mode, price_band=price_band, same_price_band=same_price_band, same_brand=same_brand,
        same_category=same_category, all_variants=all_variants,
    )  # fmt: skip


SimilarInQuery = Annotated[SimilarFields, Depends(_from_query)]
