"""``/auth`` and ``/users/me`` of the AuraStyle API: our accounts by the names usual elsewhere."""

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from service.api import auth
from service.api.auth import AtReception, SignInIn, SignUpIn, SignUpOut, TokensOut
from service.api.clock import Now
from service.api.dependencies import Tenant
from service.api.principal import Principal
from service.core.errors import NotAuthenticated

router = APIRouter(tags=["aurastyle"])

_FORM = "application/x-www-form-urlencoded"
_FIELDS = SignInIn.model_json_schema()["properties"]
_PASSWORD_FORM = {
    "type": "object",
    "properties": {
        "grant_type": {"type": "string", "enum": ["password"]},
        "username": _FIELDS["email"] | {"description": "the e-mail address"},
        "password": _FIELDS["password"],
    },
    "required": ["username", "password"],
}
_LOGIN: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": SignInIn.model_json_schema()}, _FORM: {"schema": _PASSWORD_FORM}},
    }
}


async def _me(caller: Principal) -> str:
    if caller.user is None:
        raise NotAuthenticated(
            "this is about your own account: sign in at /auth/login and send `Authorization: Bearer …`",
            code="no_account",
        )
    return caller.user


Me = Annotated[str, Depends(_me)]
"""The signed-in user's id; 401 without one."""

router.add_api_route("/auth/refresh", auth.post_refresh, methods=["POST"], summary="The next pair of tokens")
router.add_api_route("/auth/logout", auth.post_sign_out, methods=["POST"], status_code=204, summary="End a sign-in")
router.add_api_route("/users/me", auth.get_me, methods=["GET"], summary="One's own profile and preferences")
router.add_api_route(
    "/users/me", auth.put_me, methods=["PUT"], summary="Change one's name or preferences", responses=auth.ERASED
)


@router.post("/auth/register", status_code=202, summary="Make an account")
async def post_register(body: SignUpIn, tenant: Tenant, at: AtReception) -> SignUpOut:
    """Answers the same whether or not the address has an account: who is a customer here is nobody's business."""
    await auth.post_sign_up(body, tenant, at)
    return SignUpOut(next="sign in at /auth/login with this e-mail address and password")


@router.post(
    "/auth/login", openapi_extra=_LOGIN, summary="Get a token for an e-mail address and a password",
    responses=auth.ERASED,
)  # fmt: skip
async def post_login(request: Request, tenant: Tenant, now: Now, at: AtReception, response: Response) -> TokensOut:
    """JSON with `email` and `password`, or the form of OAuth 2 with `username` and `password`."""
    return await auth.post_sign_in(await _credentials(request), tenant, now, at, response)


async def _credentials(request: Request) -> SignInIn:
    """What was sent, as either of the two.

    Raises
    ------
    RequestValidationError : something is missing or of the wrong type; passwords are never repeated.
    """
    is_form = request.headers.get("content-type", "").partition(";")[0].strip().lower() == _FORM
    try:
        return SignInIn.model_validate(await _form(request) if is_form else orjson.loads(await request.body()))
    except orjson.JSONDecodeError as error:
        raise _wrong("json_invalid", f"neither JSON nor a form ({error})") from error
    except ValidationError as error:
        told = error.errors(include_context=False, include_input=False)
        found = [{**one, "loc": ("body", *one["loc"])} for one in told]
        raise RequestValidationError(found) from error


async def _form(request: Request) -> dict[str, Any]:
    form = await request.form()
    if (grant := form.get("grant_type", "password")) != "password":
        raise _wrong("grant_type", f"grant_type must be password, got {str(grant)[:60]!r}")
    return {
        field: value for field, name in (("email", "username"), ("password", "password")) if (value := form.get(name))
    }


def _wrong(type: str, says: str) -> RequestValidationError:
    return RequestValidationError([{"type": type, "loc": ("body",), "msg": says}])
