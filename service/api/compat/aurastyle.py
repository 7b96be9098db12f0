"""The API of "AuraStyle", see config/profiles/aurastyle.toml."""

from fastapi import APIRouter

from service.api.compat import (
    aurastyle_accounts,
    aurastyle_health,
    aurastyle_interactions,
    aurastyle_products,
    aurastyle_recommendations,
)

router = APIRouter()
for module in (
    aurastyle_accounts, aurastyle_products, aurastyle_interactions, aurastyle_recommendations, aurastyle_health,
):  # fmt: skip
    router.include_router(module.router)
