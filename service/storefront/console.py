"""``/dashboard``: the page of the people who run the shop; what it shows it asks of ``/v1/admin``."""

from fastapi import APIRouter, Request, Response

from service.accounts.caller import Scope
from service.api.dependencies import State
from service.api.principal import Principal
from service.storefront.guest import guest_of
from service.storefront.page import page
from service.storefront.proof import shown_by_cookie

router = APIRouter(include_in_schema=False, default_response_class=Response)

SECTIONS = (
    ("overview", "Overview"), ("traffic", "Traffic"), ("speed", "Speed"), ("engagement", "Clicks and sales"),
    ("experiments", "Experiments"),
    ("searches", "Searches"), ("trending", "Trending"), ("signals", "Signals"), ("coverage", "Coverage"),
    ("releases", "Releases"), ("jobs", "Jobs"), ("rules", "Rules"), ("catalogue", "Catalogue"), ("why", "Why (not)?"),
)  # fmt: skip


@router.get("/dashboard")
async def dashboard(request: Request, state: State, caller: Principal) -> Response:
    """For operators where keys are needed, for everybody where nothing is."""
    found = await shown_by_cookie(request, state, caller, Scope.ADMIN)
    guest = guest_of(request, is_demo=False)
    if not found.may(Scope.ADMIN):
        return page("console_closed", request, guest, status=403 if found.is_known else 401, is_known=found.is_known)
    return page("dashboard", request, guest, sections=SECTIONS)
