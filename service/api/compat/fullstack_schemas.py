"""What the fullstack API is asked and answers, see config/profiles/fullstack.toml."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints

from service.api.compat.fullstack_ids import LARGEST
from service.api.values import WHOLE

Number = Annotated[int, Field(ge=-LARGEST, le=LARGEST), WHOLE]
Person = Annotated[str, StringConstraints(max_length=128, pattern=r"^[^\x00-\x1f\x7f]*$")]
Category = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500, pattern=r"^[^\x00]*$")]
InteractionType = Literal["view", "click", "purchase", "like"]

_MOST = 1000


class UserBehavior(BaseModel):
    """Who asks, and what the page knows of the visit; lists newest last, what the shop does not have is left out."""

    user_id: Person = Field(description="the shop's own id; an unknown one gets what is worth a try")
    viewed: list[Number] = Field(max_length=_MOST)
    purchased: list[Number] = Field(max_length=_MOST)
    recent_views: list[Category] = Field(max_length=_MOST, description="names of categories")
    session_id: Person = Field(description="what it told is remembered while it lasts; empty for none")


class RecommendationRequest(BaseModel):
    """What is asked for."""

    user_behavior: UserBehavior
    limit: int = Field(5, ge=1, description="at most as `surfaces.home.max_n` says")
    context: dict[str, Any] = Field(default={}, description="accepted; nothing depends on it")


class Breakdown(BaseModel):
    """Each part of the ensemble, 0 to 1; the score is their sum by the weights in force."""

    collaborative: float
    content_based: float
    neural: float
    contextual: float


class ProductRecommendation(BaseModel):
    """One recommended product."""

    product_id: int
    product_name: str
    score: float
    confidence: Literal["Very High", "High", "Medium", "Exploratory"]
    explanation: str
    algorithm_breakdown: Breakdown


class RecommendationResponse(BaseModel):
    """What is recommended, best first."""

    recommendations: list[ProductRecommendation]
    user_insight: str
    timestamp: datetime
    model_version: str = Field(description="the release that answered, with the variants of experiments if any")


class TrackIn(BaseModel):
    """Something a user did, where it is sent as a body."""

    user_id: Person | None = None
    product_id: Number | None = None
    interaction_type: InteractionType | None = None
    session_id: Person | None = None
    request_id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,64}$")] | None = None


class Tracked(BaseModel):
    """It is stored."""

    status: Literal["tracked"] = "tracked"


class CatalogueProduct(BaseModel):
    """A product, as the description's table has it, and the shop's own id."""

    product_id: int
    sku: str
    name: str
    category: str | None
    price: float | None
    rating: float | None
    tags: list[str]
    description: str
    popularity: int = Field(description="0 to 100: share of the trend of what trends most")
    features: dict[str, Any]
    created_at: datetime | None


class Health(BaseModel):
    """Whether the service can do its work; `problems` also has what only makes answers poorer."""

    status: Literal["healthy", "unhealthy"]
    service: Literal["recommender-api"] = "recommender-api"
    problems: dict[str, str] = {}
