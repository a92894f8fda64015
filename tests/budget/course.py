"""A course of events by chance: calls that come late, change and go, and an organisation that changes meanwhile."""

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from accounting.models import CallRecord, CallType, Department, Membership, Office, User
from accounting.services import marking
from budget.models import Account, Budget, BudgetPeriod, Cycle, Mode, Unit
from budget.services import changing
from budget.services.following import follow
from budget.services.holders import Calendar, holders_of
from tests import factories as make
from tests.budget.world import arrive, budget, go, recost

OCTOBER = datetime(2026, 10, 20, 12, tzinfo=UTC)
ZONES = {"Berlin": "Europe/Berlin", "New York": "America/New_York", "Auckland": "Pacific/Auckland"}
Act = Callable[[random.Random, list[User], list[dict[str, Any]], datetime], None]


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
    budget(person=people[1], count_private=True)
    budget(department=sales, mode=Mode.POT, carry_over=True, carry_ceiling=500_000, **week)
    budget(department=sales, mode=Mode.EACH, call_types=[CallType.MOBILE], **month)
    budget(cost_centre=centre, mode=Mode.EACH, unit=Unit.MINUTES, amount=300, carry_over=True, **week)
    budget(cost_centre=centre, mode=Mode.POT, currency="USD", valid_until=date(2026, 11, 10))


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


def mark_private(chance: random.Random, people: list[User], units: Any, now: datetime) -> None:
    """Let the person of a call mark it as private, or as business again; calls that are too old stay."""
    if record := some(chance):
        person = next(one for one in people if one.pk == record.user_id)
        marking.mark(person, [record.pk], private=not record.is_private)


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


def one_of(chance: random.Random, rows: Any) -> Any:
    """Return one of some rows, None when there is none."""
    found = list(rows.order_by("pk"))
    return chance.choice(found) if found else None


def edit(chance: random.Random, people: list[User], units: Any, now: datetime) -> None:
    """Change amount, period, carry-over or exceptions of a budget."""
    rule = one_of(chance, Budget.objects.in_force())
    if rule is None:
        return
    rule.amount = chance.choice([rule.amount, 100_000, 3_000_000])
    if chance.random() < 0.3:
        cycles = [(Cycle.WEEK, 1), (Cycle.WEEK, 7), (Cycle.MONTH, 1), (Cycle.MONTH, 28)]
        rule.cycle, rule.first_day = chance.choice(cycles)
    rule.carry_over = chance.random() < 0.6
    rule.carry_ceiling = chance.choice([None, 200_000]) if rule.carry_over else None

    def exceptions(stored: Budget) -> None:
        stored.exceptions.all().delete()
        if stored.per_person and chance.random() < 0.6:
            stored.exceptions.create(person=chance.choice(people), amount=chance.choice([None, 50_000]))

    changing.change(rule, exceptions, "Ada Novak")


def switch(chance: random.Random, people: list[User], units: Any, now: datetime) -> None:
    """Pause a budget or resume it."""
    if rule := one_of(chance, Budget.objects.in_force()):
        (changing.pause if rule.active else changing.resume)(rule, "Ada Novak")


def remove(chance: random.Random, people: list[User], units: Any, now: datetime) -> None:
    """Delete a budget, or restore a deleted one."""
    if gone := one_of(chance, Budget.objects.exclude(deleted_at=None)):
        changing.restore(gone)
    elif rule := one_of(chance, Budget.objects.in_force()):
        changing.delete(rule)


def move_person(chance: random.Random, people: list[User], units: list[dict[str, Any]], now: datetime) -> None:
    """Move a person to the units of another."""
    number, other = chance.sample(range(len(people)), 2)
    Membership.objects.filter(user=people[number]).delete()
    make.membership(people[number], **units[other])
    units[number] = dict(units[other])


def move_department(chance: random.Random, people: list[User], units: Any, now: datetime) -> None:
    """Put a department below another, or at the top."""
    export, legal, sales = (Department.objects.get(name=name) for name in ("Export", "Legal", "Sales"))
    below = chance.choice([None, legal, sales])
    Department.objects.filter(pk=export.pk).update(parent=below)


def move_office(chance: random.Random, people: list[User], units: Any, now: datetime) -> None:
    """Correct the zone of an office."""
    office = one_of(chance, Office.objects)
    office.time_zone = chance.choice(list(ZONES.values()))
    office.save()


CALLS: list[Act] = [call, call, call, call, change_price, mark_private, continue_call, drop]
CHANGES: list[Act] = [edit, switch, remove, move_person, move_department, move_office, add]


def assert_open() -> None:
    """Hold every budget in force to one open period, of today, for each of its holders."""
    for rule in Budget.objects.in_force().filter(valid_until=None):
        periods = BudgetPeriod.objects.filter(account__budget=rule, closed=False).select_related("account")
        open_now = {period.account.person_id: period for period in periods}
        assert len(open_now) == len(periods)
        assert holders_of(rule) <= open_now.keys(), rule
        calendar = Calendar.of(open_now)
        for person, period in open_now.items():
            today = calendar.today(person)
            # A day ahead, where an office has gone back by a day after the period began.
            assert period.start - timedelta(days=1) <= today < period.end, f"{rule} {period}"
            assert period.assigned == amount_for(period.account), f"{rule} {period}"


def amount_for(account: Account) -> int:
    """Return what a budget gives to a holder now."""
    own = account.budget.exceptions.filter(person=account.person_id).exclude(amount=None).first()
    return own.amount if own and own.amount is not None else account.budget.amount
