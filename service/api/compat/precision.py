"""The API of the "Precision-Tuned Recommendation System", see config/profiles/precision.toml."""

from fastapi import APIRouter

from service.api.compat import precision_interactions, precision_recommendations

router = APIRouter()
router.include_router(precision_recommendations.router)
router.include_router(precision_interactions.router)
