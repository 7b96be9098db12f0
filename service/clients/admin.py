"""Requests of operators: what there is to see, releases and jobs, and whether the service can do its work."""

from dataclasses import replace
from typing import Any, Literal

from service.clients.answers.figures import CatalogueOut, EngagementOut, ExperimentsOut, ExposureOut, SignalsOut
from service.clients.answers.operations import JobRow, JobsOut, ReadyOut, ReleaseRow, ReleasesOut
from service.clients.answers.overview import ActivityOut, AlarmsOut, MinutesOut, Overview, Traffic
from service.clients.call import Call, in_path, params

Job = Literal["popular", "training", "embeddings", "content", "privacy"]

_ACT = {"X-Vitrine-Act": "yes"}  # what a program sends, and another place's page cannot


def overview() -> Call[Overview]:
    """The shop at a glance: parts, index, release, queues and jobs."""
    return Call("GET", "/v1/admin/overview", Overview)


def alarms() -> Call[AlarmsOut]:
    """What is wrong right now, the worst first."""
    return Call("GET", "/v1/admin/alarms", AlarmsOut)


def minutes() -> Call[MinutesOut]:
    """The last hour of the process that answers, minute by minute."""
    return Call("GET", "/v1/admin/minutes", MinutesOut)


def activity(*, days: int | None = None) -> Call[ActivityOut]:
    """How much went on, by hour or day."""
    return Call("GET", "/v1/admin/activity", ActivityOut, params({"days": days}))


def traffic(of: Literal["surfaces", "steps", "routes"], /) -> Call[Traffic]:
    """Requests and their times, of the process that answers."""
    return Call("GET", f"/v1/admin/traffic/{of}", Traffic)


def engagement(
    *, by: Literal["surface", "shelf", "position", "day"] | None = None, days: int | None = None
) -> Call[EngagementOut]:
    """Click rate and conversion, with intervals."""
    return Call("GET", "/v1/admin/engagement", EngagementOut, params({"by": by, "days": days}))


def experiments(*, days: int | None = None) -> Call[ExperimentsOut]:
    """Experiments, and how their variants do."""
    return Call("GET", "/v1/admin/experiments", ExperimentsOut, params({"days": days}))


def signals(*, n: int | None = None) -> Call[SignalsOut]:
    """What the signals contributed to the newest `n` lists, and when they were missing."""
    return Call("GET", "/v1/admin/signals", SignalsOut, params({"n": n}))


def exposure(*, n: int | None = None) -> Call[ExposureOut]:
    """How the slots of the newest `n` lists are spread over the catalogue."""
    return Call("GET", "/v1/admin/exposure", ExposureOut, params({"n": n}))


def catalogue_gaps() -> Call[CatalogueOut]:
    """What products lack."""
    return Call("GET", "/v1/admin/catalogue", CatalogueOut)


def releases() -> Call[ReleasesOut]:
    """The releases, and which one answers."""
    return Call("GET", "/v1/admin/releases", ReleasesOut)


def promote(id: str, /, *, live: str | None) -> Call[ReleaseRow]:
    """Let a release answer; `live` is the one that answers as far as you know."""
    return _act(f"/v1/admin/releases/{in_path(id)}/promote", ReleaseRow, {"live": live})


def roll_back(*, live: str | None) -> Call[ReleaseRow]:
    """Let the release before `live` answer again."""
    return _act("/v1/admin/releases/rollback", ReleaseRow, {"live": live})


def jobs(*, n: int | None = None) -> Call[JobsOut]:
    """What is done in the background."""
    return Call("GET", "/v1/admin/jobs", JobsOut, params({"n": n}))


def run_job(name: Job, /) -> Call[JobRow]:
    """Have something done now."""
    return _act("/v1/admin/jobs", JobRow, {"name": name})


def as_csv(call: Call[Any]) -> Call[str]:
    """The rows of an operator's list as CSV.

    Examples
    --------
    >>> as_csv(engagement(by="day")).target
    '/v1/admin/engagement?by=day&format=csv'
    """
    return replace(call, answer=str, params=(*call.params, ("format", "csv")))


def live() -> Call[dict[str, str]]:
    """That the process runs."""
    return Call("GET", "/health/live", dict, repeats=False)


def ready() -> Call[ReadyOut]:
    """How the parts are that an answer needs; an error of status 503 where one of them does not work."""
    return Call("GET", "/health/ready", ReadyOut, repeats=False)


def metrics() -> Call[str]:
    """Everything that is counted, for Prometheus."""
    return Call("GET", "/metrics", str)


def _act(path: str, answer: type[ReleaseRow] | type[JobRow], body: dict[str, Any]) -> Call[Any]:
    return Call("POST", path, answer, body=body, headers=_ACT)
