"""The ledger is what adding up the calls gives, whatever comes late, changes or goes."""

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import time_machine

from accounting.models import CorrectionKind, Job, PhoneSystem, User
from accounting.services import corrections, jobs
from accounting.services.importing import import_files
from accounting.services.selecting import Selection
from budget.models import Account, BudgetEvent, BudgetPeriod, Cycle, Happened, Mode, TopUp, Unit
from budget.services.checking import check
from budget.services.following import follow
from tests import factories as make
from tests.accounting.traffic import SYSTEM, generated, write
from tests.budget.course import CALLS, CHANGES, OCTOBER, assert_open, budgets, organisation
from tests.budget.world import arrive, assert_agrees, budget, period

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("seed", range(3))
def test_any_course_of_events_agrees_with_adding_up_the_calls(seed: int) -> None:
    chance, now = random.Random(seed), OCTOBER
    with time_machine.travel(now, tick=False) as clock:
        people, units = organisation()
        budgets(people[:2])
        for _ in range(70):
            act = chance.choice([*CALLS, *CALLS, *CHANGES, None, None])
            if act is None:
                now += timedelta(hours=chance.randint(5, 90))
                clock.move_to(now)
            else:
                act(chance, people, units, now)
            if chance.random() < 0.4:
                follow()
                assert_agrees()
                assert_open()
        follow()
        assert_agrees()
        assert_open()
        assert BudgetPeriod.objects.filter(spent__gt=0).count() > 2
        assert check().is_right


def test_late_calls_count_in_the_period_in_which_they_were_made() -> None:
    with time_machine.travel(datetime(2026, 11, 3, 12, tzinfo=UTC)):
        ana = make.person("ana", extension="2001")
        mine = budget(person=ana, carry_over=True)
        follow()
        account = Account.objects.get(budget=mine)
        november = period(account, date(2026, 11, 3))
        assert (november.start, november.end, november.carried_in) == (date(2026, 11, 1), date(2026, 12, 1), 2_000_000)
        arrive(ana, datetime(2026, 10, 31, 22, 59, tzinfo=UTC), cost=Decimal("0.5"))  # 23:59 in Berlin
        arrive(ana, datetime(2026, 10, 31, 23, 0, tzinfo=UTC), cost=Decimal("0.25"))  # midnight in Berlin
        assert period(account, date(2026, 10, 31)).spent == 500_000
        november = period(account, date(2026, 11, 1))
        assert (november.spent, november.carried_in) == (250_000, 1_500_000)
        told = BudgetEvent.objects.filter(account=account, kind=Happened.CORRECTED).get()
        assert (told.before, told.quantity) == (0, 500_000)


def test_days_are_those_of_the_office_also_when_clocks_change() -> None:
    """In New York the first of November has 25 hours; Berlin is five hours ahead after midnight."""
    with time_machine.travel(datetime(2026, 11, 2, 18, tzinfo=UTC)):
        york = make.office("New York", time_zone="America/New_York")
        ana = make.person("ana", extension="2001")
        make.membership(ana, office=york)
        mine = budget(person=ana, cycle=Cycle.WEEK, first_day=1, valid_from=date(2026, 10, 26))
        for moment in ((11, 2, 4, 59), (11, 2, 5, 0), (10, 26, 3, 59), (10, 26, 4, 0)):
            arrive(ana, datetime(2026, *moment, tzinfo=UTC), cost=Decimal("0.1"), office_id=york.pk)
        follow()
        found = BudgetPeriod.objects.filter(account__budget=mine).order_by("start")
        assert [(one.start, one.calls) for one in found] == [(date(2026, 10, 26), 2), (date(2026, 11, 2), 1)]


