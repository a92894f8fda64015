"""Budgets as reports: the state of the present periods with a forecast, and who overspent when."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Case, F, When, prefetch_related_objects
from django.db.models.lookups import GreaterThan
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from budget.models import Account, BudgetPeriod, Unit
from budget.services.forecast import outlook
from budget.services.holders import Calendar
from budget.services.words import days_in_words
from callanalytics.lib.money import from_micro
from reports.charts.base import Chart, Mark, Series
from reports.engine.fields import Asker
from reports.engine.layout import Column, Layout, Row
from reports.engine.measures import Form
from reports.engine.question import Question
from reports.engine.ranking import MOST_BARS, MOST_COLUMNS
from reports.engine.tables import every_condition
from reports.engine.writing import write
from reports.special.keeping import day_text

MOST_ROWS = 5000
AVAILABLE = F("assigned") + F("carried_in") + F("topped_up")
SHARE = Case(
    When(spent__lte=0, then=0), When(GreaterThan(AVAILABLE, 0), then=F("spent") * 100 / AVAILABLE), default=100
)
"""BudgetPeriod.percent, for the database."""
MOST_FORECASTS = 200
"""A forecast reads four weeks of an account: those most used are told."""
COLUMNS = [
    Column("name", gettext_lazy("Budget")),
    Column("holder", gettext_lazy("Holder")),
    Column("period", gettext_lazy("Period")),
    Column("share", gettext_lazy("Used, %"), Form.PERCENT),
    Column("available", gettext_lazy("Available, cost"), Form.MONEY),
    Column("used", gettext_lazy("Used, cost"), Form.MONEY),
    Column("left", gettext_lazy("Left, cost"), Form.MONEY),
    Column("available_time", gettext_lazy("Available, time"), Form.SECONDS),
    Column("used_time", gettext_lazy("Used, time"), Form.SECONDS),
]
FORECAST = Column("runs_out", gettext_lazy("Runs out on"))


def periods_of(question: Question, asker: Asker) -> Any:
    """Return the periods of the accounts that the reader may see and that meet the filters."""
    accounts = Account.objects.visible_to(asker.reader).values("pk")
    related = ("account__person", "account__budget__department", "account__budget__cost_centre")
    periods = BudgetPeriod.objects.filter(account__in=accounts).annotate(user_id=F("account__person_id"))
    return periods.filter(every_condition(question, asker)).select_related(*related, "account__budget__person")


def budgets_now(question: Question, asker: Asker) -> Layout:
    """Return the period of each account on the last of the report's days, the most used first, with its forecast."""
    _first, last = question.days()
    day = last or timezone.localdate()
    periods = periods_of(question, asker).filter(start__lte=day, end__gt=day)
    found = list(periods.order_by(SHARE.desc(), "pk")[: MOST_ROWS + 1])
    layout = laid_out(found, [*COLUMNS, FORECAST])
    calendar = Calendar.of(period.account.person_id for period in found[:MOST_FORECASTS])
    for place, (row, period) in enumerate(zip(layout.rows, found, strict=False)):
        runs_out = outlook(period.account, period, calendar).runs_out if place < MOST_FORECASTS else None
        row.cells.append(day_text(runs_out) if runs_out else "")
    layout.charts = used_bullets(found[:MOST_BARS])
    return layout


def overspending(question: Question, asker: Asker) -> Layout:
    """Return the periods within the report's days in which more was used than was there, the latest first."""
    first, last = question.days()
    periods = periods_of(question, asker).filter(spent__gt=AVAILABLE)
    if first:
        periods = periods.filter(end__gt=first)
    if last:
        periods = periods.filter(start__lte=last)
    found = list(periods.order_by("-start", "-spent", "pk")[: MOST_ROWS + 1])
    layout = laid_out(found, COLUMNS)
    layout.charts = overspent_columns(found)
    return layout


def laid_out(periods: Sequence[BudgetPeriod], columns: list[Column]) -> Layout:
    """Return a row for each period."""
    layout = Layout(columns, [Row(cells_of(period)) for period in periods[:MOST_ROWS]], levels=1)
    if len(periods) > MOST_ROWS:
        layout.notes.append(_("Only the first %(most)s rows are shown.") % {"most": MOST_ROWS})
    return layout


def cells_of(period: BudgetPeriod) -> list[Any]:
    """Return the cells of COLUMNS."""
    account, quantities = period.account, (period.available, period.spent)
    is_money = account.budget.unit == Unit.MONEY
    money = [{account.budget.currency: from_micro(one)} if is_money else None for one in (*quantities, period.left)]
    times = [None if is_money else timedelta(seconds=one) for one in quantities]
    return [
        account.budget.name, str(account.holder), days_in_words(period.start, period.end),
        Decimal(period.percent) / 100, *money, *times,
    ]  # fmt: skip


def used_bullets(periods: Sequence[BudgetPeriod]) -> list[Chart]:
    """Return the picture of the most used accounts: what is used against the budget and its thresholds."""
    chart = Chart("bullet", _("Used share of the budget"), [], [Series(_("Used"))], Form.PERCENT)
    prefetch_related_objects([period.account.budget for period in periods], "thresholds")
    for period in periods:
        budget, share = period.account.budget, Decimal(period.percent) / 100
        chart.categories.append(f"{period.account.holder} · {budget.name}")
        chart.series[0].marks.append(Mark(share, write(share, Form.PERCENT)))
        percents = sorted(threshold.percent for threshold in budget.thresholds.all())
        chart.limits.append(tuple(Decimal(percent) / 100 for percent in percents))
    return [chart] if chart.categories and any(period.spent > 0 for period in periods) else []


def overspent_columns(periods: Sequence[BudgetPeriod]) -> list[Chart]:
    """Return the picture of how many accounts were overspent in the periods of each begin."""
    counts: dict[date, int] = {}
    for period in periods:
        counts[period.start] = counts.get(period.start, 0) + 1
    starts = sorted(counts)[-MOST_COLUMNS:]
    marks: list[Mark | None] = [Mark(Decimal(counts[day]), write(counts[day], Form.COUNT)) for day in starts]
    title = _("Overspent accounts by the begin of their period")
    chart = Chart("column", title, [day_text(day) for day in starts], [Series(_("Overspent"), marks)], Form.COUNT)
    return [chart] if starts else []
