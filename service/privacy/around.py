"""What knows people beside the database: vectors, files of releases, open visits, what waits in memory."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from indexer.release.scrub import remove_from_collections, remove_from_files
from service.core.errors import RecommenderError
from service.privacy.person import Person

if TYPE_CHECKING:
    from service.impressions import ImpressionLog
    from service.sessions import Sessions
    from service.store.vectors import VectorStore


@dataclass(frozen=True, slots=True)
class Around:
    """What of this is within reach of this process; what is not is left to the hourly task of a serving one.

    Attributes
    ----------
    store : None where another process has the embedded one open. releases : where files of releases are kept.
    sessions : what open visits told. waiting : what was shown and is not written yet.
    """

    store: "VectorStore | None" = None
    releases: Path | None = None
    sessions: "Sessions | None" = None
    waiting: "ImpressionLog | None" = None

    def forget_visits(self, person: Person) -> Mapping[str, int]:
        """Forget what is in memory of this process and in Redis; returns where how much was."""
        told = 0
        if self.sessions is not None:
            for name in person.sessions:
                told += bool(self.sessions.recall(person.tenant, name))
                self.sessions.forget(person.tenant, name)
        waiting = 0
        if self.waiting is not None:
            waiting = self.waiting.forget(person.tenant, person.id, person.sessions, person.visitors)
        return {"visits": told, "waiting": waiting}

    def forget_points(self, users: list[int]) -> int:
        """Delete vectors of users, by internal key; what does not answer now is asked again within the hour."""
        if self.store is None or not users:
            return 0
        try:
            return remove_from_collections(self.store, users)
        except RecommenderError:
            return 0

    def forget_files(self, users: list[int]) -> int:
        """The same in the files of releases on this machine."""
        if self.releases is None or not users:
            return 0
        return remove_from_files(self.releases, users)
