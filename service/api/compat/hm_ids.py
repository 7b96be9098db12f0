"""Ids of the H&M API: articles have ten digits, of which other tools lose the leading zeros."""

from typing import Annotated

from fastapi import Path

from service.api.schemas import PersonId, ProductId

DIGITS = 10

CustomerId = Annotated[PersonId, Path(description="the shop's own id of the customer; an unknown one gets what trends")]
ArticleId = Annotated[ProductId, Path(description="ten digits; lost leading zeros are put back")]


def padded(article_id: str) -> str:
    """An article's id as it is stored.

    Examples
    --------
    >>> padded("108775015"), padded("0108775015"), padded("mug-1")
    ('0108775015', '0108775015', 'mug-1')
    """
    return article_id.zfill(DIGITS) if article_id.isascii() and article_id.isdigit() else article_id
