"""The production set-up: a valid compose file whose services run commands that exist."""

import os
import shlex
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.test import Client

from callanalytics.settings import BASE_DIR
from tests.servers import end, free_port

BIN = Path(sys.executable).parent
COMPOSE = yaml.safe_load((BASE_DIR / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]


def variables(folder: Path, redis_url: str) -> dict[str, str]:
    """Return the environment of the portal's services, with the real Redis and a database of its own."""
    return {
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "DATA_DIR": str(folder),
        "DATABASE_URL": f"sqlite:///{folder / 'compose.sqlite3'}",
        "REDIS_URL": redis_url.replace("/0", "/4"),
        "SECRET_KEY": "for-this-test-only",
    }


@pytest.mark.parametrize(
    ("schema", "path"), [("compose-spec", "docker-compose.yml"), ("github-workflows", ".github/workflows/ci.yml")]
)
def test_files_follow_their_schema(schema: str, path: str) -> None:
    command = [BIN / "check-jsonschema", "--builtin-schema", f"vendor.{schema}", BASE_DIR / path]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_all_parts_are_there_and_watched() -> None:
    assert {"web", "worker", "beat", "database", "redis", "sftp", "mail"} <= set(SERVICES)
    lasting = {name: service for name, service in SERVICES.items() if name != "migrate"}
    assert [name for name, service in lasting.items() if "healthcheck" not in service] == []
    assert {service["restart"] for service in lasting.values()} == {"unless-stopped"}
    assert SERVICES["sftp"]["volumes"][0].split(":")[0] == SERVICES["worker"]["volumes"][1].split(":")[0] == "inbox"


def test_secrets_are_asked_for_and_explained() -> None:
    text = (BASE_DIR / "docker-compose.yml").read_text(encoding="utf-8")
    example = (BASE_DIR / ".env.example").read_text(encoding="utf-8")
    for name in ("SECRET_KEY", "POSTGRES_PASSWORD"):
        assert f"${{{name}:?" in text
        assert f"{name}=\n" in example


def test_dockerfile_has_the_stages_and_files_that_are_used() -> None:
    lines = (BASE_DIR / "Dockerfile").read_text(encoding="utf-8").splitlines()
    stages = {line.split()[-1] for line in lines if line.startswith("FROM ")}
    assert {service["build"]["target"] for service in SERVICES.values() if "build" in service} <= stages
    copied = [shlex.split(line) for line in lines if line.startswith("COPY ") and "--from" not in line]
    sources = [source for words in copied for source in words[1:-1] if not source.startswith("--")]
    assert [source for source in sources if not (BASE_DIR / source).exists()] == []


def test_parts_work_together(tmp_path: Path, redis_url: str, client: Client) -> None:
    """Start web, worker and beat by the commands of the compose file, and see readiness and a pulse."""
    environment = variables(tmp_path, redis_url)
    subprocess.run(SERVICES["migrate"]["command"], env=environment, cwd=BASE_DIR, check=True, capture_output=True)
    port = free_port()
    processes = []
    try:
        for name in ("web", "worker", "beat"):
            command = [word.replace("0.0.0.0:8000", f"127.0.0.1:{port}") for word in SERVICES[name]["command"]]
            with (tmp_path / f"{name}.log").open("wb") as log:
                processes.append(subprocess.Popen(command, env=environment, cwd=BASE_DIR, stdout=log, stderr=log))
        assert answers_ready(f"http://127.0.0.1:{port}/health/ready", processes), logs(tmp_path)
        beating = subprocess.run(
            SERVICES["beat"]["healthcheck"]["test"][1:], env=environment, cwd=BASE_DIR, check=False
        )
        assert beating.returncode == 0
    finally:
        for process in processes:
            end(process)
    assert [process.returncode for process in processes] == [0, 0, 0], logs(tmp_path)


def answers_ready(url: str, processes: list[subprocess.Popen[bytes]]) -> bool:
    """Tell whether readiness becomes "ok" within a minute, with all processes alive."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and all(process.poll() is None for process in processes):
        try:
            with urllib.request.urlopen(url, timeout=5) as response:
                if b'"status": "ok"' in response.read():
                    return True
        except OSError:
            pass
        time.sleep(0.5)
    return False


def logs(folder: Path) -> str:
    """Return what the processes said."""
    return "\n".join(path.read_text(encoding="utf-8") for path in folder.glob("*.log"))
