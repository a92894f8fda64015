"""Workers of alarms that work at once and are killed at any moment, and imports that end out of order: nothing lost."""

import random
import signal
import time as clock
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounting.models import (
    CallRecord,
    CallType,
    ImportBatch,
    MailServer,
    OutgoingLetter,
    OutgoingMail,
    PhoneSystem,
    User,
)
from accounting.services import importing
from accounting.services.reference import forget_reference
from alarms.kinds.looking import latest_marks
from alarms.models import Alarm, AlarmedCall, AlarmRule, Result, RuleRun
from alarms.services.evaluating import run_now
from tests import factories as make
from tests.accounting.test_scenarios import cluster
from tests.alarms.test_properties import arrive, outside
from tests.faults.test_killed_schedules import finished, process

__all__ = ["cluster"]
pytestmark = pytest.mark.django_db(transaction=True)
RULES, CALLS = 120, 40
WORK = "print('begun', flush=True); from alarms.services.evaluating import evaluate_due; evaluate_due(100)"


def enter_rules(owner: User, count: int = RULES) -> None:
    """Enter rules that are due in one minute."""
    now, marks = timezone.now(), latest_marks()
    AlarmRule.objects.bulk_create(
        AlarmRule(
            name=f"Abroad {number}", kind="international", owner=owner, unit="days", zone="UTC", marks=marks,
            next_run=now - timedelta(seconds=1), recipients=[owner.email],
        )
        for number in range(count)
    )  # fmt: skip


def test_two_workers_one_killed_while_many_rules_are_due(tmp_path: Path) -> None:
    owner = make.administrator(email="admin@example.com")
    MailServer(every_address=True).save()
    enter_rules(owner)
    for _ in range(CALLS):
        make.record(call_type=CallType.INTERNATIONAL, other_number="+442071234567")
    due = dict(AlarmRule.objects.values_list("pk", "next_run"))
    moments = random.Random(3)
    for _ in range(3):
        worker = process(WORK, tmp_path)
        assert worker.stdout is not None
        worker.stdout.readline()
        clock.sleep(0.2 + moments.random() * 0.5)
        worker.send_signal(signal.SIGKILL)
        finished(worker)
        assert_whole()
    assert AlarmRule.objects.due(timezone.now()).exists(), "the kills came before the end"
    workers = [process(WORK, tmp_path) for _ in range(2)]
    assert [finished(worker) for worker in workers] == [0, 0]
    assert dict(RuleRun.objects.values_list("rule", "due_at")) == due
    assert RuleRun.objects.filter(result=Result.FIRED, calls=CALLS, raised=1).count() == RULES
    assert AlarmedCall.objects.count() == RULES * CALLS
    assert_whole()


def assert_whole() -> None:
    """Hold that runs, alarms, letters and marks are there together or not at all."""
    runs = set(RuleRun.objects.values_list("rule", flat=True))
    assert RuleRun.objects.count() == len(runs)
    assert list(Alarm.objects.order_by("rule").values_list("rule", flat=True)) == sorted(runs)
    assert OutgoingMail.objects.count() == OutgoingLetter.objects.count() == len(runs)
    marks = latest_marks()
    assert set(AlarmRule.objects.filter(marks=marks).values_list("pk", flat=True)) == runs


@contextmanager
def held_open(system: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Event]:
    """Let imports of a phone system stand still between their last row and their commit, until the block ends."""
    written, goes_on, write = Event(), Event(), importing.write_entries

    def slowly(writer: Any, *others: Any) -> None:
        write(writer, *others)
        if writer.phone_system.name == system:
            written.set()
            goes_on.wait(60)

    monkeypatch.setattr(importing, "write_entries", slowly)
    try:
        yield written
    finally:
        goes_on.set()


@pytest.mark.skipif("connection.vendor == 'sqlite'", reason="SQLite has one writer at a time")
def test_imports_of_two_phone_systems_that_end_out_of_order(
    cluster: PhoneSystem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget_reference()
    outside(cluster)
    admin = make.administrator()
    enter_rules(admin, 1)
    rule = AlarmRule.objects.get()
    with ThreadPoolExecutor(2) as others:
        with held_open("cluster", monkeypatch) as written:
            begun = [others.submit(apart, tmp_path / "first", [(0, 0)])]
            assert written.wait(60)
            begun.append(others.submit(apart, tmp_path / "second", [(1, 0)]))
            arrive(tmp_path, [(3, 0)])
            assert run_now(rule, admin).calls == 1
            assert list(ImportBatch.objects.values_list("phone_system__name", flat=True)) == ["other"]
        for one in begun:
            one.result(60)
    numbers = dict(CallRecord.objects.values_list("phone_system_id", "pk").order_by("-pk"))
    assert numbers[cluster.pk] < min(pk for system, pk in numbers.items() if system != cluster.pk)
    assert run_now(AlarmRule.objects.get(), admin).calls == 2
    assert run_now(AlarmRule.objects.get(), admin).calls == 0
    assert AlarmedCall.objects.count() == 3


def apart(folder: Path, parts: list[tuple[int, int]]) -> None:
    """Import records on a connection of its own."""
    try:
        folder.mkdir()
        arrive(folder, parts)
    finally:
        connection.close()
