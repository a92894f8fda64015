"""Scheduled reports whose workers are killed at any moment, and timetables that tick at once: each is sent once."""

import os
import random
import signal
import subprocess
import sys
import time as clock
from datetime import time, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone

from accounting.models import OutgoingLetter, OutgoingMail
from reports.models import ReportSchedule, RunState, ScheduleRun
from tests import factories as make
from tests.faults.test_killed_importer import database_url

pytestmark = pytest.mark.django_db(transaction=True)
SCHEDULES = 20
TICK = "from reports.services.schedule_ticks import tick; tick()"
WORK = """
from reports.models import ScheduleRun
from reports.services.schedule_runs import work
print("begun", flush=True)
for pk in ScheduleRun.objects.filter(state="waiting").order_by("?").values_list("pk", flat=True):
    work(pk)
"""


@pytest.fixture
def due() -> None:
    """Many schedules of the same minute."""
    ana = make.person("ana", extension="2001", email="ana@example.com")
    make.record(ana)
    now = timezone.now()
    for number in range(SCHEDULES):
        ReportSchedule.objects.create(
            owner=ana, name=f"Calls {number}", slug="calls", query="period=all", format="xlsx", subject="Calls",
            recipients=["ana@example.com"], unit="days", at=time(7), zone="UTC",
            first_day=now.date() - timedelta(days=2), next_run=now - timedelta(seconds=1),
        )  # fmt: skip


def process(code: str, folder: Path) -> "subprocess.Popen[bytes]":
    """Start a timetable or a worker of its own."""
    environment = {
        **os.environ, "DATABASE_URL": database_url(), "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATA_DIR": str(folder), "REDIS_URL": "",
    }  # fmt: skip
    command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", code]
    return subprocess.Popen(command, cwd=settings.BASE_DIR, env=environment, stdout=subprocess.PIPE)


def finished(process: "subprocess.Popen[bytes]") -> int:
    """Wait for the end of a process; return its exit status."""
    process.communicate(timeout=120)
    return process.returncode


def test_five_timetables_at_once_and_workers_killed_at_any_moment(due: None, tmp_path: Path) -> None:
    timetables = [process(TICK, tmp_path) for _ in range(5)]
    assert [finished(one) for one in timetables] == [0] * 5
    assert ScheduleRun.objects.count() == SCHEDULES
    moments = random.Random(7)
    for _ in range(4):
        worker = process(WORK, tmp_path)
        assert worker.stdout is not None
        worker.stdout.readline()
        clock.sleep(moments.random() * 0.3)
        worker.send_signal(signal.SIGKILL)
        finished(worker)
        check_posted()
    assert ScheduleRun.objects.exclude(state=RunState.SENT).exists(), "the kills came before the end"
    # What a dead worker held is free after its lease; here the lease is made to end at once.
    ScheduleRun.objects.filter(state=RunState.RUNNING).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert finished(process(TICK, tmp_path)) == 0
    assert finished(process(WORK, tmp_path)) == 0
    assert set(ScheduleRun.objects.values_list("state", flat=True)) == {RunState.SENT}
    check_posted()
    assert OutgoingMail.objects.count() == SCHEDULES


def check_posted() -> None:
    """Hold that exactly the runs that have ended well have posted a letter."""
    sent = {run.letter_key for run in ScheduleRun.objects.filter(state=RunState.SENT)}
    assert set(OutgoingLetter.objects.values_list("key", flat=True)) == sent
