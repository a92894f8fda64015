"""The ledger: charges calls to the accounts of budgets, exactly, whenever they arrive, change or go.

Nothing is counted up blindly: what a batch or a correction has touched is charged anew from the call records
(services.charges), and the difference is booked in the same transaction. Who writes holds the ledger's row, so two
workers never see half of each other's work, and one that is killed leaves nothing.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date

from accounting.models import Direction, ExtensionDay, ImportBatch, Kind, PhoneSystem
from accounting.querysets.organization import subtree
from accounting.services.retention import end_of_term
from budget.models import Account, ArrivalMark, Budget, BudgetEvent, BudgetPeriod, Happened, Ledger
from budget.services.charges import NOTHING, Changes, Charge, Slice, Sums, refresh
from budget.services.locking import BULK
from budget.services.opening import admit_for, event, with_budget
from budget.services.sums import used_of
from budget.services.thresholds import act
from callanalytics.lib.turns import bulk_transaction
from callanalytics.lib.updating import update_rows

MOST_ROWS = 20_000
"""Rows of day totals looked at in one transaction."""
Holder = tuple[int, int | None]
"""A budget, and the person who holds an account of it (None: a pot)."""
Days = dict[date, Sums]


@contextmanager
def locked() -> Iterator[Ledger]:
    """Give the ledger's row in a transaction, alone."""
    with bulk_transaction():
        Ledger.objects.get_or_create(pk=1)
        yield Ledger.objects.select_for_update().get(pk=1)


def charge_arrivals() -> None:
    """Charge all calls that have arrived, changed or gone since the last time."""
    for phone_system_id in PhoneSystem.objects.order_by("pk").values_list("pk", flat=True):
        while charge_some(phone_system_id):
            pass


def charge_some(phone_system_id: int) -> bool:
    """Charge the next arrivals of a phone system in one transaction; return whether there are more."""
    newest = ImportBatch.objects.filter(phone_system_id=phone_system_id).order_by("-pk").values_list("pk", flat=True)
    latest = newest.first() or 0
    with locked() as ledger:
        mark, _new = ArrivalMark.objects.get_or_create(phone_system_id=phone_system_id)
        if mark.batch_id >= latest:
            return False
        totals = ExtensionDay.objects.filter(phone_system_id=phone_system_id, pk__gt=mark.total_id).order_by("pk")
        rows = list(totals.values_list("pk", "extension", "day", "direction", "kind")[:MOST_ROWS])
        first = first_day_charged(ledger, phone_system_id)
        touched = {
            Slice(extension, day)
            for _pk, extension, day, direction, kind in rows
            if direction == Direction.OUTGOING and kind == Kind.PUBLIC and first and day >= first
        }
        book(refresh(phone_system_id, touched))
        mark.total_id = rows[-1][0] if rows else mark.total_id
        if len(rows) < MOST_ROWS:
            mark.batch_id = latest
        mark.save()
    return len(rows) == MOST_ROWS


def first_day_charged(ledger: Ledger, phone_system_id: int) -> date | None:
    """Return the first day whose calls are charged: those beyond their term are not complete any more."""
    keep_days = PhoneSystem.objects.values_list("keep_days", flat=True).get(pk=phone_system_id)
    if ledger.filled_from and keep_days:
        return max(ledger.filled_from, end_of_term(keep_days))
    return ledger.filled_from


def book(changes: Changes) -> None:
    """Book changed charges to the accounts that they belong to, and let thresholds act; inside the ledger's lock."""
    if not changes:
        return
    budgets = {budget.pk: budget for budget in budgets_of({charge.user_id for charge in changes})}
    used = used_by_holders(changes, budgets)
    accounts = accounts_of(used, budgets)
    changed = book_days(used, accounts)
    if changed:
        held = {account.pk: account for account in accounts.values()}
        present = {period.pk: period for period in [*changed, *carry_on(changed)]}
        act(list(present.values()), held)


def budgets_of(people: Iterable[int | None]) -> Iterator[Budget]:
    """Yield the budgets in force of these people, and those of all units."""
    budgets = Budget.objects.in_force().filter(settled=True).order_by()
    yield from budgets.filter(person=None)
    yield from budgets.filter(person__among=[person for person in people if person is not None])


def used_by_holders(changes: Changes, budgets: dict[int, Budget]) -> dict[Holder, Days]:
    """Return what changes, by account and day."""
    index = index_of(budgets.values())
    found: dict[Holder, Days] = defaultdict(dict)
    for charge, sums in changes.items():
        for budget in index.of(charge):
            if not budget.counts(charge.call_type, charge.currency, charge.private):
                continue
            if charge.user_id is not None or not budget.per_person:
                holder = (budget.pk, budget.person_id or (charge.user_id if budget.per_person else None))
                days = found[holder]
                days[charge.day] = days.get(charge.day, NOTHING).plus(sums)
    return found


