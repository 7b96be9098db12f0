"""docker-compose.yml, read as Docker would: what it names exists, nothing runs as root, and no secret stands in it."""

import os
import re
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from config.params import load_params
from config.secret_files import SUFFIX
from config.settings import Settings, is_secret

ROOT = Path(__file__).parent.parent.parent
DEPLOY = ROOT / "config/deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
EVERY_SERVICE = pytest.mark.parametrize("name", SERVICES)
IMAGES = pytest.mark.parametrize("folder", ["service", "indexer"])
DRAWN = ("postgres_password", "redis_password", "qdrant_api_key", "grafana_password", "token_secret")
# what compose itself reads, and fills in
OF_COMPOSE = {"VITRINE_PUBLISH", "VITRINE_API_REPLICAS", "VITRINE_WORKERS", "VITRINE_SECRETS"}


def known_variables() -> set[str]:
    found = set()
    for name, info in Settings.model_fields.items():
        found.add(f"VITRINE_{name.upper()}")
        if is_secret(name, info):
            found.add(f"VITRINE_{name.upper()}{SUFFIX}")
    return found


def dockerfile(folder: str) -> str:
    return (ROOT / folder / "Dockerfile").read_text()


def test_the_parts_of_a_server_set_up_are_there() -> None:
    assert set(SERVICES) == {
        "proxy", "api", "worker", "postgres", "qdrant", "redis", "prometheus", "grafana",
    }  # fmt: skip


@EVERY_SERVICE
def test_every_service_tells_whether_it_is_well(name: str) -> None:
    check = SERVICES[name]["healthcheck"]
    assert check["test"][0] == "CMD"
    assert {"interval", "timeout", "retries"} <= set(check)


@EVERY_SERVICE
def test_every_image_is_one_version_for_ever(name: str) -> None:
    image, _, tag = SERVICES[name]["image"].partition(":")
    assert image
    assert re.search(r"\d+\.\d+", tag), tag
    assert "latest" not in tag


@EVERY_SERVICE
def test_nothing_runs_as_root_or_writes_to_its_own_image(name: str) -> None:
    service = SERVICES[name]
    assert str(service["user"]).split(":")[0] not in ("", "0", "root")
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert service["restart"] == "unless-stopped"


@EVERY_SERVICE
def test_who_needs_another_waits_until_it_is_well(name: str) -> None:
    for other, how in SERVICES[name].get("depends_on", {}).items():
        assert how == {"condition": "service_healthy"}
        assert set(SERVICES[name]["networks"]) & set(SERVICES[other]["networks"])


@EVERY_SERVICE
def test_secrets_are_files_and_never_stand_in_the_environment(name: str) -> None:
    service = SERVICES[name]
    mounted = {one if isinstance(one, str) else one["source"] for one in service.get("secrets", [])}
    assert mounted <= set(COMPOSE["secrets"])
    for variable, value in service.get("environment", {}).items():
        if re.search("PASSWORD|SECRET|KEY|TOKEN|DATABASE_URL|REDIS_URL", variable):
            assert variable.endswith("_FILE"), variable
            assert value.removeprefix("/run/secrets/") in mounted


def test_no_secret_has_a_default() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    assert not re.findall(r"://[^/\s{]*:[^/\s{]+@", text)
    assert not re.findall(r"\$\{\w*(?:PASSWORD|SECRET|KEY)\w*:-[^./}]", text)
    assert all(set(secret) == {"file"} for secret in COMPOSE["secrets"].values())


def test_only_the_shop_and_its_dashboard_can_be_reached_and_only_from_this_machine_unless_asked() -> None:
    ports = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert ports == {
        "proxy": ["${VITRINE_PUBLISH:-127.0.0.1:8000}:8080"], "grafana": ["${GRAFANA_PUBLISH:-127.0.0.1:3000}:3000"],
    }  # fmt: skip
    outside = {name for name, service in SERVICES.items() if "outside" in service["networks"]}
    assert outside == {"proxy", "api", "worker", "grafana"}
    assert all(COMPOSE["networks"][name]["internal"] for name in ("data", "watch"))


def test_every_variable_of_ours_is_a_setting() -> None:
    text = "".join([(ROOT / "docker-compose.yml").read_text(), dockerfile("service"), dockerfile("indexer")])
    named = set(re.findall(r"VITRINE_[A-Z_]+", text))
    assert named - OF_COMPOSE <= known_variables()
    assert {"VITRINE_SECRET_FILE", "VITRINE_DATABASE_URL_FILE"} <= named


@EVERY_SERVICE
def test_what_is_mounted_exists_and_volumes_are_declared(name: str) -> None:
    for volume in SERVICES[name].get("volumes", []):
        source, target, *mode = volume.split(":")
        assert target.startswith("/")
        if source.startswith("."):
            assert (ROOT / source).exists(), source
            assert mode == ["ro"]
        else:
            assert source in COMPOSE["volumes"]


def test_addresses_in_other_files_are_services() -> None:
    named = set()
    for path in ("prometheus/prometheus.yml", "grafana/provisioning/datasources/prometheus.yml"):
        named |= set(re.findall(r"(?:http://|\[\"|names: \[)([a-z]+)[:\]]", (DEPLOY / path).read_text()))
    named |= set(re.findall(r"api 1-16 (\w+):8000", (DEPLOY / "haproxy.cfg").read_text()))
    assert named - {"alertmanager"} == {"api", "qdrant", "prometheus"}


