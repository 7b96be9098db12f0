"""The shapes of lists: what a search can be asked for beside words, and what is counted."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints

from service.api.slate_schemas import SearchRequest, SlateOut
from service.core.cursor import MAX_LENGTH
from service.listed import SORTS

SORT_HELP = f"{', '.join(SORTS[:-1])} or {SORTS[-1]}; without words relevance is popularity"


class ListRequest(SearchRequest):
    """A search; with `sort`, `facets` or `cursor`, or nothing to look for, the answer is a list to page through."""

    query: Annotated[str, StringConstraints(strip_whitespace=True, max_length=1000, pattern=r"^[^\x00]*$")] = Field(
        "", description="the shopper's words; without words, picture and product the filtered catalogue is listed"
    )
    sort: Annotated[str, StringConstraints(max_length=80)] | None = Field(None, description=SORT_HELP)
    facets: list[Annotated[str, StringConstraints(max_length=200)]] = Field(
        default=[], max_length=100, description="fields to count: brand, category, price, attributes.colour ..."
    )
    cursor: Annotated[str, StringConstraints(max_length=MAX_LENGTH)] | None = Field(
        None, description="next_cursor of the page before, with the same query, filter and sort"
    )


class FacetValueOut(BaseModel):
    """A value that the list could be narrowed down to."""

    value: str | bool
    count: int
    children: list["FacetValueOut"] = Field(description="of a category, those below it")


class FacetRangeOut(BaseModel):
    """Products with gte <= value < lt; null is open."""

    gte: float | None
    lt: float | None
    count: int


class FacetOut(BaseModel):
    """One field's counts under all of the filter but what it asks of this field."""

    values: list[FacetValueOut]
    ranges: list[FacetRangeOut] = Field(description="of prices; of ratings, where each holds those above it too")
    left_out: int = Field(description="values beyond the 100 most frequent")
    low: float | None
    high: float | None
    is_at_least: bool


class SearchOut(SlateOut):
    """An ordered list of products; what follows only where `sort`, `facets` or `cursor` was sent, or no query."""

    sort: str | None = None
    total: int | None = Field(None, description="products on all pages")
    total_is_at_least: bool | None = Field(None, description="whether there may be more: the best were taken")
    next_cursor: str | None = Field(None, description="null on the last page")
    facets: dict[str, FacetOut] | None = Field(None, description="on the first page")
    facets_over: Literal["matches", "catalogue"] | None = Field(
        None, description="what is counted: products that match the query, or the whole catalogue under the filter"
    )