class Index:
    """Leads from a charge to the budgets that it belongs to."""

    def __init__(self) -> None:
        self.people: dict[int, list[Budget]] = defaultdict(list)
        self.departments: dict[int, list[Budget]] = defaultdict(list)
        self.cost_centres: dict[int, list[Budget]] = defaultdict(list)

    def of(self, charge: Charge) -> list[Budget]:
        """Return the budgets of a charge's person, department (and all above it) and cost centre."""
        found: list[Budget] = []
        if charge.user_id in self.people:
            found += self.people[charge.user_id]
        if charge.department_id in self.departments:
            found += self.departments[charge.department_id]
        if charge.cost_centre_id in self.cost_centres:
            found += self.cost_centres[charge.cost_centre_id]
        return found


def index_of(budgets: Iterable[Budget]) -> Index:
    """Return the index of budgets; a department's stand under all below it, too."""
    index = Index()
    below: dict[int, set[int]] = {}
    for budget in budgets:
        if budget.person_id:
            index.people[budget.person_id].append(budget)
        elif budget.cost_centre_id:
            index.cost_centres[budget.cost_centre_id].append(budget)
        elif budget.department_id:
            if budget.department_id not in below:
                below[budget.department_id] = subtree([budget.department_id])
            for department in below[budget.department_id]:
                index.departments[department].append(budget)
    return index


def accounts_of(used: dict[Holder, Days], budgets: dict[int, Budget]) -> dict[Holder, Account]:
    """Return the accounts of these holders; whose calls show a new member of a unit gets one."""
    found = stored_accounts(used, budgets)
    new: dict[int, dict[int, date]] = defaultdict(dict)
    for (budget, person), days in used.items():
        if person is not None and (budget, person) not in found and budgets[budget].per_person:
            new[budget][person] = min(days)
    for budget, first_calls in new.items():
        admit_for(budgets[budget], first_calls)
    return found


def stored_accounts(used: dict[Holder, Days], budgets: dict[int, Budget]) -> dict[Holder, Account]:
    """Return those of these accounts that are there."""
    accounts = Account.objects.filter(budget__among={budget for budget, _ in used})
    return {
        (account.budget_id, account.person_id): with_budget(account, budgets[account.budget_id])
        for account in accounts
        if (account.budget_id, account.person_id) in used
    }


def book_days(used: dict[Holder, Days], accounts: dict[Holder, Account]) -> list[BudgetPeriod]:
    """Add what has changed to the periods of its days; return the periods."""
    days_of = {account.pk: (account.budget, used[holder]) for holder, account in accounts.items()}
    days = [day for _, found in days_of.values() for day in found]
    changed, events = [], []
    for period in periods_of(sorted(days_of), days):
        budget, found = days_of[period.account_id]
        sums = [one for day, one in found.items() if period.holds(day)]
        if not sums:
            continue
        quantity, calls = map(sum, zip(*(used_of(budget, one) for one in sums), strict=True))
        before = period.spent
        period.spent += quantity
        period.calls += calls
        changed.append(period)
        if quantity < 0 or (quantity and period.closed):
            events.append(event(period, Happened.CORRECTED, before=before, quantity=period.spent))
    update_rows(BudgetPeriod, ["spent", "calls"], [(one.pk, one.spent, one.calls) for one in changed])
    BudgetEvent.objects.bulk_create(events, batch_size=BULK)
    return changed


def periods_of(accounts: Sequence[int], days: Sequence[date]) -> Iterator[BudgetPeriod]:
    """Yield the periods of accounts that hold one of these days or lie between them."""
    if accounts:
        yield from BudgetPeriod.objects.filter(account__among=accounts, start__lte=max(days), end__gt=min(days))


def carry_on(changed: Iterable[BudgetPeriod]) -> list[BudgetPeriod]:
    """Carry anew what changed periods have left into those after them, as far as that goes; return these."""
    touched: dict[int, BudgetPeriod] = {}
    for period in sorted((one for one in changed if one.closed), key=lambda one: one.start):
        before = touched.get(period.pk, period)
        while after := BudgetPeriod.objects.filter(account=before.account_id, start=before.end).first():
            carried = after.carried_from(before)
            if carried == after.carried_in:
                break
            was, after.carried_in = after.carried_in, carried
            after.save(update_fields=["carried_in"])
            event(after, Happened.CARRIED, before=was, quantity=carried).save()
            touched[after.pk] = before = after
    return list(touched.values())
