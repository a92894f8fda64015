"""Widgets of single figures: the sums of a time beside those of the time before, and where a month will end."""

from calendar import monthrange
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from callanalytics.templatetags.ui import money_as_text
from reports.catalogue import REPORTS
from reports.engine.layout import change
from reports.engine.measures import MEASURES, Form, Sums
from reports.engine.question import Question
from reports.engine.writing import write
from reports.widgets.base import Content, Sight
from reports.widgets.pictures import address_of, asked, pictured

KEY_FIGURES = ("calls", "missed", "talk", "cost")
WORSE_WHEN_MORE = frozenset({"missed", "cost"})


@dataclass(frozen=True, slots=True)
class Figure:
    """One sum, and how it differs from the time before."""

    label: str
    text: str
    change: str
    tone: str
    """good, bad or '': whether the change is welcome."""


def key_figures(sight: Sight) -> Content:
    """Return calls, missed calls, talk time and cost with their change against the time before."""
    report = REPORTS["by-day"]
    question = replace(
        report.standard, period=sight.period, columns=(*KEY_FIGURES, "change"), group=("direction",), chart="none"
    )
    answer = asked(report, question, sight).answer
    assert answer is not None
    figures = [figure_of(name, answer.total, answer.before) for name in KEY_FIGURES]
    return Content("widgets/figures.html", {"figures": figures}, address_of(report, period_of(question)))


def period_of(question: Question) -> Question:
    """Return the report by day of the same time."""
    return replace(REPORTS["by-day"].standard, period=question.period)


def figure_of(name: str, total: Sums, before: Sums | None) -> Figure:
    """Return one figure in words; amounts of several currencies stand beside each other, without a change."""
    measure = MEASURES[name]
    value = measure.value(total)
    difference = change(total, before, name)
    if isinstance(difference, dict):  # amounts of one currency are compared, of several none
        difference = next(iter(difference.values())) if len(difference) == 1 else None
    text = amounts(value) if measure.form is Form.MONEY else write(value, measure.form)
    if not isinstance(difference, Decimal):
        return Figure(str(measure.label), text, "", "")
    tone = "" if not difference else "bad" if (difference > 0) == (name in WORSE_WHEN_MORE) else "good"
    neutral = name in ("calls", "talk")
    return Figure(str(measure.label), text, write(difference, Form.CHANGE), "" if neutral else tone)


def amounts(money: Any) -> str:
    """Return amounts by currency as text."""
    found = money if isinstance(money, dict) else {}
    return " · ".join(money_as_text(amount, currency, 0) for currency, amount in found.items() if amount) or "–"


def cost_by_month(sight: Sight) -> Content:
    """Return the cost of the last months, and what the present one will come to if it goes on as it has begun."""
    report = REPORTS["by-month"]
    question = replace(report.standard, columns=("cost",), chart="column")
    content = pictured(report, question, sight)
    month = asked(report, replace(question, period="month", chart="none"), sight).answer
    costs = month.total.money if month else {}
    share = share_of_month(timezone.localtime())
    told = {"now": amounts(costs)}
    if share:
        told["forecast"] = amounts({currency: amount / share for currency, amount in costs.items()})
        text = _("This month: %(now)s; at this pace %(forecast)s.") % told
    else:
        text = _("This month: %(now)s.") % told
    return replace(content, context={**content.context, "text": text if any(costs.values()) else ""})


def share_of_month(now: datetime) -> Decimal | None:
    """Return how much of its working days a month has behind it; weekends count little, as calls do.

    None until a first working day is over: a month would be told by a few calls, a thousand times as dear.
    """
    weights = [weight_of(date(now.year, now.month, day)) for day in range(1, monthrange(now.year, now.month)[1] + 1)]
    today = Decimal((now - datetime.combine(now.date(), time(), now.tzinfo)).seconds) / 86_400
    behind = sum(weights[: now.day - 1], Decimal(0)) + weights[now.day - 1] * today
    return behind / sum(weights) if behind >= 1 else None


def weight_of(day: date) -> Decimal:
    """Return how much a day counts in a month's forecast."""
    return Decimal(1) if day.isoweekday() <= 5 else Decimal("0.15")


def answered_in_time(sight: Sight) -> Content:
    """Return which share of the incoming calls was answered within the target."""
    report = REPORTS["answered-in-time"]
    question = replace(report.standard, period=sight.period, first=None, last=None)
    answer = asked(report, question, sight).answer
    assert answer is not None
    incoming, in_time = answer.total.of("calls"), answer.total.of("in_time")
    share = Decimal(in_time) / incoming if incoming else None
    context = {
        "share": write(share, Form.PERCENT) if share is not None else "–",
        "bar": round(share * 100) if share is not None else 0,
        "text": _("of %(calls)s incoming calls were answered within %(seconds)s seconds.")
        % {"calls": write(Decimal(incoming), Form.COUNT), "seconds": question.target},
    }  # fmt: skip
    return Content("widgets/share.html", context, address_of(report, question))
