"""What budget control holds about one person, for the export of the person's data."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounting.models import User
from accounting.services.personal_tables import PersonalTable
from budget.models import BudgetEvent, BudgetPeriod, ChargeDay, Unit

PERIODS = ("name", "unit", "currency", "from", "until", "assigned", "carried_over", "topped_up", "used", "calls")
EVENTS = ("account__budget__name", "at", "kind", "percent", "text", "by", "mailed_to")
CHARGES = ("day", "extension", "call_type", "calls", "seconds", "cost", "currency")


def tables(person: User) -> Iterator[PersonalTable]:
    """Yield the periods of the person's budgets, their history, and what was charged day by day."""
    periods = BudgetPeriod.objects.filter(account__person=person).select_related("account__budget")
    yield PersonalTable("budgets.csv", _("Budget periods"), PERIODS, periods.order_by("pk"), told)
    events = BudgetEvent.objects.filter(account__person=person).order_by("pk").values_list(*EVENTS)
    columns = ("budget", *EVENTS[1:])
    yield PersonalTable("history_of_budgets.csv", _("Budget events"), columns, events, readable)
    charges = ChargeDay.objects.filter(user_id=person.pk).order_by("day", "pk").values_list(*CHARGES)
    yield PersonalTable("charged_days.csv", _("Charged days"), CHARGES, charges)


def told(period: BudgetPeriod) -> list[Any]:
    """Return the row of a period: amounts in the currency, or in minutes."""
    budget = period.account.budget
    quantities = (period.assigned, period.carried_in, period.topped_up, period.spent)
    if budget.unit == Unit.MONEY:
        amounts = [Decimal(quantity).scaleb(-6) for quantity in quantities]
    else:
        amounts = [Decimal(quantity) / 60 for quantity in quantities]
    return [budget.name, budget.unit, budget.currency, period.start, period.end, *map(short, amounts), period.calls]


def short(amount: Decimal) -> str:
    """Return an amount without needless digits."""
    return f"{amount:.6f}".rstrip("0").rstrip(".")


def readable(row: Sequence[Any]) -> list[Any]:
    """Return the row of an event with the names of those who were told as text."""
    return [", ".join(value) if isinstance(value, list) else value for value in row]
