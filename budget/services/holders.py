"""Who has an account of a budget at present, and which day it is for them."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone

from accounting.models import User
from accounting.querysets.organization import subtree
from accounting.querysets.validity import member_rows
from budget.models import Budget, BudgetException

EARLIEST_ZONE = ZoneInfo("Pacific/Kiritimati")
"""Where each day begins first."""


def members_of(budget: Budget) -> set[int]:
    """Return the people who belong to the unit of a budget now and have an account of their own."""
    rows = member_rows()
    if budget.department_id:
        rows = rows.filter(department_id__in=subtree([budget.department_id]))
    else:
        rows = rows.filter(cost_centre_id=budget.cost_centre_id)
    people = User.objects.filter(pk__in=rows.values("user_id"), is_active=True)
    return set(people.values_list("pk", flat=True)) - exempt_from(budget)


def exempt_from(budget: Budget) -> set[int]:
    """Return the members who have no account by exception."""
    if not budget.pk:
        return set()
    found = BudgetException.objects.filter(budget=budget, amount=None)
    return set(found.values_list("person_id", flat=True))


def holders_of(budget: Budget) -> set[int | None]:
    """Return who should have an account: people, or None for the pot of a unit."""
    if budget.per_person:
        return set(members_of(budget))
    return {budget.person_id}


def amounts_of(budgets: Collection[Budget]) -> dict[tuple[int, int | None], int]:
    """Return the amounts that differ from the budget's, by budget and person."""
    found = BudgetException.objects.filter(budget__in=budgets).exclude(amount=None)
    return {(one.budget_id, one.person_id): one.amount or 0 for one in found}


@dataclass(slots=True)
class Calendar:
    """Which day it is in the offices of people, and in the organisation for everybody else."""

    now: datetime = field(default_factory=timezone.now)
    zones: dict[int, ZoneInfo] = field(default_factory=dict)

    @classmethod
    def of(cls, people: Iterable[int | None]) -> "Calendar":
        """Return the calendar of these people; some queries for any number of them."""
        wanted = [one for one in people if one is not None]
        rows = member_rows().exclude(office=None).order_by("pk").values_list("user_id", "office__time_zone")
        zones: dict[int, ZoneInfo] = {}
        for start in range(0, len(wanted), 5000):
            part = rows.filter(user_id__in=wanted[start : start + 5000])
            zones |= {user: ZoneInfo(name) for user, name in part}
        return cls(zones=zones)

    def zone(self, person: int | None) -> ZoneInfo:
        """Return the zone whose days count for a person's account, or for a pot (None)."""
        return self.zones.get(person) or ZoneInfo(settings.TIME_ZONE) if person else ZoneInfo(settings.TIME_ZONE)

    def today(self, person: int | None) -> date:
        """Return the present day of an account."""
        return self.now.astimezone(self.zone(person)).date()


def latest_today() -> date:
    """Return the day that has begun somewhere."""
    return timezone.now().astimezone(EARLIEST_ZONE).date()


def earliest_today() -> date:
    """Return a day that is over nowhere."""
    return (timezone.now() - timedelta(hours=12)).date()