def test_real_traffic_in_any_order_with_transfers_recosting_and_undo(tmp_path: Path, admin: User) -> None:
    """Import a day of calls with many features in two halves, latest first; re-cost all, and undo that."""
    correcting_day = datetime(2026, 3, 4, 12, tzinfo=UTC)
    with time_machine.travel(correcting_day, tick=True):
        system = PhoneSystem.objects.create(name=SYSTEM)
        files = generated(records_per_file=60)
        paths = write(tmp_path, files)
        import_files(system, paths[len(paths) // 2 :])
        sales = make.department("Sales")
        for number, extension in enumerate(system.extensions.all()):
            user = make.person(f"p{number}")
            user.lines.create(extension=extension)
            make.membership(user, department=sales)
        budget(department=sales, mode=Mode.POT, unit=Unit.MINUTES, amount=60_000, valid_from=date(2026, 3, 1))
        budget(department=sales, mode=Mode.EACH, unit=Unit.MINUTES, amount=600, valid_from=date(2026, 3, 1))
        budget(department=sales, mode=Mode.POT, valid_from=date(2026, 3, 1))
        follow()
        assert_agrees()
        import_files(system, paths[: len(paths) // 2])
        follow()
        assert_agrees()
        price_everything(system)
        follow()
        assert_agrees()
        correction = corrections.begin(CorrectionKind.COST, Selection(), None)
        run(corrections.start_dry_run(correction, None))
        correction.refresh_from_db()
        run(corrections.start_applying(correction, admin, "The new contract"))
        correction.refresh_from_db()
        follow()
        assert_agrees()
        assert BudgetPeriod.objects.filter(account__budget__unit=Unit.MONEY, spent__gt=0).exists()
        run(corrections.start_undoing(correction, admin, "wrong"))
        follow()
        assert_agrees()
        assert not BudgetPeriod.objects.filter(account__budget__unit=Unit.MONEY, spent__gt=0).exists()
        assert check().is_right


def run(job: Job | None) -> None:
    """Do a job as a worker does."""
    assert job is not None
    jobs.run(job.pk)


def price_everything(system: PhoneSystem) -> None:
    """Enter a carrier with one price behind every gateway."""
    rate = make.rate("", price_per_minute=Decimal("0.06"))
    for gateway in system.gateways.all():
        gateway.carriers.create(carrier=rate.tariff.carrier)


def test_a_check_finds_and_mends_what_is_wrong(capsys: Any) -> None:
    with time_machine.travel(OCTOBER):
        ana = make.person("ana", extension="2001")
        budget(person=ana)
        arrive(ana, OCTOBER, cost=Decimal("0.5"))
        follow()
        assert check().is_right
        BudgetPeriod.objects.update(spent=7)
        checked = check()
        assert (checked.periods_mended, checked.is_right) == (1, False)
        assert BudgetPeriod.objects.get().spent == 500_000
        assert BudgetEvent.objects.filter(kind=Happened.MENDED, before=7, quantity=500_000).exists()
        assert check().is_right


def test_members_come_go_and_have_exceptions() -> None:
    with time_machine.travel(OCTOBER) as clock:
        sales = make.department("Sales")
        people = [make.person(f"p{number}", extension=f"200{number}") for number in range(4)]
        for user in people[:3]:
            make.membership(user, department=sales)
        mine = budget(department=sales, mode=Mode.EACH)
        mine.exceptions.create(person=people[0], amount=None)
        mine.exceptions.create(person=people[1], amount=9_000_000)
        follow()
        found = BudgetPeriod.objects.filter(account__budget=mine)
        assert set(found.values_list("account__person", "assigned")) == {
            (people[1].pk, 9_000_000), (people[2].pk, 2_000_000),
        }  # fmt: skip
        make.membership(people[3], department=sales)
        follow()
        assert found.get(account__person=people[3]).start == date(2026, 10, 1)
        people[2].memberships.all().delete()
        clock.move_to(OCTOBER + timedelta(days=20))
        follow()
        assert set(found.filter(closed=False).values_list("account__person", flat=True)) == {people[1].pk, people[3].pk}
        assert TopUp.objects.count() == 0
