"""Trend: how calls and costs change over time."""

from django.utils.translation import gettext_lazy as _

from reports.catalogue.base import COUNTING, Category, Report, Rule
from reports.engine.question import Question

TIMED = (*COUNTING, Rule.ZONE)

REPORTS = (
    Report(
        "by-month",
        Category.TREND,
        _("By month"),
        _("Calls, talk time and cost, month by month."),
        Question(
            period="365d", group=("month",), columns=("calls", "answered", "talk", "cost", "unpriced"), chart="line"
        ),
        TIMED,
    ),
    Report(
        "by-day",
        Category.TREND,
        _("By day"),
        _("Incoming and outgoing calls, day by day."),
        Question(
            period="30d",
            group=("day",),
            columns=("calls", "incoming", "outgoing", "missed", "talk", "cost"),
            chart="stacked",
        ),
        TIMED,
    ),
    Report(
        "hour-by-weekday",
        Category.TREND,
        _("Hour by weekday"),
        _("When the phones are busy: hours of the day on each weekday."),
        Question(
            period="30d", group=("weekday", "hour"), columns=("calls", "answered", "missed", "talk"), chart="heat"
        ),
        TIMED,
    ),
    Report(
        "half-hour-load",
        Category.TREND,
        _("Half-hour load"),
        _("Calls that begin in each half-hour of the day."),
        Question(
            period="30d", group=("half_hour",), columns=("calls", "incoming", "outgoing", "missed"), chart="column"
        ),
        TIMED,
    ),
    Report(
        "traffic-summary",
        Category.TREND,
        _("Traffic summary"),
        _("All calls by direction and type on one page."),
        Question(
            group=("direction", "call_type"),
            columns=("calls", "answered", "talk", "mean_talk", "cost", "share", "change"),
            sort="-calls",
            chart="stacked",
        ),
        TIMED,
    ),
)
