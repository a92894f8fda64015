"""500 scheduled reports due in one minute, two workers, one of them killed in the middle: each is sent exactly once."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import django
from django.conf import settings
from django.utils import timezone

django.setup()

from accounting.models import MailServer, MailState, OutgoingMail, User  # noqa: E402  (models need the set-up)
from accounting.services.importing import import_files  # noqa: E402
from benchmarks.calls import call_files, prepare  # noqa: E402
from benchmarks.figures import note, show  # noqa: E402
from reports.models import ReportSchedule, RunState, ScheduleRun  # noqa: E402
from tests.servers import MailSink, mail_sink, redis  # noqa: E402

SCHEDULES = 500
FORMATS = ("xlsx", "xlsx", "csv", "xlsx", "pdf")
QUERY = "period=all"
KILLED_AFTER = 150
"""So many runs are done when a worker is killed."""
PATIENCE = 900
"""Seconds after which it ends in any case."""
QUEUES = "celery,jobs,reports"


def main() -> None:
    """Fill the database, let everything fall due at once, and watch what arrives at the mail server."""
    phone_system, organisation = prepare()
    with tempfile.TemporaryDirectory() as folder:
        import_files(phone_system, [next(call_files(organisation, Path(folder)))])
    with redis() as redis_url, mail_sink() as sink, portal(redis_url, sink) as workers:
        begun = schedule()
        wait_until(lambda: done() >= KILLED_AFTER, begun)
        under_way = ScheduleRun.objects.filter(state=RunState.RUNNING).count()
        os.killpg(workers[0].pid, signal.SIGKILL)
        note(f"a worker killed after {time.monotonic() - begun:.0f} s, {done()} runs done, {under_way} under way")
        wait_until(lambda: done() == SCHEDULES, begun)
        note(f"the last run done after {time.monotonic() - begun:.0f} s")
        wait_until(lambda: waiting() == 0, begun)
        tell(sink, time.monotonic() - begun)


@contextmanager
def portal(redis_url: str, sink: MailSink) -> Iterator[list["subprocess.Popen[bytes]"]]:
    """Run a timetable and two workers on this database, ended with the block; give the workers."""
    environment = {
        **os.environ, "REDIS_URL": redis_url, "SMTP_HOST": sink.host, "SMTP_PORT": str(sink.port),
        "MAIL_FROM": "portal@example.com",
    }  # fmt: skip
    celery = [sys.executable, "-W", "ignore::UserWarning", "-m", "celery", "--app", "callanalytics", "--quiet"]
    worker = [*celery, "worker", "--loglevel", "ERROR", "--concurrency", "1", "--queues", QUEUES]
    commands = [[*worker, "--hostname", f"bench{number}@%h"] for number in (1, 2)]
    commands.append([*celery, "beat", "--loglevel", "ERROR", "--pidfile", ""])
    processes = [subprocess.Popen(command, env=environment, start_new_session=True) for command in commands]
    try:
        yield processes[:2]
    finally:
        for process in processes:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def schedule() -> float:
    """Enter schedules of as many people, due now; return when."""
    people = list(User.objects.filter(lines__isnull=False).distinct().order_by("pk")[:SCHEDULES])
    now = timezone.now()
    MailServer(allowed_domains="example.com").save()
    ReportSchedule.objects.bulk_create(
        ReportSchedule(
            owner=person, name=f"Calls of {person}", slug="by-day", query=QUERY, subject="{report}", unit="days",
            format=FORMATS[place % len(FORMATS)], recipients=[f"reader{place}@example.com"], send_empty=True,
            zone=settings.TIME_ZONE, first_day=now.date() - timedelta(days=2), next_run=now,
        )
        for place, person in enumerate(people)
    )  # fmt: skip
    return time.monotonic()


def done() -> int:
    """Return how many runs have ended."""
    return ScheduleRun.objects.filter(finished_at__isnull=False).count()


def waiting() -> int:
    """Return how many mails are still to be sent."""
    return OutgoingMail.objects.exclude(state=MailState.SENT).count()


def wait_until(holds: Callable[[], bool], begun: float) -> None:
    """Wait for something; raise RuntimeError when it takes too long."""
    while not holds():
        if time.monotonic() - begun > PATIENCE:
            states = Counter(ScheduleRun.objects.values_list("state", flat=True))
            raise RuntimeError(f"not done after {PATIENCE} s: {dict(states)}, {waiting()} mails waiting")
        time.sleep(0.25)


def tell(sink: MailSink, seconds: float) -> None:
    """Print how often each report arrived, and how long it took."""
    arrived = Counter(str(message["To"]) for message in sink.messages)
    different = Counter({str(message["Message-ID"]): str(message["To"]) for message in sink.messages}.values())
    copies = sum(arrived.values()) - sum(different.values())
    note(f"{sum(arrived.values())} messages arrived, {copies} of them copies with the same Message-ID")
    show("schedules_sent_once", sum(count == 1 for count in different.values()), SCHEDULES)
    show("schedules_lost", SCHEDULES - len(arrived), 0, most=True)
    show("schedules_run_twice", ScheduleRun.objects.count() - SCHEDULES, 0, most=True)
    show("schedules_seconds_to_all_sent", seconds, 600, most=True)


if __name__ == "__main__":
    main()
