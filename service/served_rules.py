"""The business rules, read from SQL now and then and kept, parsed, for all requests."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock

import structlog

from service.core.errors import InvalidQuery
from service.core.fields import FieldKind
from service.core.rule_parse import parse_rule
from service.core.rules import Rule, by_precedence
from service.store.database import Database
from service.store.rules import StoredRule, list_rules, rules_version

log = structlog.get_logger()

LISTS = ("bundle", "trending")
"""Lists that are no surface of their own: only what excludes counts there."""


def rule_surfaces(longest: Mapping[str, int]) -> dict[str, int]:
    """What a rule may name: every surface, and the lists beside them."""
    return {**longest, **dict.fromkeys(LISTS, 100)}


@dataclass(frozen=True, slots=True)
class _Known:
    looked: float
    version: object
    rules: tuple[Rule, ...]


class LiveRules:
    """Keeps each tenant's rules; a failing database leaves the last ones in force.

    Parameters
    ----------
    fields : what conditions may name. surfaces : name -> the longest slate it gives.
    refresh_s : how often to look whether another process changed one.
    """

    def __init__(
        self, database: Database, fields: Mapping[str, FieldKind], surfaces: Mapping[str, int], refresh_s: float
    ) -> None:
        self._database = database
        self._fields = fields
        self._surfaces = surfaces
        self._refresh_s = refresh_s
        self._known: dict[str, _Known] = {}
        self._lock = Lock()

    def current(self, tenant: str) -> tuple[Rule, ...]:
        """All rules, disabled ones too, the one that has its way first. Never raises."""
        known = self._known.get(tenant)
        is_fresh = known is not None and time.monotonic() - known.looked < self._refresh_s
        if known is not None and (is_fresh or not self._lock.acquire(blocking=False)):
            return known.rules
        if known is None:
            self._lock.acquire()
        try:
            return self._look(tenant, known)
        finally:
            self._lock.release()

    def refresh(self, tenant: str) -> None:
        """Look now: this process has changed something."""
        with self._lock:
            known = self._known.get(tenant)
            self._look(tenant, _Known(0.0, None, known.rules) if known else None)

    def _look(self, tenant: str, known: _Known | None) -> tuple[Rule, ...]:
        version, rules = (known.version, known.rules) if known else (None, ())
        try:
            with self._database.session() as session:
                if (found := rules_version(session, tenant)) != version:
                    rules = by_precedence(self._parsed(list_rules(session, tenant)))
                    version = found
        except Exception as error:  # noqa: BLE001  the rules before stay in force
            log.warning("rules_not_refreshed", error=str(error))
        self._known[tenant] = _Known(time.monotonic(), version, rules)
        return rules

    def _parsed(self, stored: list[StoredRule]) -> list[Rule]:
        rules = []
        for one in stored:
            try:
                rules.append(parse_rule(one.data, self._fields, self._surfaces))
            except InvalidQuery as error:
                # the configuration was changed under it: an attribute or a surface is gone
                log.warning("rule_not_usable", rule=one.id, error=error.message)
        return rules
