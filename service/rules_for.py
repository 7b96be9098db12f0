"""Which business rules a request falls under, asking no more about it than these rules do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from config.surface import Surface
from service.context import Request, Services
from service.core.filters import Filter, all_of, matches
from service.core.rules import Boost, Pin, Quota, Rule, Scope, categories_of
from service.core.types import Query
from service.experiments import Assignment
from service.store.history import history
from service.store.serving import serving_rows
from service.store.users import find_user


@dataclass(frozen=True, slots=True)
class Ruled:
    """The rules a request falls under, by what they do; each the one first that has its way.

    Attributes
    ----------
    boosts : name of the contribution -> weight and condition; those of the request itself too.
    required : label of the rule -> what every product must meet. places : pins and quotas.
    """

    boosts: tuple[tuple[str, float, Filter], ...] = ()
    required: tuple[tuple[str, Filter], ...] = ()
    places: tuple[Rule, ...] = ()
    rules: tuple[Rule, ...] = ()

    @property
    def is_nothing(self) -> bool:
        """Whether no rule has anything to say."""
        return not (self.rules or self.boosts)

    @property
    def filter(self) -> Filter | None:
        """All that products must meet, for the index."""
        return all_of(*(condition for _, condition in self.required))

    def widened(self, surface: Surface, pool: int) -> Surface:
        """The surface with so large a pool that boosts and quotas find something in it."""
        needs = bool(self.boosts) or any(isinstance(rule.consequence, Quota) for rule in self.places)
        return surface.model_copy(update={"pool": pool}) if needs and pool > surface.pool else surface


NOTHING = Ruled()


def rules_for(
    services: Services, request: Request, assignment: Assignment | None = None, query: Query | None = None
) -> Ruled:
    """The rules in force for this request.

    Parameters
    ----------
    assignment : its experiments, which may switch rules on or off. query : what is known already.
    """
    rules = services.rules(request.tenant)
    own = tuple((f"boost:{number}", weight, wanted) for number, (wanted, weight) in enumerate(request.boosts, 1))
    if not rules:
        return Ruled(boosts=own) if own else NOTHING
    now = datetime.fromtimestamp(services.now(), UTC)
    on, off = (assignment.rules_on, assignment.rules_off) if assignment else (frozenset(), frozenset())
    asked = _Asked(services, request, query)
    active = [rule for rule in rules if rule.id not in off and (rule.status(now) == "active" or rule.id in on)]
    return ruled([rule for rule in active if asked.falls_under(rule.scope)], own)


def ruled(rules: Sequence[Rule], own: tuple[tuple[str, float, Filter], ...] = ()) -> Ruled:
    """These rules by what they do."""
    boosts, required, places = list(own), [], []
    for rule in rules:
        if isinstance(rule.consequence, Boost):
            boosts.append((rule.label, rule.consequence.weight, rule.condition or Filter()))
        elif isinstance(rule.consequence, Pin | Quota):
            places.append(rule)
        elif needed := rule.required():
            required.append((rule.label, needed))
    return Ruled(tuple(boosts), tuple(required), tuple(places), tuple(rules))


class _Asked:
    """What a request is about and who asks, looked up only when a rule wants to know."""

    def __init__(self, services: Services, request: Request, query: Query | None) -> None:
        self._services, self._request, self._query = services, request, query

    def falls_under(self, scope: Scope) -> bool:
        """Whether the request falls under a rule with this scope."""
        categories = self.categories if scope.categories else ()
        if not scope.is_about(self._request.surface, categories):
            return False
        if scope.who != "everyone" and (scope.who == "newcomer") is not self.is_newcomer:
            return False
        return scope.audience is None or matches(scope.audience, self.told)

    @cached_property
    def categories(self) -> tuple[str, ...]:
        """Paths the filter insists on, or that of the anchor."""
        found = categories_of(self._request.filter)
        if not found and self._query is not None and self._query.anchor is not None:
            anchor = self._query.anchor.product_id
            with self._services.database.session() as session:
                row = serving_rows(session, self._request.tenant, [anchor]).get(anchor)
            found = (row.category_path,) if row is not None and row.category_path else ()
        return found

    @cached_property
    def is_newcomer(self) -> bool:
        """Whether nothing is known of what they did."""
        if self._query is not None and self._query.past is not None:
            return False
        request = self._request
        if not (request.user or request.session):
            return True
        with self._services.database.session() as session:
            known = history(session, request.tenant, user=request.user, session_id=request.session, limit=1)
        return known.newest is None

    @cached_property
    def told(self) -> dict[str, object]:
        """Preferences and features of the user; an unknown user has none."""
        if self._request.user is None:
            return {}
        with self._services.database.session() as session:
            user = find_user(session, self._request.tenant, self._request.user)
        return {} if user is None else {"preferences": user.preferences, "features": user.features}
