"""``GET /health`` of the AuraStyle API: our readiness in short."""

from fastapi import APIRouter, Response

from service.api.compat.aurastyle_schemas import Health
from service.api.dependencies import AppState, State
from service.api.readiness import PartState, overall, parts

router = APIRouter(tags=["aurastyle"])


@router.get("/health", summary="Whether the API can do its work")
async def get_health(state: State, response: Response) -> Health:
    """Tries every part, see /health/ready; 503 if one of them does not work."""
    health = await state.call(lambda: _health(state))
    if health.status == "failed":
        response.status_code = 503
    return health


def _health(state: AppState) -> Health:
    found, release = parts(state), state.runtime.services.release()
    return Health(
        status=overall(found).value,
        parts={part.name: part.state.value for part in found},
        problems={part.name: part.reason or "" for part in found if part.state is not PartState.OK},
        model_version=release.id if release else None,
        text_dimensions=state.runtime.encoders.text.size,
        factorisation=state.runtime.params.training.factoriser,
    )
