"""Who calls, of which tenant, and what they may do."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from service.core.errors import NotAllowed
from service.core.types import DEFAULT_TENANT


class Scope(StrEnum):
    """What a key may be made for.

    read: products, searches and lists. events: recording what visitors do. users: naming users, and reading what is
    known of them; without it a key speaks for anonymous sessions only, as one in a public page should. catalogue:
    changing products. rules: business rules, synonyms, what people search for. metrics: the figures of the service and
    nothing else, for what scrapes them. admin: everything, keys too.
    """

    READ = "read"
    EVENTS = "events"
    USERS = "users"
    CATALOGUE = "catalogue"
    RULES = "rules"
    METRICS = "metrics"
    ADMIN = "admin"


class Role(StrEnum):
    """What somebody with an account is to the shop."""

    SHOPPER = "shopper"
    MERCHANT = "merchant"
    OPERATOR = "operator"


EVERYTHING = frozenset(Scope)
SCOPES_OF = {
    Role.SHOPPER: frozenset({Scope.READ, Scope.EVENTS}),
    Role.MERCHANT: EVERYTHING - {Scope.METRICS, Scope.ADMIN},
    Role.OPERATOR: EVERYTHING,
}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who a request comes from, as far as that was proved.

    Attributes
    ----------
    user : external id of the account's own user. account, role, family : of somebody who signed in.
    key : of an API key. expires_at : from when on it must be proved anew; None for never.
    """

    tenant: str
    scopes: frozenset[Scope]
    user: str | None = None
    account: int | None = None
    role: Role | None = None
    family: str | None = None
    key: int | None = None
    expires_at: datetime | None = None

    def may(self, scope: Scope) -> bool:
        """Whether it may do this.

        Examples
        --------
        >>> Caller("shop", frozenset({Scope.READ})).may(Scope.CATALOGUE)
        False
        """
        return scope in self.scopes

    @property
    def is_known(self) -> bool:
        """Whether a key or token was shown."""
        return self.account is not None or self.key is not None

    def person(self, asked: str | None) -> str | None:
        """The user a request is about: a shopper's own where none is named.

        Raises
        ------
        NotAllowed : a user is named whom the caller does not speak for.

        Examples
        --------
        >>> ann = Caller("shop", SCOPES_OF[Role.SHOPPER], user="ann", role=Role.SHOPPER)
        >>> ann.person(None), OPEN.person(None), OPEN.person("bob")
        ('ann', None, 'bob')
        """
        if asked is None:
            return self.user if self.role is Role.SHOPPER else None
        if asked == self.user or Scope.USERS in self.scopes:
            return asked
        raise NotAllowed(WHY_NOT_THEM if self.role is None else WHY_ONLY_SELF, code="foreign_user")

    def may_see(self, user: str | None) -> bool:
        """Whether what was made for this user, or for somebody anonymous, may be shown to the caller."""
        return user is None or user == self.user or Scope.USERS in self.scopes


WHY_ONLY_SELF = "a user is named that is not your own; leave it out: what you ask is about yourself"
WHY_NOT_THEM = (
    "this key speaks for anonymous sessions only: send `session` in place of a user, or use a key with `users`"
)

OPEN = Caller(DEFAULT_TENANT, EVERYTHING)
"""Somebody without key or token where none is needed."""

NOBODY = Caller(DEFAULT_TENANT, frozenset())
"""The same where one is needed."""
