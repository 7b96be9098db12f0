"""What a serving process does every hour for privacy: old rows go, and erasures are seen to their end."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import structlog

from indexer.release.sweep import sweep
from indexer.schedule import Run
from service.core.errors import NotFound
from service.privacy.erase import Eraser, find_again
from service.store.erased import forget_tombstones
from service.store.erasures import (
    change_erasure,
    memberships,
    open_erasures,
    overdue_releases,
)
from service.store.releases import forget_releases
from service.store.retention import forget_events, forget_impressions

log = structlog.get_logger()

_INTERRUPTED = timedelta(minutes=10)  # an erasure that has begun so long ago and is not done was interrupted
_SIGN_OF_LIFE_S = 30.0


@dataclass(frozen=True, slots=True)
class PrivacyUpkeep:
    """The hourly task."""

    eraser: Eraser

    def __call__(self, run: Run) -> str:
        """Do it; returns what came of it."""
        told = [self._retire(run), self._resume(run), self.end_models()]
        with self.eraser.database.session() as session:
            forget_tombstones(session, self.eraser.now())
        return "; ".join(filter(None, told)) or "nothing to do"

    def _retire(self, run: Run) -> str:
        """Delete what is older than it is to be kept."""
        eraser, params = self.eraser, self.eraser.params
        told = []
        options: dict[str, Any] = {"wait": run.wait, "on_step": _alive(run)}
        if params.events_days:
            gone = forget_events(eraser.database, self._before(params.events_days), **options)
            told.append(f"{gone} events older than {params.events_days:g} days deleted")
        if params.impressions_days:
            gone = forget_impressions(eraser.database, self._before(params.impressions_days), **options)
            told.append(f"{gone} impressions older than {params.impressions_days:g} days deleted")
        return "; ".join(told)

    def _before(self, days: float) -> datetime:
        return self.eraser.now() - timedelta(days=days)

    def _resume(self, run: Run) -> str:
        """Go on with erasures that were interrupted."""
        eraser = replace(self.eraser, wait=run.wait)
        with eraser.database.session() as session:
            begun = [one for one in open_erasures(session) if one.done_at is None]
        resumed = 0
        for erasure in begun:
            if eraser.now() - erasure.begun_at < _INTERRUPTED:
                continue
            user = find_again(eraser.database, erasure)
            try:
                if user is not None:
                    eraser.erase(erasure.tenant, user)
            except NotFound:
                user = None
            if user is None:  # only its last step was missing
                with eraser.database.session() as session:
                    change_erasure(session, erasure.id, done_at=eraser.now())
            resumed += 1
        return f"{resumed} interrupted erasures finished" if resumed else ""

    def end_models(self) -> str:
        """Take those who were erased out of releases, and drop releases that have known them for too long."""
        eraser, around = self.eraser, self.eraser.around
        days = eraser.params.rollback_days
        with eraser.database.session() as session:
            open_ = [one for one in open_erasures(session) if one.done_at is not None]
        keys = [one.user_key for one in open_ if one.user_key is not None]
        vectors = around.forget_points(keys) + around.forget_files(keys)
        with eraser.database.session() as session:
            gone = overdue_releases(session, eraser.now(), days)
            forget_releases(session, gone)
        if gone and around.store is not None and around.releases is not None:
            sweep(eraser.database, around.store, around.releases)
        with eraser.database.session() as session:
            for one in open_:
                if not memberships(session, one, days):
                    change_erasure(session, one.id, model_ended_at=eraser.now(), user_key=None)
        if gone:
            log.info("releases_ended", releases=gone, why="they know people who were erased")
        told = [f"{vectors} vectors deleted" if vectors else "", f"releases {', '.join(gone)} ended" if gone else ""]
        return "; ".join(filter(None, told))


def _alive(run: Run) -> Callable[[int, float], None]:
    """Gives the schedule a sign of life now and then."""
    last = time.monotonic()

    def tell(_rows: int, _seconds: float) -> None:
        nonlocal last
        if time.monotonic() - last >= _SIGN_OF_LIFE_S:
            last = time.monotonic()
            run.report(0.5, "deleting what is old")

    return tell
