"""Puts budgets into force as they stand: fills the ledger as far back as they need, opens and counts their accounts."""

import time
from datetime import date, timedelta

from django.db.models import Max, Min
from django.db.models.functions import Coalesce

from accounting.models import CallRecord, ExtensionDay, PhoneSystem, ReferenceRevision
from budget.models import ArrivalMark, Budget, BudgetPeriod, Ledger
from budget.querysets import BudgetQuerySet
from budget.services.charges import A_DAY, refresh_day
from budget.services.holders import holders_of, latest_today
from budget.services.ledger import book, first_day_charged, locked
from budget.services.moving import follow_tree, follow_zones
from budget.services.opening import admit, open_due
from budget.services.recounting import recount
from budget.services.thresholds import act

AT_ONCE = 500
"""Budgets that are put into force in one transaction."""


def tick(seconds: float = 20.0) -> None:
    """Bring budgets to the present: fill days that new ones need, settle them, admit members, open due periods."""
    deadline = time.monotonic() + seconds
    if not fill(deadline):
        return
    while settle():
        if time.monotonic() > deadline:
            return
    admit_members()
    with locked() as ledger:
        follow_tree(ledger)
        open_due()


def waiting() -> BudgetQuerySet:
    """Return the budgets that have begun and are not in force as they stand."""
    return Budget.objects.in_force().filter(settled=False, valid_from__lte=latest_today())


def accounts_to_open() -> int:
    """Return for how many accounts budgets are waiting."""
    return sum(len(holders_of(budget)) for budget in waiting())


def needed_from() -> date | None:
    """Return the first day of the organisation's zone that may hold calls of a budget, None without budgets."""
    first: date | None = Budget.objects.in_force().aggregate(first=Min("valid_from"))["first"]
    # A day of an office may begin on the day before in the organisation.
    return first - A_DAY if first else None


def fill(deadline: float) -> bool:
    """Charge the calls of earlier days that budgets need, backwards day by day; return whether all is done."""
    wanted = needed_from()
    if wanted is None:
        return False
    with locked() as ledger:
        if ledger.filled_from is None:
            begin_ledger(ledger)
        follow_zones(ledger)
    while True:
        with locked() as ledger:
            filled = ledger.filled_from or latest_today()
            if filled <= wanted:
                return True
            first = first_call_day()
            if first is None or filled <= first:
                ledger.filled_from = wanted
            else:
                ledger.filled_from = filled - A_DAY
                charge_day(ledger, ledger.filled_from)
            ledger.save(update_fields=["filled_from"])
        if time.monotonic() > deadline:
            return False


def begin_ledger(ledger: Ledger) -> None:
    """Begin with the calls of tomorrow: marks first, so that nothing that arrives meanwhile is missed."""
    for phone_system_id in PhoneSystem.objects.values_list("pk", flat=True):
        totals = ExtensionDay.objects.filter(phone_system_id=phone_system_id)
        last = totals.aggregate(last=Coalesce(Max("pk"), 0))["last"]
        ArrivalMark.objects.update_or_create(phone_system_id=phone_system_id, defaults={"total_id": last})
    ledger.filled_from = latest_today() + A_DAY
    ledger.save(update_fields=["filled_from"])


def first_call_day() -> date | None:
    """Return a day until which there are no calls."""
    first = CallRecord.objects.aggregate(first=Min("started_at"))["first"]
    return (first - timedelta(days=1)).date() if first else None


def charge_day(ledger: Ledger, day: date) -> None:
    """Charge all calls of one day and book them to accounts that are open already."""
    for phone_system_id in PhoneSystem.objects.values_list("pk", flat=True):
        first = first_day_charged(ledger, phone_system_id)
        if first and day >= first:
            book(refresh_day(phone_system_id, day))


def settle() -> bool:
    """Open the accounts of some waiting budgets and let their thresholds act; return whether there were any."""
    with locked():
        budgets = list(waiting().order_by("pk")[:AT_ONCE])
        pks = [budget.pk for budget in budgets]
        # A budget that was deleted for a while has missed what came meanwhile.
        recount(list(BudgetPeriod.objects.filter(account__budget__in=pks).select_related("account__budget")))
        admit(budgets)
        open_due(pks)
        Budget.objects.filter(pk__in=pks).update(settled=True)
        periods = list(BudgetPeriod.objects.filter(account__budget__in=pks).select_related("account__budget"))
        act(periods, {period.account_id: period.account for period in periods})
    return bool(budgets)


def admit_members() -> None:
    """Open accounts for people who have come to a unit, whenever people or units have changed."""
    revision = ReferenceRevision.objects.filter(pk=1).values_list("number", flat=True).first() or 0
    with locked() as ledger:
        if ledger.revision == revision:
            return
        admit([budget for budget in Budget.objects.in_force().filter(settled=True) if budget.per_person])
        ledger.revision = revision
        ledger.save(update_fields=["revision"])
