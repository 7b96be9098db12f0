"""What each route asks of who calls it: the one list, and a route that is not in it is for administrators."""

from dataclasses import dataclass
from enum import Enum

from service.accounts.caller import Scope


class NeedsAccount(Enum):
    """Whether a proof is needed even where the shop is open to all."""

    NO = 0
    PROOF = 1  # a key or a token
    PERSON = 2  # a token: it is about one's own account


@dataclass(frozen=True, slots=True)
class Needs:
    """What a route asks.

    Attributes
    ----------
    scope : None: open to everybody, also behind keys. person : the parameter of path or query that names a user, whom
        the caller must speak for; routes that find users in a body ask `Caller.person` themselves. whole : it is about
        the service as a whole, which only the tenant that runs it, the default one, looks at and steers: releases, jobs
        and figures are not kept apart by tenant.
    """

    scope: Scope | None
    person: str | None = None
    account: NeedsAccount = NeedsAccount.NO
    whole: bool = False


PUBLIC = Needs(None)
READ = Needs(Scope.READ)
EVENTS = Needs(Scope.EVENTS)
CATALOGUE = Needs(Scope.CATALOGUE)
RULES = Needs(Scope.RULES)
USERS = Needs(Scope.USERS)
ADMIN = Needs(Scope.ADMIN)
SERVICE = Needs(Scope.ADMIN, whole=True)
FIGURES = Needs(Scope.METRICS, whole=True)
KEYS = Needs(Scope.ADMIN, account=NeedsAccount.PROOF)  # a key outlives the open afternoon it was made on
OWN = Needs(None, account=NeedsAccount.PERSON)
PEOPLE = Needs(Scope.ADMIN, account=NeedsAccount.PROOF)  # addresses of people are handed to nobody unknown


def _of_person(scope: Scope, name: str) -> Needs:
    return Needs(scope, name)


