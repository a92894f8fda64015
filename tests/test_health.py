"""Health and readiness as monitoring and load balancers see them."""

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
from celery import Celery
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from callanalytics import beat
from callanalytics.web import health


def ask(client: Client) -> tuple[int, dict[str, Any]]:
    response = client.get("/health/ready")
    return response.status_code, json.loads(response.content)


@pytest.fixture
def pulse_folder(tmp_path: Path, settings: Any) -> Path:
    settings.DATA_DIR = tmp_path
    return tmp_path


def test_live_needs_no_database(client: Client) -> None:
    # Without the django_db mark every query fails the test.
    response = client.get("/health/live")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})
    assert "no-store" in response.headers["Cache-Control"]


@pytest.mark.django_db
def test_ready_when_everything_works(client: Client, inbox: Path, pulse_folder: Path) -> None:
    beat.pulse()
    status, answer = ask(client)
    assert (status, answer["status"]) == (200, "ok")
    assert set(answer["checks"]) == {"database", "migrations", "broker", "inbox", "timetable"}


@pytest.mark.django_db
def test_missing_migration_is_not_ready(client: Client, inbox: Path, pulse_folder: Path) -> None:
    newest = MigrationLoader(connection).graph.leaf_nodes("accounting")[0]
    MigrationRecorder(connection).record_unapplied(*newest)
    status, answer = ask(client)
    assert (status, answer["status"]) == (503, "failing")
    assert answer["checks"]["migrations"]["missing"] >= 1


@pytest.mark.django_db
def test_unreachable_broker_is_not_ready_and_tells_no_address(
    client: Client, inbox: Path, pulse_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = Celery(broker="redis://:secret-word@127.0.0.1:1/0", set_as_current=False)
    monkeypatch.setattr(health, "current_app", away)
    response = client.get("/health/ready")
    assert response.status_code == 503
    assert response.json()["checks"]["broker"] == {"ok": False}
    assert b"secret-word" not in response.content


@pytest.mark.django_db
def test_old_file_in_an_inbox_is_late(client: Client, inbox: Path, pulse_folder: Path) -> None:
    beat.pulse()
    (inbox / "berlin").mkdir()
    waiting = inbox / "berlin" / "cdr_1"
    waiting.write_text("", encoding="utf-8")
    ten_minutes_ago = time.time() - 600
    os.utime(waiting, (ten_minutes_ago, ten_minutes_ago))
    status, answer = ask(client)
    assert (status, answer["status"]) == (200, "late")
    assert answer["checks"]["inbox"]["files"] == 1
    assert answer["checks"]["inbox"]["oldest_seconds"] >= 600


@pytest.mark.django_db
def test_silent_timetable_is_late(client: Client, inbox: Path, pulse_folder: Path) -> None:
    status, answer = ask(client)
    assert (status, answer["status"]) == (200, "late")
    assert answer["checks"]["timetable"] == {"ok": False, "age_seconds": None}


def test_pulse_reaches_all_web_processes_by_redis(redis_url: str, settings: Any) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": redis_url}}
    settings.REDIS_URL = redis_url
    assert beat.pulse_age() is None
    beat.pulse()
    age = beat.pulse_age()
    assert age is not None
    assert age < 5
