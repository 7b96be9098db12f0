"""Dashboard and alerts ask for figures that `/metrics` really tells, with labels that they really have."""

import json
import re
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from indexer.sync import index_stale
from service.app import create_app
from service.runtime import Runtime
from service.store.jobs import claim, enqueue, fail

DEPLOY = Path(__file__).parent.parent.parent / "config/deploy"
DASHBOARD: dict[str, Any] = json.loads((DEPLOY / "grafana/dashboards/vitrine.json").read_text())
ALERTS = [
    rule
    for group in yaml.safe_load((DEPLOY / "prometheus/alerts.yml").read_text())["groups"]
    for rule in group["rules"]
]
ASKED = [target["expr"] for panel in DASHBOARD["panels"] for target in panel.get("targets", [])] + [
    rule["expr"] for rule in ALERTS
]
# told where there is a release, or Redis is named
SOMETIMES = {"vitrine_release_age_seconds", "vitrine_redis_failures_total", "vitrine_redis_skipped_total"}
# labels of what did not happen here
NOT_YET = {
    "vitrine_signals_degraded_total": {"signal", "reason"}, "vitrine_slates_short_total": {"surface"},
    "vitrine_answers_kept_total": {"result"},
}  # fmt: skip
# of the scrape, and what Prometheus makes of a label `job`
ADDED = {"job", "exported_job", "instance"}


@pytest.fixture
def told(own_shop: Runtime) -> dict[str, set[str]]:
    """Name -> labels of every figure of a shop where something happened."""
    now = datetime.now(UTC)
    with own_shop.database.session() as session:
        enqueue(session, "train", scheduled_for=now)
        job = claim(session, "train", "somebody", now, lease_s=60)
        assert job is not None
        fail(session, job.id, "somebody", now, error="no")
    with TestClient(create_app(own_shop)) as client:
        index_stale(own_shop.outbox)
        for path in ("/v1/search?q=mug", "/v1/home?user=anna", "/v1/similar/mug-1", "/v1/similar/nothing"):
            client.get(path)
        client.post("/v1/events", json=[{"user": "anna", "product": "mug-1", "type": "view"}])
        shown = client.get("/v1/search?q=lamp").json()["request_id"]
        client.post("/v1/explain/words", json={"request_id": shown})
        text = client.get("/metrics").text
    found: dict[str, set[str]] = defaultdict(set)
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found[sample.name] |= set(sample.labels)
        if not family.samples:  # a counter of something that has not happened: its name is told all the same
            found[f"{family.name}_total"] |= set()
    return found


def names(expression: str) -> set[str]:
    return set(re.findall(r"\b(?:vitrine|process)_\w+", expression))


def labels(expression: str) -> set[str]:
    """What the expression groups or matches by."""
    grouped = {label for group in re.findall(r"by \(([^)]*)\)", expression) for label in group.split(", ")}
    inside = re.findall(r"\{([^}]*)\}", expression)
    return grouped | {label for one in inside for label in re.findall(r"(\w+)[=!]", one)}


def test_every_figure_that_is_asked_for_is_told_with_its_labels(told: dict[str, set[str]]) -> None:
    wanted = set().union(*map(names, ASKED))
    assert wanted - SOMETIMES <= set(told)
    source = (Path(__file__).parent.parent.parent / "service/api/metrics.py").read_text()
    for name in wanted & SOMETIMES:
        assert f'"{name.removeprefix("vitrine_").removesuffix("_total")}"' in source
    there = told | {name: told.get(name, set()) | known for name, known in NOT_YET.items()}
    for expression in ASKED:
        known = set().union(*(there.get(name, set()) for name in names(expression)))
        assert labels(expression) <= known | ADDED, expression


def test_every_alert_says_what_is_wrong_and_what_to_do() -> None:
    for rule in ALERTS:
        assert set(rule["annotations"]) == {"summary", "what_to_do"}
        assert rule["labels"]["severity"] in ("page", "ticket")
    assert len({rule["alert"] for rule in ALERTS}) == len(ALERTS)


def test_panels_do_not_overlap_and_ask_the_provisioned_source() -> None:
    source = yaml.safe_load((DEPLOY / "grafana/provisioning/datasources/prometheus.yml").read_text())["datasources"][0]
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        cells = {(at["x"] + i, at["y"] + j) for i in range(at["w"]) for j in range(at["h"])}
        assert not cells & taken, panel["title"]
        taken |= cells
        if panel["type"] != "row":
            assert panel["datasource"]["uid"] == source["uid"]
    assert max(x for x, _ in taken) < 24
