"""Tells monitoring and load balancers whether the portal lives and does its work; see docs/operations.md."""

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from celery import current_app
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from callanalytics.beat import pulse_age

log = logging.getLogger(__name__)
LATE_PULSE_SECONDS = 60
LATE_FILE_SECONDS = 300

Finding = dict[str, Any]


def database() -> Finding:
    """Ask the database a question."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return {"ok": True}


def migrations() -> Finding:
    """Count the migrations that the database lacks."""
    executor = MigrationExecutor(connection)
    missing = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    return {"ok": missing == 0, "missing": missing}


def broker() -> Finding:
    """Reach the broker."""
    with current_app.connection_for_write() as broker_connection:
        broker_connection.ensure_connection(max_retries=1, timeout=2)
    return {"ok": True}


def inbox() -> Finding:
    """Count the files that wait in the inbox folders, and tell the age of the oldest in seconds."""
    folders = [folder for folder in Path(settings.INBOX_DIR).glob("*") if folder.is_dir()]
    times = [modified for folder in folders for modified in waiting(folder)]
    oldest = round(time.time() - min(times)) if times else 0
    return {"ok": oldest < LATE_FILE_SECONDS, "files": len(times), "oldest_seconds": oldest}


def waiting(folder: Path) -> list[float]:
    """Return when each file of an inbox folder was last written; a file may be collected meanwhile."""
    times = []
    for path in folder.iterdir():
        try:
            if path.is_file() and not path.name.startswith("."):
                times.append(path.stat().st_mtime)
        except FileNotFoundError:
            continue
    return times


def timetable() -> Finding:
    """Tell how long ago beat and a worker last did something together, in seconds."""
    age = pulse_age()
    return {"ok": age is not None and age < LATE_PULSE_SECONDS, "age_seconds": None if age is None else round(age, 1)}


# Without these no page can be served; the others make the portal late, not useless.
NEEDED: dict[str, Callable[[], Finding]] = {"database": database, "migrations": migrations, "broker": broker}
WATCHED: dict[str, Callable[[], Finding]] = {"inbox": inbox, "timetable": timetable}


def examine(name: str, check: Callable[[], Finding]) -> Finding:
    """Return what a check found; the reason of a failure goes to the log only, for it may hold addresses."""
    try:
        return check()
    except Exception as error:
        log.warning("Health check %s failed: %s", name, type(error).__name__, exc_info=error)
        return {"ok": False}


@login_not_required
@never_cache
@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """Answer that this process serves requests; touches neither database nor broker."""
    return JsonResponse({"status": "ok"})


@login_not_required
@never_cache
@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """Answer each check; 503 where a needed one fails, 200 with status "late" where only a watched one does."""
    needed = {name: examine(name, check) for name, check in NEEDED.items()}
    watched = {name: examine(name, check) for name, check in WATCHED.items()}
    able = all(finding["ok"] for finding in needed.values())
    on_time = all(finding["ok"] for finding in watched.values())
    status = "failing" if not able else "ok" if on_time else "late"
    return JsonResponse({"status": status, "checks": needed | watched}, status=200 if able else 503)
