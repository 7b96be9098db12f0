"""The pages of the shop."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from service.accounts.caller import Caller, Scope
from service.api.dependencies import AppState, RequestId, State
from service.api.principal import Principal
from service.api.products_io import to_output
from service.core.errors import NotFound
from service.store.catalog import get_product
from service.storefront.console import router as console
from service.storefront.demo import demo_shoppers
from service.storefront.docs import router as docs
from service.storefront.gallery import facts, views
from service.storefront.guest import guest_of
from service.storefront.page import page
from service.storefront.proof import shown_by_cookie
from service.storefront.showcase import departments, showcase
from service.storefront.statics import router as statics

router = APIRouter(include_in_schema=False, default_response_class=Response)
router.include_router(statics)
router.include_router(console)
router.include_router(docs)

_HERO = 5


async def _reader(request: Request, state: State, caller: Principal) -> Caller | None:
    """To whom products may be shown: of a shop that is not open to all, to who signed in, as a cookie proves."""
    found = await shown_by_cookie(request, state, caller, Scope.READ)
    return found if found.may(Scope.READ) else None


Reader = Annotated[Caller | None, Depends(_reader)]


async def _frame(request: Request, state: State, reader: Reader) -> Callable[..., Response]:
    """What makes a page: header and footer are the same on all."""
    runtime = state.runtime
    shoppers = demo_shoppers(runtime.settings)
    guest = guest_of(request, is_demo=bool(shoppers))
    frame: dict[str, Any] = {
        "shoppers": shoppers,
        "departments": departments(runtime.services.popular(reader.tenant)) if reader else (),
        "attributes": runtime.params.catalogue.filterable_attributes,
        "has_pictures": runtime.settings.image_model != "none",
    }

    def draw(name: str, *, status: int = 200, **values: object) -> Response:
        return page(name, request, guest, status=status, **frame | values)

    return draw


Draw = Annotated[Callable[..., Response], Depends(_frame)]


@router.get("/")
async def home(state: State, request_id: RequestId, draw: Draw, reader: Reader) -> Response:
    """The shop window: what is new at once, what is personal as soon as the script has asked."""
    if reader is None:
        return draw("home", heroes=(), request_id=request_id)
    work = partial(showcase, state.runtime, reader.tenant, request_id, _HERO)
    heroes = await state.call(work, quick=True)
    return draw("home", heroes=heroes, request_id=request_id)


@router.get("/explore")
async def explore(draw: Draw) -> Response:
    """The catalogue to narrow down; what is narrowed is in the address."""
    return draw("explore")


@router.get("/search")
async def search(draw: Draw, q: str = "") -> Response:
    """What was found for words, a picture, or both."""
    return draw("search", query=q[:200])


@router.get("/product/{id:path}")
async def product(id: str, state: State, draw: Draw, reader: Reader) -> Response:
    """One product; a page that says so where there is none, or none to be seen."""
    if reader is None:
        return draw("closed", status=401, asked=f"/product/{id}")
    shown = await _product(state, reader.tenant, id)
    if shown is None:
        return draw("missing", status=404)
    return draw("product", product=shown, further=views(shown), facts=facts(shown))


@router.get("/cart")
async def cart(draw: Draw) -> Response:
    """Cart, wishlist and a checkout that takes no money."""
    return draw("cart")


@router.get("/profile")
async def profile(draw: Draw) -> Response:
    """What a visitor told, and what they did."""
    return draw("profile")


@router.get("/compare")
async def compare(state: State, draw: Draw) -> Response:
    """Two configurations of the feed side by side; of the demo, where nobody's shop is disturbed by it."""
    if not demo_shoppers(state.runtime.settings):
        return draw("missing", status=404)
    surface = state.runtime.params.surfaces["home"]
    return draw("compare", weights=dict(surface.weights), mmr_lambda=surface.mmr_lambda)


@router.get("/sign-in")
async def sign_in(draw: Draw) -> Response:
    """For people with an account."""
    return draw("account", is_new=False)


@router.get("/sign-up")
async def sign_up(draw: Draw) -> Response:
    """For people without one."""
    return draw("account", is_new=True)


async def _product(state: AppState, tenant: str, id: str) -> dict[str, Any] | None:
    def work() -> dict[str, Any] | None:
        with state.runtime.database.session() as session:
            try:
                found = to_output(get_product(session, tenant, id))
            except NotFound:
                return None
        return found.model_dump() if found.visible else None

    return await state.call(work, quick=True)
