"""Erasing and exporting over an opened runtime."""

from collections.abc import Callable
from datetime import datetime

from service.privacy.around import Around
from service.privacy.erase import Eraser
from service.privacy.export import Exporter
from service.runtime import Runtime


def around_of(runtime: Runtime) -> Around:
    """All that a serving process has within reach."""
    return Around(runtime.store, runtime.settings.releases_dir, runtime.sessions, runtime.impressions)


def eraser_of(runtime: Runtime, now: Callable[[], datetime]) -> Eraser:
    """An eraser that reaches all of it."""
    return Eraser(runtime.database, runtime.params.privacy, around_of(runtime), now)


def exporter_of(runtime: Runtime) -> Exporter:
    """An exporter that sees all of it."""
    return Exporter(runtime.database, runtime.params, runtime.sessions)
