"""The whole timetable, and the pulse that shows that it is kept."""

import time
from pathlib import Path

from celery import shared_task
from django.conf import settings
from django.core.cache import cache

# Seconds between two runs. An entry that waited longer than `expires` is dropped: the next one does its work.
TIMETABLE = {
    "collect": {"task": "accounting.tasks.collect", "schedule": 2.0, "options": {"expires": 10}},
    "sweep_jobs": {"task": "accounting.tasks.sweep_jobs", "schedule": 30.0, "options": {"expires": 30}},
    "synchronise_people": {
        "task": "accounting.tasks.synchronise_people",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "keep_terms": {"task": "accounting.tasks.keep_terms", "schedule": 900.0, "options": {"expires": 600}},
    "copy_columns": {"task": "accounting.tasks.copy_columns", "schedule": 60.0, "options": {"expires": 60}},
    "close_leavers": {"task": "accounting.tasks.close_leavers", "schedule": 60.0, "options": {"expires": 60}},
    "deliver_mail": {"task": "accounting.tasks.deliver_mail", "schedule": 15.0, "options": {"expires": 15}},
    "follow_budgets": {"task": "budget.tasks.follow", "schedule": 60.0, "options": {"expires": 60}},
    "check_budgets": {"task": "budget.tasks.check", "schedule": 900.0, "options": {"expires": 600}},
    "follow_lock_rules": {"task": "phonelock.tasks.follow_rules", "schedule": 30.0, "options": {"expires": 30}},
    "forget_old_locks": {"task": "phonelock.tasks.forget_old", "schedule": 3600.0, "options": {"expires": 600}},
    "tell_engines": {"task": "phonelock.tasks.tell_engines", "schedule": 10.0, "options": {"expires": 10}},
    "compare_lines": {"task": "phonelock.tasks.compare_lines", "schedule": 30.0, "options": {"expires": 30}},
    "show_on_phones": {"task": "phonelock.tasks.show_on_phones", "schedule": 15.0, "options": {"expires": 15}},
    "compare_displays": {"task": "phonelock.tasks.compare_displays", "schedule": 600.0, "options": {"expires": 600}},
    "clear_phone_forms": {"task": "xmlservices.tasks.clear_forms", "schedule": 3600.0, "options": {"expires": 600}},
    "tick_alarms": {"task": "alarms.tasks.tick", "schedule": 15.0, "options": {"expires": 15}},
    "deliver_webhooks": {"task": "alarms.tasks.deliver_webhooks", "schedule": 15.0, "options": {"expires": 15}},
    "clear_webhooks": {"task": "alarms.tasks.clear_webhooks", "schedule": 3600.0, "options": {"expires": 600}},
    "forget_old_alarms": {"task": "alarms.tasks.forget_old", "schedule": 3600.0, "options": {"expires": 600}},
    "tick_schedules": {"task": "reports.tasks.tick_schedules", "schedule": 15.0, "options": {"expires": 30}},
    "clear_reports": {"task": "reports.tasks.clear_reports", "schedule": 3600.0, "options": {"expires": 600}},
    "pulse": {"task": "callanalytics.beat.pulse", "schedule": 5.0, "options": {"expires": 30}},
}
PULSE = "timetable-pulse"


def pulse_file() -> Path:
    """Return where the embedded portal keeps the last pulse."""
    return Path(settings.DATA_DIR) / PULSE


@shared_task(name="callanalytics.beat.pulse")
def pulse() -> None:
    """Record that the timetable, the broker and a worker are alive, where every web process can see it."""
    if settings.REDIS_URL:
        cache.set(PULSE, time.time(), timeout=None)
    else:
        pulse_file().touch()


def pulse_age() -> float | None:
    """Return the seconds since the last pulse, or None before the first."""
    last = cache.get(PULSE) if settings.REDIS_URL else last_touch(pulse_file())
    return None if last is None else max(0.0, time.time() - last)


def last_touch(path: Path) -> float | None:
    """Return when a file was last written, in seconds of the epoch, or None when it is missing."""
    return path.stat().st_mtime if path.exists() else None
