"""The API of the "Full Stack E-Commerce Recommender System", see config/profiles/fullstack.toml."""

from fastapi import APIRouter

from service.api import live
from service.api.compat import fullstack_catalogue, fullstack_recommendations, fullstack_tracking

router = APIRouter()
router.include_router(fullstack_recommendations.router)
router.include_router(fullstack_tracking.router)
router.include_router(fullstack_catalogue.router)
router.add_api_websocket_route("/ws", live.live)
