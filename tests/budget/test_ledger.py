"""The ledger is what adding up the calls gives, whatever comes late, changes or goes."""

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import time_machine

from accounting.models import CallRecord, CallType, CorrectionKind, Job, PhoneSystem, User
from accounting.services import corrections, jobs
from accounting.services.importing import import_files
from accounting.services.selecting import Selection
from budget.models import Account, BudgetEvent, BudgetPeriod, Cycle, Happened, Mode, TopUp, Unit
from budget.services import changing
from budget.services.checking import check
from budget.services.following import follow
from tests import factories as make
from tests.accounting.traffic import SYSTEM, generated, write
from tests.budget.world import arrive, assert_agrees, budget, go, period, recost

pytestmark = pytest.mark.django_db
OCTOBER = datetime(2026, 10, 20, 12, tzinfo=UTC)
ZONES = {"Berlin": "Europe/Berlin", "New York": "America/New_York", "Auckland": "Pacific/Auckland"}


def organisation() -> tuple[list[User], list[dict[str, Any]]]:
    """Make people in three zones, in departments below each other, and the units that their calls carry."""
    sales = make.department("Sales")
    departments = [sales, make.department("Export", sales), make.department("Legal")]
    offices = [make.office(name, time_zone=zone) for name, zone in ZONES.items()]
    centres = [make.cost_centre("1000"), make.cost_centre("2000", "Law")]
    people, units = [], []
    for number in range(6):
        user = make.person(f"person{number}", extension=f"20{number:02}")
        place = {
            "department": departments[number % 3], "cost_centre": centres[number % 2], "office": offices[number % 3],
        }  # fmt: skip
        make.membership(user, **place)
        people.append(user)
        units.append({f"{name}_id": unit.pk for name, unit in place.items()})
    return people, units


def budgets(people: list[User]) -> None:
    """Make a budget of every kind."""
    sales, centre = make.department("Sales"), make.cost_centre("1000")
    month, week = {"cycle": Cycle.MONTH, "first_day": 25}, {"cycle": Cycle.WEEK, "first_day": 7}
    budget(person=people[0], carry_over=True)
    budget(person=people[1], unit=Unit.MINUTES, amount=600, **week)
    budget(department=sales, mode=Mode.POT, carry_over=True, carry_ceiling=500_000, **week)
    budget(department=sales, mode=Mode.EACH, call_types=[CallType.MOBILE], **month)
    budget(cost_centre=centre, mode=Mode.EACH, unit=Unit.MINUTES, amount=300, carry_over=True, **week)
    budget(cost_centre=centre, mode=Mode.POT, currency="USD", valid_until=date(2026, 11, 10))


@pytest.mark.parametrize("seed", range(3))
def test_any_course_of_events_agrees_with_adding_up_the_calls(seed: int) -> None:
    chance = random.Random(seed)
    with time_machine.travel(OCTOBER, tick=False) as clock:
        people, units = organisation()
        budgets(people[:2])
        now = OCTOBER
        for _ in range(45):
            act = chance.choice([call, call, call, call, change_price, continue_call, drop, add, "wait"])
            if act == "wait":
                now += timedelta(hours=chance.randint(5, 90))
                clock.move_to(now)
            else:
                act(chance, people, units, now)
            if chance.random() < 0.4:
                follow()
                assert_agrees()
        follow()
        assert_agrees()
        assert BudgetPeriod.objects.filter(spent__gt=0).count() > 5
        assert check().is_right


def call(chance: random.Random, people: list[User], units: list[dict[str, Any]], now: datetime) -> None:
    """Let a call arrive, often late, often near midnight somewhere."""
    number = chance.randrange(6)
    started = now - timedelta(hours=chance.choice([0, 1, 5, 9, 30, 200, 400]), minutes=chance.randint(0, 59))
    arrive(
        people[number], started.replace(microsecond=0), cost=Decimal(chance.randint(0, 900_000)) / 1_000_000,
        currency=chance.choice(["EUR", "EUR", "USD"]), talk_seconds=chance.randint(1, 400),
        call_type=chance.choice([CallType.NATIONAL, CallType.MOBILE]), **units[chance.choice([number, number, 0])],
    )  # fmt: skip


def some(chance: random.Random) -> CallRecord | None:
    """Return one of the calls, None when there is none."""
    records = list(CallRecord.objects.order_by("pk"))
    return chance.choice(records) if records else None


def change_price(chance: random.Random, people: list[User], units: Any, now: datetime) -> None:
    """Re-cost a call."""
    if record := some(chance):
        recost(record, Decimal(chance.randint(0, 500_000)) / 1_000_000, currency=chance.choice(["EUR", "USD"]))


def continue_call(chance: random.Random, people: list[User], units: Any, now: datetime) -> None:
    """Take a call back and write it again, longer, begun a little earlier, for another person."""
    if record := some(chance):
        number = chance.randrange(6)
        fields = {"talk_seconds": record.talk_seconds + 60, "cost": (record.cost or 0) + Decimal("0.05")}
        go(record)
        arrive(people[number], record.started_at - timedelta(minutes=50), currency="EUR", **fields, **units[number])


def drop(chance: random.Random, people: list[User], units: Any, now: datetime) -> None:
    """Take a call back."""
    if record := some(chance):
        go(record)


def add(chance: random.Random, people: list[User], units: Any, now: datetime) -> None:
    """Top up an open period."""
    follow()
    found = BudgetPeriod.objects.filter(closed=False).order_by("pk").first()
    if found:
        changing.top_up(found.pk, chance.randint(1, 1_000_000), "A trade fair", people[5])


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