NEEDS: dict[tuple[str, str], Needs] = {
    ("POST", "/v1/auth/sign-up"): PUBLIC,
    ("POST", "/v1/auth/sign-in"): PUBLIC,
    ("POST", "/v1/auth/refresh"): PUBLIC,
    ("POST", "/v1/auth/sign-out"): PUBLIC,
    ("GET", "/v1/auth/jwks.json"): PUBLIC,
    ("POST", "/v1/auth/password"): OWN,
    ("GET", "/v1/me"): OWN,
    ("PUT", "/v1/me"): OWN,
    ("DELETE", "/v1/me"): OWN,
    ("GET", "/v1/me/export"): OWN,
    ("DELETE", "/v1/users/{id}"): PEOPLE,
    ("GET", "/v1/users/{id}/export"): PEOPLE,
    ("GET", "/v1/privacy/receipts/{id}"): PEOPLE,
    ("GET", "/v1/keys"): KEYS,
    ("POST", "/v1/keys"): KEYS,
    ("DELETE", "/v1/keys/{id}"): KEYS,
    # what shoppers see; `visitor` and `request_from` ask whether they may speak for the user
    ("GET", "/v1/search"): READ,
    ("POST", "/v1/search"): READ,
    ("GET", "/v1/suggest"): READ,
    ("GET", "/v1/similar/{id}"): READ,
    ("POST", "/v1/similar/{id}"): READ,
    ("GET", "/v1/home"): READ,
    ("POST", "/v1/home"): READ,
    ("GET", "/v1/trending"): READ,
    ("POST", "/v1/explain"): READ,
    ("POST", "/v1/explain/words"): READ,
    ("GET", "/v1/products"): READ,
    ("GET", "/v1/products/{id}"): READ,
    ("GET", "/v1/products/{id}/picture"): PUBLIC,  # pages show pictures without sending anything along
    ("GET", "/v1/products/{id}/image"): PUBLIC,
    ("POST", "/v1/bundle"): READ,
    ("WEBSOCKET", "/v1/live"): PUBLIC,  # whoever listens says in his first message who he is
    ("WEBSOCKET", "/ws"): PUBLIC,
    ("POST", "/v1/events"): EVENTS,
    ("GET", "/v1/users/{id}"): _of_person(Scope.READ, "id"),
    ("PUT", "/v1/users/{id}"): _of_person(Scope.EVENTS, "id"),
    ("GET", "/v1/users/{id}/events"): _of_person(Scope.READ, "id"),
    ("POST", "/v1/users/{id}/merge"): _of_person(Scope.EVENTS, "id"),
    # what the shop's people do
    ("PUT", "/v1/products"): CATALOGUE,
    ("PATCH", "/v1/products"): CATALOGUE,
    ("DELETE", "/v1/products"): CATALOGUE,
    ("PUT", "/v1/products/{id}"): CATALOGUE,
    ("PATCH", "/v1/products/{id}"): CATALOGUE,
    ("DELETE", "/v1/products/{id}"): CATALOGUE,
    ("GET", "/v1/searches"): RULES,
    ("GET", "/v1/synonyms"): RULES,
    ("PUT", "/v1/synonyms"): RULES,
    ("GET", "/v1/rules"): RULES,
    ("POST", "/v1/rules"): RULES,
    ("POST", "/v1/rules/lint"): RULES,
    ("POST", "/v1/rules/dry-run"): RULES,
    ("GET", "/v1/rules/{id}"): RULES,
    ("PUT", "/v1/rules/{id}"): RULES,
    ("PATCH", "/v1/rules/{id}"): RULES,
    ("DELETE", "/v1/rules/{id}"): RULES,
    # what operators look at and decide
    ("GET", "/v1/admin/overview"): SERVICE,
    ("GET", "/v1/admin/traffic/{of}"): SERVICE,
    ("GET", "/v1/admin/alarms"): SERVICE,
    ("GET", "/v1/admin/minutes"): SERVICE,
    ("GET", "/v1/admin/activity"): ADMIN,
    ("GET", "/v1/admin/engagement"): ADMIN,
    ("GET", "/v1/admin/experiments"): ADMIN,
    ("GET", "/v1/admin/signals"): ADMIN,
    ("GET", "/v1/admin/exposure"): ADMIN,
    ("GET", "/v1/admin/catalogue"): ADMIN,
    ("GET", "/v1/admin/releases"): SERVICE,
    ("POST", "/v1/admin/releases/rollback"): SERVICE,
    ("POST", "/v1/admin/releases/{id}/promote"): SERVICE,
    ("GET", "/v1/admin/jobs"): SERVICE,
    ("POST", "/v1/admin/jobs"): SERVICE,
    ("GET", "/dashboard"): PUBLIC,  # the page looks at a cookie, what it asks for is for administrators
    # pages of the shop
    ("GET", "/"): PUBLIC,
    ("GET", "/explore"): PUBLIC,
    ("GET", "/search"): PUBLIC,
    ("GET", "/product/{id}"): PUBLIC,
    ("GET", "/cart"): PUBLIC,
    ("GET", "/profile"): PUBLIC,
    ("GET", "/compare"): PUBLIC,
    ("GET", "/sign-in"): PUBLIC,
    ("GET", "/sign-up"): PUBLIC,
    ("GET", "/static/{tag}/{path}"): PUBLIC,
    ("GET", "/docs"): PUBLIC,
    ("GET", "/docs/{file}"): PUBLIC,
    ("GET", "/favicon.ico"): PUBLIC,
    # machines
    ("GET", "/health/live"): PUBLIC,
    ("GET", "/health/ready"): PUBLIC,
    ("GET", "/metrics"): FIGURES,
    # profiles; a user named in a body takes a key that may name users
    ("GET", "/recommendations/{buyer_id}"): _of_person(Scope.READ, "buyer_id"),
    ("GET", "/recommendations/home"): _of_person(Scope.READ, "user_id"),
    ("GET", "/recommendations/product/{product_id}"): READ,
    ("GET", "/recommendations/search"): READ,
    ("POST", "/api/v1/interactions/interactions"): USERS,
    ("GET", "/api/v1/interactions/interactions/{user_id}"): _of_person(Scope.READ, "user_id"),
    ("POST", "/auth/register"): PUBLIC,
    ("POST", "/auth/login"): PUBLIC,
    ("POST", "/auth/refresh"): PUBLIC,
    ("POST", "/auth/logout"): PUBLIC,
    ("GET", "/users/me"): OWN,
    ("PUT", "/users/me"): OWN,
    ("GET", "/products"): READ,
    ("GET", "/products/{id}"): READ,
    ("GET", "/products/{id}/similar"): READ,
    ("GET", "/recommendations"): Needs(Scope.READ, account=NeedsAccount.PERSON),
    ("GET", "/interactions"): Needs(Scope.READ, account=NeedsAccount.PERSON),
    ("POST", "/interactions"): Needs(Scope.EVENTS, account=NeedsAccount.PERSON),
    ("GET", "/health"): PUBLIC,
    ("POST", "/api/recommendations"): READ,
    ("POST", "/api/track-interaction"): EVENTS,
    ("GET", "/api/products"): READ,
    ("GET", "/api/home/{customer_id}"): _of_person(Scope.READ, "customer_id"),
    ("GET", "/api/recommendations/{customer_id}"): _of_person(Scope.READ, "customer_id"),
    ("GET", "/api/trending"): READ,
    ("GET", "/api/similar/{article_id}"): READ,
    ("GET", "/api/explore"): READ,
    ("GET", "/api/profile/{customer_id}"): _of_person(Scope.READ, "customer_id"),
    ("PUT", "/api/profile/{customer_id}"): _of_person(Scope.EVENTS, "customer_id"),
    ("POST", "/api/interactions"): USERS,
}

PUBLIC_WRITES = frozenset(path for (method, path), needs in NEEDS.items() if method == "POST" and needs is PUBLIC)
"""Where bodies are read from people who show nothing; everybody else is turned away before theirs is read."""


def needs_of(method: str, path: str) -> Needs:
    """What a route asks, by its method and its path as the OpenAPI document has it.

    Examples
    --------
    >>> needs_of("GET", "/v1/home").scope, needs_of("GET", "/v1/forgotten").scope
    (<Scope.READ: 'read'>, <Scope.ADMIN: 'admin'>)
    """
    return NEEDS.get((method, path), ADMIN)
