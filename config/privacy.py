"""How long what people did is kept, and what is remembered of somebody who was erased."""

from typing import Annotated

from pydantic import Field

from config.frozen import Frozen

Kept = Annotated[float, Field(ge=0, le=36_500, allow_inf_nan=False)]


class PrivacyParams(Frozen):
    """The block ``[privacy]``.

    Parameters
    ----------
    events_days, impressions_days : older ones are deleted; 0 keeps them.
    refused_days : events that name somebody who was erased are refused for so long.
    rollback_days : a release trained with somebody who was erased is kept for a rollback for so long.
    """

    events_days: Kept
    impressions_days: Kept
    refused_days: Annotated[float, Field(ge=0, le=3650)]
    rollback_days: Annotated[float, Field(ge=0, le=365)]
