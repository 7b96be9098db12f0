"""``/v1/admin/catalogue``: what products lack."""

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from service.api.admin.listed import CSV_TOO, AsFormat, Format, listed
from service.api.dependencies import State, Tenant
from service.store.gaps import catalogue_gaps

router = APIRouter(prefix="/v1/admin", tags=["admin"])


class GapRow(BaseModel):
    """Products with something to be looked at."""

    name: str
    products: int
    share: float = Field(description="of the catalogue, 0 to 1")
    about: str = Field(description="what it means for them")


class CatalogueOut(BaseModel):
    """Most products first."""

    products: int
    rows: list[GapRow]


@router.get("/catalogue", summary="What products lack", response_model=CatalogueOut, responses=CSV_TOO)
async def get_catalogue(state: State, tenant: Tenant, form: AsFormat = Format.JSON) -> Response:
    """Counts of the whole catalogue; `vitrine eval catalogue` looks closer."""

    def work() -> CatalogueOut:
        with state.runtime.database.session() as session:
            products, gaps = catalogue_gaps(session, tenant)
        rows = [
            GapRow(name=gap.name, products=gap.products, share=round(gap.products / max(products, 1), 4),
                   about=gap.about)
            for gap in sorted(gaps, key=lambda one: -one.products)
        ]  # fmt: skip
        return CatalogueOut(products=products, rows=rows)

    found = await state.call(work)
    return listed(found, found.rows, form, "catalogue")
