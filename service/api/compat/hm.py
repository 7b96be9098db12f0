"""The H&M API: ``/api`` home, recommendations, trending, similar, explore, profile and interactions.

Every list is our pipeline's, with the weights of the profile; nothing here scores or orders.
"""

from fastapi import APIRouter

from service.api.compat import hm_customers, hm_explore, hm_lists

router = APIRouter()
for part in (hm_lists, hm_explore, hm_customers):
    router.include_router(part.router)
