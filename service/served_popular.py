"""The popular lists in force, read from SQL now and then and kept for all requests."""

import time
from collections.abc import Mapping
from threading import Lock
from typing import Any

import numpy as np
import structlog

from service.core.exposure import Exposure
from service.core.popular import Kinds, Popular, no_kinds, top_list
from service.store.database import Database
from service.store.snapshots import StoredSnapshot, exposure_name, get_snapshot, kinds_name, popular_name

log = structlog.get_logger()


class LivePopular:
    """Keeps each tenant's `Popular`; a failing database leaves the last one in force.

    Parameters
    ----------
    refresh_s : how often to look for a newer one.
    """

    def __init__(self, database: Database, refresh_s: float) -> None:
        self._database = database
        self._refresh_s = refresh_s
        self._known: dict[str, tuple[float, Popular | None]] = {}
        self._lock = Lock()

    def current(self, tenant: str) -> Popular | None:
        """The newest lists; None before the first were made."""
        looked, popular = self._known.get(tenant, (-1e9, None))
        if time.monotonic() - looked < self._refresh_s or not self._lock.acquire(blocking=popular is None):
            return popular
        try:
            with self._database.session() as session:
                known = popular.made_at if popular else None
                stored = get_snapshot(session, popular_name(tenant), newer_than=known)
                if stored is not None:
                    exposure, kinds = (get_snapshot(session, name(tenant)) for name in (exposure_name, kinds_name))
                    popular = _parse(stored, exposure, kinds)
        except Exception as error:  # noqa: BLE001  an hour-old list is better than no answer
            log.warning("popular_not_refreshed", error=str(error))
        finally:
            self._known[tenant] = (time.monotonic(), popular)
            self._lock.release()
        return popular


def _parse(stored: StoredSnapshot, exposure: StoredSnapshot | None, kinds: StoredSnapshot | None) -> Popular:
    data = stored.data
    return Popular(
        stored.made_at,
        top_list(data["trending"]),
        {path: top_list(pairs) for path, pairs in data["by_category"].items()},
        top_list(data["best_value"]),
        top_list(data["newest"]),
        tuple(data["categories"]),
        _exposure(exposure.data) if exposure else None,
        _kinds(kinds.data) if kinds else no_kinds(),
    )


def _kinds(data: Mapping[str, Any]) -> Kinds:
    return Kinds(np.array(data["ids"], np.int64), np.array(data["place"], np.int64), tuple(data["paths"]))


def _exposure(data: Mapping[str, Any]) -> Exposure:
    shown, clicked, prior = (np.array(data[name], np.float64) for name in ("shown", "clicked", "prior"))
    return Exposure(np.array(data["ids"], np.int64), shown, clicked, prior, data["rate"])
