"""Workers of Budget Control that run at once and are killed at any moment: every threshold acts and is told once."""

import random
import signal
import time as clock
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.utils import timezone

from accounting.models import OutgoingMail
from budget.models import BudgetEvent, BudgetPeriod, Happened, ReachedThreshold
from budget.services.checking import check
from budget.services.following import follow
from tests import factories as make
from tests.budget.world import arrive, assert_agrees, budget
from tests.faults.test_killed_schedules import finished, process

pytestmark = pytest.mark.django_db(transaction=True)
PEOPLE = 15
FOLLOW = "print('begun', flush=True); from budget.services.following import follow; follow()"


def test_each_threshold_once_with_two_workers_and_killed_ones(tmp_path: Path) -> None:
    now = timezone.now()
    people = [
        make.person(f"p{number}", extension=f"20{number:02}", email=f"p{number}@example.com")
        for number in range(PEOPLE)
    ]
    for user in people:
        one = budget(person=user, valid_from=now.date().replace(day=1))
        one.thresholds.create(percent=100, mail_person=True)
    follow()
    for user in people:
        arrive(user, now - timedelta(minutes=1), cost=Decimal(3))
    moments = random.Random(5)
    for _ in range(2):
        worker = process(FOLLOW, tmp_path)
        assert worker.stdout is not None
        worker.stdout.readline()
        clock.sleep(moments.random() * 0.4)
        worker.send_signal(signal.SIGKILL)
        finished(worker)
    workers = [process(FOLLOW, tmp_path) for _ in range(2)]
    assert [finished(worker) for worker in workers] == [0, 0]
    assert set(BudgetPeriod.objects.filter(closed=False).values_list("spent", flat=True)) == {3_000_000}
    assert ReachedThreshold.objects.exclude(told_at=None).count() == PEOPLE
    assert BudgetEvent.objects.filter(kind=Happened.REACHED).count() == PEOPLE
    assert sorted(OutgoingMail.objects.values_list("recipient", flat=True)) == sorted(user.email for user in people)
    assert_agrees()
    assert check().is_right
