"""Recomputes every account from the calls and compares: the proof that the ledger is right (check_budgets)."""

from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

import structlog
from django.utils import timezone

from accounting.models import ImportBatch, PhoneSystem
from budget.models import ArrivalMark, Budget, BudgetPeriod, Ledger
from budget.services.charges import A_DAY, refresh_day
from budget.services.erasing import forget_old_days
from budget.services.holders import latest_today
from budget.services.ledger import book, charge_arrivals, first_day_charged, locked
from budget.services.recounting import recount, recount_credits
from budget.services.settling import tick

log = structlog.get_logger(__name__)
EVERY = timedelta(hours=23)
NIGHTLY_DAYS = 62
"""How many days back the nightly check reads the calls: the present and the last period of every budget."""
BUDGETS_AT_ONCE = 200


@dataclass(slots=True)
class Checked:
    """What a check has looked at, and what it had to mend."""

    days: int = 0
    charges_mended: int = 0
    accounts: int = 0
    periods: int = 0
    periods_mended: int = 0

    @property
    def is_right(self) -> bool:
        """Whether everything agreed."""
        return not (self.charges_mended or self.periods_mended)

    def as_data(self) -> dict[str, Any]:
        """Return the figures for JSON."""
        return asdict(self) | {"right": self.is_right}


def check(days: int | None = None) -> Checked:
    """Compare the ledger with the calls of the last `days` (None: all that it covers), and mend differences."""
    charge_arrivals()
    tick(seconds=3600)
    checked = Checked()
    check_days(checked, days)
    check_periods(checked)
    with locked() as ledger:
        ledger.checked_at = timezone.now()
        ledger.save(update_fields=["checked_at"])
    if not checked.is_right:
        log.warning("budgets.mended", **asdict(checked))
    return checked


def check_days(checked: Checked, days: int | None) -> None:
    """Compare the charge days with the calls, day by day."""
    ledger = Ledger.objects.filter(pk=1).first()
    if ledger is None or ledger.filled_from is None:
        return
    last = latest_today()
    first = ledger.filled_from if days is None else max(ledger.filled_from, last - A_DAY * days)
    systems = list(PhoneSystem.objects.values_list("pk", flat=True))
    while first <= last:
        for phone_system_id in systems:
            charge_arrivals()
            with locked() as ledger:
                begin = first_day_charged(ledger, phone_system_id)
                changes = refresh_day(phone_system_id, first) if begin and first >= begin else {}
                book(changes)
                if not has_arrivals(phone_system_id):
                    checked.charges_mended += len(changes)
        checked.days += 1
        first += A_DAY


def has_arrivals(phone_system_id: int) -> bool:
    """Return whether calls have come that are not charged yet: they are no difference."""
    newest = ImportBatch.objects.filter(phone_system_id=phone_system_id).order_by("-pk").first()
    mark = ArrivalMark.objects.filter(phone_system_id=phone_system_id).first()
    return bool(newest and mark and newest.pk > mark.batch_id)


def check_periods(checked: Checked) -> None:
    """Compare the periods with the charge days, some budgets in one transaction."""
    pks = list(Budget.objects.in_force().filter(settled=True).order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(pks), BUDGETS_AT_ONCE):
        with locked():
            wanted = BudgetPeriod.objects.filter(account__budget__in=pks[start : start + BUDGETS_AT_ONCE])
            periods = wanted.order_by("start").select_related("account__budget")
            found = list(periods)
            checked.periods += len(found)
            checked.accounts += len({period.account_id for period in found})
            mended = {period.pk for period in recount(found)}
            # What was carried on from mended ones is not wrong by itself.
            mended |= {period.pk for period in recount_credits(list(periods.all()) if mended else found)}
            checked.periods_mended += len(mended)


def check_when_due() -> None:
    """Check once a day, and forget days beyond their term."""
    if not Budget.objects.exists():
        return
    ledger = Ledger.objects.filter(pk=1).first()
    if ledger is None or ledger.checked_at is None or ledger.checked_at < timezone.now() - EVERY:
        forget_old_days()
        check(NIGHTLY_DAYS)
