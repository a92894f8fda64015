"""Follows what moves calls between days and units: zones of offices, and departments that change their place."""

from hashlib import sha256

from django.conf import settings

from accounting.models import Department, Office
from accounting.querysets.organization import above
from budget.models import Account, Budget, BudgetPeriod, Ledger
from budget.services.charges import A_DAY
from budget.services.holders import latest_today
from budget.services.opening import admit
from budget.services.recounting import recount

Parents = dict[int, int | None]
ACCOUNTS_AT_ONCE = 2_000


def follow_zones(ledger: Ledger) -> None:
    """Let all days be charged anew when a zone has changed, since calls may belong to other days; inside the lock."""
    present = fingerprint_of_zones()
    if ledger.zones == present:
        return
    # Empty: begun just now, or by a release that did not keep it.
    if ledger.zones:
        ledger.filled_from = latest_today() + A_DAY
    ledger.zones = present
    ledger.save(update_fields=["zones", "filled_from"])


def fingerprint_of_zones() -> str:
    """Return a text that changes with the zone of the organisation and of every office."""
    rows = sorted(Office.objects.order_by().values_list("pk", "time_zone"))
    return sha256(repr((settings.TIME_ZONE, rows)).encode()).hexdigest()


def follow_tree(ledger: Ledger) -> None:
    """Count the budgets anew whose departments have got or lost others below them; inside the lock."""
    before = {int(pk): parent for pk, parent in ledger.parents.items()}
    after: Parents = dict(Department.objects.order_by().values_list("pk", "parent_id"))
    if before == after:
        return
    if moved := {pk for pk, parent in before.items() if pk not in after or after[pk] != parent}:
        touched = above(moved, before) | above(moved, after)
        count_anew(list(Budget.objects.in_force().filter(settled=True, department__in=touched)))
    ledger.parents = after
    ledger.save(update_fields=["parents"])


def count_anew(budgets: list[Budget]) -> None:
    """Open the accounts of new members, and count all periods of these budgets."""
    admit([budget for budget in budgets if budget.per_person])
    accounts = list(Account.objects.filter(budget__in=budgets).order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(accounts), ACCOUNTS_AT_ONCE):
        part = accounts[start : start + ACCOUNTS_AT_ONCE]
        recount(list(BudgetPeriod.objects.filter(account__in=part).select_related("account__budget")))
