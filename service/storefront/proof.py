"""Who asks for a page: browsers send no token with a link, so a cookie of the page's own says the same."""

from fastapi import Request

from service.accounts.caller import Caller, Scope
from service.api.dependencies import AppState
from service.core.errors import NotAuthenticated
from service.storefront.guest import PROOF


async def shown_by_cookie(request: Request, state: AppState, caller: Caller, wanted: Scope) -> Caller:
    """The caller that the cookie proves, where the caller may not do what is wanted; it is good for reading pages only.

    Nothing is changed for a cookie: whatever changes something asks for the header.
    """
    token = request.cookies.get(PROOF)
    if caller.may(wanted) or token is None:
        return caller
    proofs = request.app.state.reception.proofs

    def check() -> Caller:
        try:
            found: Caller = proofs.known(token) or proofs.check(token)
        except NotAuthenticated:
            return caller
        return found

    return await state.call(check, quick=True)