def test_our_own_file_is_one_the_service_reads() -> None:
    params = load_params(DEPLOY / "vitrine.toml")
    assert params.limits.trusted_proxies == 1
    assert params.limits.in_flight == load_params().limits.in_flight


def test_the_image_is_built_in_stages_and_runs_as_nobody_special() -> None:
    text = dockerfile("service")
    stages = re.findall(r"^FROM (\S+)", text, re.M)
    assert stages == ["python:${PYTHON}"] * 2
    assert re.search(r"^ARG PYTHON=3\.11\.\d+-slim-\w+$", text, re.M)
    last = text.rpartition("\nFROM ")[2]
    assert re.search(r"^USER 10001:10001$", last, re.M)
    assert not re.search(r"g\+\+|pip install", last)
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.M)
    assert all((ROOT / path).exists() for line in copied for path in line.split())


def test_the_workers_image_is_the_apis_with_another_command() -> None:
    text = dockerfile("indexer")
    (base,) = re.findall(r"^ARG API=(\S+)\nFROM \$\{API\}$", text, re.M)
    assert SERVICES["worker"]["build"]["additional_contexts"] == {base: "service:api"}
    assert f"--tag {SERVICES['api']['image']}" in text
    assert f"API={SERVICES['api']['image']}" in text
    assert re.findall(r"^([A-Z]+) ", text, re.M) == ["ARG", "FROM", "ENV", "HEALTHCHECK", "CMD"]


@IMAGES
def test_the_checks_and_users_of_an_image_and_of_compose_are_the_same(folder: str) -> None:
    service = SERVICES[{"service": "api", "indexer": "worker"}[folder]]
    assert service["build"]["dockerfile"] == f"{folder}/Dockerfile"
    assert f"USER {service['user']}" in dockerfile("service")
    script = service["healthcheck"]["test"][-1].replace("$$", "$").replace('"', '\\"')
    assert script in dockerfile(folder)


def test_secrets_are_drawn_once_and_only_their_owner_reaches_them(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"

    def draw() -> dict[str, str]:
        subprocess.run(["sh", DEPLOY / "secrets.sh", folder], check=True, capture_output=True)
        return {path.name: path.read_text() for path in folder.iterdir()}

    drawn = draw()
    assert folder.stat().st_mode & 0o777 == 0o700
    wanted = {secret["file"].removeprefix("${VITRINE_SECRETS:-./secrets}/") for secret in COMPOSE["secrets"].values()}
    assert wanted <= set(drawn)
    assert drawn["postgres_password"] in drawn["database_url"]
    alone = [drawn[name] for name in DRAWN]
    assert all(re.fullmatch("[0-9a-f]{64}", one) for one in alone)
    assert len(set(alone)) == 5
    assert draw() == drawn


def test_the_settings_read_what_was_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from config.settings import load_settings
    from service.accounts.secret import check_secret

    subprocess.run(["sh", DEPLOY / "secrets.sh", tmp_path / "s"], check=True, capture_output=True)
    monkeypatch.chdir(tmp_path)
    for name, value in SERVICES["api"]["environment"].items():
        there = str(value).replace("/run/secrets", str(tmp_path / "s")).replace("${VITRINE_ENCODER_THREADS:-1}", "1")
        monkeypatch.setenv(name, there.replace("${VITRINE_PROFILE:-}", "").replace("/etc/vitrine", str(DEPLOY)))
    settings = load_settings()
    assert settings.sql_url.startswith("postgresql://vitrine:")
    assert not settings.runs_background
    check_secret(settings)


@pytest.mark.skipif(shutil.which("redis-server") is None, reason="there is no redis-server")
def test_redis_starts_with_its_file_and_wants_the_password(tmp_path: Path) -> None:
    from redis import Redis
    from redis.exceptions import AuthenticationError, ConnectionError

    subprocess.run(["sh", DEPLOY / "secrets.sh", tmp_path], check=True, capture_output=True)
    text = (DEPLOY / "redis.conf").read_text().replace("/run/secrets", str(tmp_path))
    (tmp_path / "all.conf").write_text(text)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(["redis-server", tmp_path / "all.conf", "--port", str(port)], stdout=subprocess.DEVNULL)
    try:
        with Redis(port=port, password=(tmp_path / "redis_password").read_text()) as client:
            for _ in range(100):
                try:
                    assert client.ping()
                    break
                except ConnectionError:
                    time.sleep(0.05)
            assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "volatile-ttl"}
        with Redis(port=port) as stranger, pytest.raises(AuthenticationError):
            stranger.ping()
    finally:
        server.terminate()
        server.wait()


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("haproxy", ["-c", "-f", "haproxy.cfg"]),
        ("promtool", ["check", "rules", "prometheus/alerts.yml"]),
        ("promtool", ["test", "rules", "prometheus/alerts.test.yml"]),
    ],
)
def test_their_own_tools_take_the_files(tool: str, arguments: list[str]) -> None:
    if shutil.which(tool) is None:
        pytest.skip(f"there is no {tool}")
    done = subprocess.run([tool, *arguments], cwd=DEPLOY, capture_output=True, text=True, env=os.environ)
    assert done.returncode == 0, done.stdout + done.stderr
