"""Ids of the H&M API: articles have ten digits, of which other tools lose the leading zeros."""

from typing import Annotated

from fastapi import Path
from sqlmodel import Session

from service.api.values import PersonId, ProductId
from service.core.errors import NotFound
from service.store.catalog import product_ids

DIGITS = 10

CustomerId = Annotated[PersonId, Path(description="the shop's own id of the customer; an unknown one gets what trends")]
ArticleId = Annotated[ProductId, Path(description="ten digits; lost leading zeros are put back")]


def stored_id(session: Session, tenant: str, article_id: str) -> str:
    """An article's id as it is stored, with leading zeros or, in shops whose ids are shorter, without.

    Raises
    ------
    NotFound : there is no such article.
    """
    known = product_ids(session, tenant, [article_id, padded(article_id)])
    if not known:
        raise NotFound(f"there is no article with id {padded(article_id)[:200]!r}", code="product_not_found")
    return article_id if article_id in known else padded(article_id)


def padded(article_id: str) -> str:
    """An article's id with all of its digits.

    Examples
    --------
    >>> padded("108775015"), padded("0108775015"), padded("mug-1")
    ('0108775015', '0108775015', 'mug-1')
    """
    return article_id.zfill(DIGITS) if article_id.isascii() and article_id.isdigit() else article_id
