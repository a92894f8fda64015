"""Budgets of the demo organisation: one near its limit, one over it, a shared pot, and one for each of a department."""

from datetime import date
from typing import Any

from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _

from accounting.models import CallRecord, CallType, Department, Direction, User
from budget.models import Budget, BudgetEvent, Cycle, Happened, Mode, ReachedThreshold, Threshold, Unit
from budget.services.cycles import A_DAY, boundary_until
from budget.services.ledger import charge_arrivals
from budget.services.settling import tick

MICRO = 1_000_000
ABROAD = [int(CallType.INTERNATIONAL), int(CallType.MOBILE)]


def set_demo_budgets() -> None:
    """Set the budgets; their thresholds are taken for told, so that no mail leaves a demo."""
    if Budget.objects.exists():
        return
    first, locked = months_back(3), colleague()
    for name, owner, fields in demo_budgets(locked):
        if owner:
            budget = Budget.objects.create(name=name, valid_from=first, **owner, **fields)
            add_thresholds(budget, lock=owner == locked)
    charge_arrivals()
    tick(seconds=600)
    ReachedThreshold.objects.filter(told_at=None).update(told_at=timezone.now())
    for event in BudgetEvent.objects.filter(kind=Happened.REACHED).exclude(account__person=None):
        BudgetEvent.objects.filter(pk=event.pk).update(mailed_to=[str(event.account.person)])


def demo_budgets(locked: dict[str, Any]) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Return name, owner (empty when the demo has none such) and rule of each budget; `locked`: whose locks a line."""
    return [
        (_("Calls abroad and to mobiles"), person("anna"),
         {"amount": 4 * MICRO, "currency": "EUR", "call_types": ABROAD, "carry_over": True, "carry_ceiling": MICRO}),
        (_("Outgoing calls"), person("anna"), {"amount": 90 * 60, "unit": Unit.MINUTES, "cycle": Cycle.WEEK}),
        (_("Outgoing calls"), person("sami"), {"amount": 25 * MICRO, "currency": "AED"}),
        (_("Outgoing calls"), locked, {"amount": 30 * 60, "unit": Unit.MINUTES}),
        (_("Sales, all together"), department("Sales"),
         {"amount": 30 * MICRO, "currency": "EUR", "mode": Mode.POT}),
        (_("Customer service, each"), department("Customer Service"),
         {"amount": 120 * 60, "unit": Unit.MINUTES, "mode": Mode.EACH}),
    ]  # fmt: skip


def person(username: str) -> dict[str, Any]:
    """Return a person as owner."""
    found = User.objects.filter(username=username).first()
    return {"person": found} if found else {}


def colleague() -> dict[str, Any]:
    """Return who of Customer Service telephones most as owner: the lines of people who sign in are free to be tried."""
    members = User.objects.filter(memberships__department__name="Customer Service").exclude(username="sami")
    counted = CallRecord.objects.filter(direction=Direction.OUTGOING, user_id__in=members.values("pk"))
    busiest = counted.values("user_id").annotate(calls=Count("pk")).order_by("-calls", "user_id").first()
    return {"person_id": busiest["user_id"]} if busiest else {}


def department(name: str) -> dict[str, Any]:
    """Return a department as owner."""
    found = Department.objects.filter(name=name).first()
    return {"department": found} if found else {}


def add_thresholds(budget: Budget, *, lock: bool) -> None:
    """Let a budget tell the person early, and the supervisors when it is used up; then it may lock, too."""
    Threshold.objects.create(budget=budget, percent=80)
    Threshold.objects.create(budget=budget, percent=100, mail_supervisor=True, lock=lock)


def months_back(number: int) -> date:
    """Return the first day of a month that lies so many months back."""
    first = timezone.localdate()
    for _month in range(number + 1):
        first = boundary_until(first - A_DAY, Cycle.MONTH, 1)
    return first
