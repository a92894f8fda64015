"""A small organisation whose calls arrive, continue, are re-costed and go, and what budgets must say of them."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from accounting.models import CallRecord, Correction, Department, Direction, ImportBatch, Kind, Office, Pricing, User
from accounting.services import correcting
from accounting.services.recording import Totals, take_back
from budget.models import Account, Budget, BudgetPeriod, Mode, Unit
from budget.services.following import follow
from callanalytics.lib.money import to_micro
from tests import factories as make

AMOUNT = 2_000_000


def budget(**fields: Any) -> Budget:
    """Make a budget of 2 EUR a month since the first of October."""
    values = {"name": "Calls", "amount": AMOUNT, "currency": "EUR", "valid_from": date(2026, 10, 1)} | fields
    if values.get("unit") == Unit.MINUTES:
        values["currency"] = ""
    return Budget.objects.create(**values)


@transaction.atomic
def arrive(user: User | None, started_at: datetime, **fields: Any) -> CallRecord:
    """Let a call arrive as the importer writes it: record, totals and arrival mark in one transaction."""
    record = make.record(user, started_at=started_at, **fields)
    count(record, 1)
    return record


@transaction.atomic
def go(record: CallRecord) -> None:
    """Take a call back, as the importer does when it continues."""
    ImportBatch.objects.create(phone_system_id=record.phone_system_id)
    count(record, -1)
    record.delete()


@transaction.atomic
def recost(record: CallRecord, cost: Decimal, **others: Any) -> None:
    """Correct a stored call as re-costing does."""
    (before,) = correcting.read(CallRecord.objects.filter(pk=record.pk))
    after = before._replace(cost=to_micro(cost), **others)
    correcting.lock(record.phone_system_id)
    correcting.write(Correction(pk=1), ("cost", "pricing", *others), [(before, after)])
    record.refresh_from_db()


def count(record: CallRecord, sign: int) -> None:
    """Add a record to the totals or take it back."""
    totals = Totals()
    if sign < 0:
        take_back(record, totals)
    else:
        (stored,) = correcting.read(CallRecord.objects.filter(pk=record.pk))
        correcting.count(totals, stored, 1)
    correcting.write_totals(totals)


def period(account: Account, day: date) -> BudgetPeriod:
    """Return the period that holds a day, after a round of Budget Control."""
    follow()
    return BudgetPeriod.objects.get(account=account, start__lte=day, end__gt=day)


def assert_agrees() -> None:
    """Hold every period against adding up the calls one by one, and every carry-over against the period before."""
    zones = {office.pk: ZoneInfo(office.time_zone) for office in Office.objects.all()}
    parents = dict(Department.objects.values_list("pk", "parent_id"))
    records = list(CallRecord.objects.all())
    for account in Account.objects.in_force().select_related("budget"):
        before: BudgetPeriod | None = None
        for one in account.periods.order_by("start"):
            mine = [record for record in records if counts(record, account, zones, parents, one)]
            cost = sum(to_micro(record.cost or 0) for record in mine)
            used = cost if account.budget.unit == Unit.MONEY else sum(record.talk_seconds for record in mine)
            assert (one.spent, one.calls) == (used, len(mine)), f"{account} {one}"
            assert one.topped_up == sum(top_up.quantity for top_up in one.top_ups.all())
            left = max(0, before.left) if before and before.end == one.start and one.carries else 0
            assert one.carried_in == (left if one.carry_ceiling is None else min(left, one.carry_ceiling))
            before = one


def counts(
    record: CallRecord, account: Account, zones: dict[int, ZoneInfo], parents: dict[int, Any], one: BudgetPeriod
) -> bool:
    """Return whether a call counts in a period, by the words of docs/budgets.md."""
    rule = account.budget
    zone = zones.get(record.office_id or 0, ZoneInfo(settings.TIME_ZONE))
    above, department = set(), record.department_id
    while department:
        above.add(department)
        department = parents[department]
    of_owner = (
        record.user_id == rule.person_id
        if rule.person_id
        else (rule.department_id in above if rule.department_id else record.cost_centre_id == rule.cost_centre_id)
    )
    return (
        record.direction == Direction.OUTGOING
        and record.kind == Kind.PUBLIC
        and record.pricing != Pricing.NOT_CHARGEABLE
        and one.start <= record.started_at.astimezone(zone).date() < one.end
        and of_owner
        and (rule.mode == Mode.POT or rule.person_id is not None or record.user_id == account.person_id)
        and (not rule.call_types or record.call_type in rule.call_types)
        and (rule.count_private or not record.is_private)
        and (rule.unit == Unit.MINUTES or record.currency == rule.currency)
    )


def days(number: int) -> timedelta:
    """Return so many days."""
    return timedelta(days=number)
