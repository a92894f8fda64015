"""Budgets in words: periods, rules, and what happened to an account."""

from datetime import date, timedelta

from django.utils import formats
from django.utils.dates import WEEKDAYS
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounting.models import CallType
from budget.models import Budget, BudgetEvent, Cycle, Happened, Mode
from budget.services.quantities import in_words


def days_in_words(start: date, end: date) -> str:
    """Return the first and the last day of a period."""
    last = end - timedelta(days=1)
    first_day, last_day = (formats.date_format(day, "SHORT_DATE_FORMAT") for day in (start, last))
    return first_day if start == last else _("%(first)s – %(last)s") % {"first": first_day, "last": last_day}


def rule_in_words(budget: Budget) -> str:
    """Return what a budget counts and when it begins anew, in one line."""
    types = [str(CallType(one).label) for one in budget.call_types]
    counted = ", ".join(types) if types else _("All chargeable outgoing calls")
    shared = _("shared by all") if budget.mode == Mode.POT and not budget.person_id else ""
    if budget.cycle == Cycle.WEEK:
        cycle = _("weekly, from %(day)s") % {"day": WEEKDAYS[budget.first_day - 1]}
    else:
        cycle = _("monthly, from day %(day)s") % {"day": budget.first_day}
    private = _("private calls, too") if budget.count_private else ""
    return " · ".join(part for part in (counted, private, cycle, shared) if part)


def event_in_words(budget: Budget, event: BudgetEvent) -> SafeString:
    """Return what happened, with its figures."""
    now = in_words(budget, event.quantity) if event.quantity is not None else ""
    before = in_words(budget, event.before) if event.before is not None else ""
    facts = {"now": now, "before": before, "percent": event.percent}
    if event.kind == Happened.CARRIED and before:
        return mark_safe(_("Carried over from the period before: %(now)s instead of %(before)s") % facts)  # noqa: S308
    if event.kind == Happened.TOPPED_UP and (event.quantity or 0) < 0:
        return mark_safe(_("Top-up taken back: %(now)s") % facts)  # noqa: S308
    if event.kind == Happened.TOPPED_UP and before:
        return mark_safe(_("Topped up by %(now)s instead of %(before)s") % facts)  # noqa: S308
    # Translations and figures only: nothing in it was entered by anybody.
    return mark_safe(str(SENTENCES[Happened(event.kind)]) % facts)  # noqa: S308


SENTENCES = {
    Happened.OPENED: gettext_lazy("A period began with %(now)s"),
    Happened.CARRIED: gettext_lazy("%(now)s carried over from the period before"),
    Happened.TOPPED_UP: gettext_lazy("Topped up by %(now)s"),
    Happened.REACHED: gettext_lazy("%(percent)s %% reached, with %(now)s used"),
    Happened.LOCK: gettext_lazy("Lock of the phone requested"),
    Happened.RELEASED: gettext_lazy("Lock request lifted"),
    Happened.CHANGED: gettext_lazy("Assigned %(now)s instead of %(before)s"),
    Happened.PAUSED: gettext_lazy("Paused"),
    Happened.RESUMED: gettext_lazy("Resumed"),
    Happened.CORRECTED: gettext_lazy("Used %(now)s instead of %(before)s: calls arrived late or were corrected"),
    Happened.MENDED: gettext_lazy("Counted anew: used %(now)s instead of %(before)s"),
}
