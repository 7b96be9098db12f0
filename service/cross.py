"""The best products of a search, read once more together with its words by a cross-encoder, where one is set."""

from dataclasses import replace

import numpy as np
import structlog

from service.context import Request, Services
from service.core.errors import RecommenderError
from service.encode.document import product_text
from service.look import Found
from service.ranking.adjust import add_contributions
from service.ranking.fuse import Fused
from service.ranking.normalize import minmax
from service.store.catalog import get_products

log = structlog.get_logger()

CROSS = "cross_encoder"


def read_together(services: Services, request: Request, found: Found, fused: Fused) -> tuple[Fused, Found]:
    """The list with up to ``cross_encoder_weight`` added to what the model finds best, by its scores among the top.

    A model that fails is named in `degraded` of what is found, and the list stays as it is.
    """
    params = services.params.search
    if services.cross is None or not request.text or not params.cross_encoder_weight or not len(fused.ids):
        return fused, found
    ids = fused.ids[: params.cross_encoder_top].tolist()
    try:
        with services.database.session() as session:
            stored = get_products(session, ids)
        known = [place for place, product in enumerate(ids) if product in stored]
        texts = [product_text(stored[ids[place]].product) for place in known]
        scores = services.cross(request.text, texts).astype(np.float64)
    except Exception as error:  # a search without its finest order is better than none
        log.warning("cross_encoder_failed", error=str(error), exc_info=not isinstance(error, RecommenderError))
        return fused, _without(found, error.code if isinstance(error, RecommenderError) else "error")
    gains = np.zeros(len(fused.ids))
    gains[known] = params.cross_encoder_weight * minmax(scores)
    return add_contributions(fused, {CROSS: gains}), found


def _without(found: Found, why: str) -> Found:
    retrieved = found.candidates.retrieved
    degraded = replace(retrieved, degraded={**retrieved.degraded, CROSS: why})
    return replace(found, candidates=replace(found.candidates, retrieved=degraded))
