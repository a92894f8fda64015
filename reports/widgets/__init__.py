"""The widgets of the dashboard by their slug, in the order in which they are offered."""

from django.utils.translation import gettext_lazy as _

from callanalytics.web.permissions import administrators, overseers
from reports.widgets import budgets, figures, lists, phones, upkeep
from reports.widgets.base import Widget
from reports.widgets.pictures import picture_of

RECENT = ("30d", "7d", "month", "last_month")
MONTHS = ("month", "last_month", "30d", "quarter", "year")
DAYS = ("today", "yesterday", "7d")

WIDGETS: dict[str, Widget] = {
    widget.slug: widget
    for widget in (
        Widget(
            "key-figures", _("Key figures"), _("Calls, missed calls, talk time and cost against the time before."),
            "gauge", figures.key_figures, width=12, height=2, periods=("month", "7d", "30d", "last_month", "today"),
        ),
        Widget(
            "calls-by-type", _("Calls by type"), _("Calls of today, yesterday or the last 7 days by their type."),
            "chart-bar", picture_of("by-call-type", chart="bar", columns=("calls", "talk", "cost"), sort="-calls"),
            periods=DAYS, height=5,
        ),
        Widget(
            "calls-per-day", _("Calls per day"), _("Incoming and outgoing calls, day by day."), "chart-column",
            picture_of("by-day"), width=8, height=5, periods=RECENT,
        ),
        Widget(
            "cost-per-month", _("Cost per month"), _("The last twelve months, and how the present one will end."),
            "trending-up", figures.cost_by_month, width=8, height=5,
        ),
        Widget(
            "cost-by-type", _("Cost by type"), _("What calls of each type cost."), "chart-pie",
            picture_of("by-call-type", chart="doughnut", columns=("cost", "calls"), sort="-cost"),
            periods=MONTHS, height=7,
        ),
        Widget(
            "top-people", _("Highest cost by person"), _("Who has spent most."), "users",
            picture_of("cost-by-person", top=8), permission=overseers, periods=MONTHS, height=5,
        ),
        Widget(
            "top-departments", _("Highest cost by department"), _("Which departments have spent most."), "network",
            picture_of("cost-by-department", top=8), permission=overseers, periods=MONTHS, height=5,
        ),
        Widget(
            "top-destinations", _("Most called destinations"), _("Where calls go to most."), "map-pin",
            picture_of("by-destination", top=8, columns=("calls", "talk", "cost"), sort="-calls"),
            periods=RECENT, height=5,
        ),
        Widget(
            "hour-by-weekday", _("Hour by weekday"), _("When the phones are busy."), "grid-3x3",
            picture_of("hour-by-weekday"), width=8, height=5, periods=RECENT,
        ),
        Widget("my-budget", _("My budget"), _("What is left of it."), "wallet", budgets.own_budgets, height=3),
        Widget(
            "budgets-near-limit", _("Budgets near their limit"), _("Of which 80 percent and more are used."),
            "hourglass", budgets.near_limit, permission=overseers,
        ),
        Widget(
            "my-line", _("My line"), _("Whether it is locked, with the button that changes it."), "lock",
            phones.own_lines, height=3, kept_seconds=0,
        ),
        Widget(
            "locked-lines", _("Locked lines"), _("Lines in your care that are locked."), "lock-keyhole",
            phones.locked_lines, permission=overseers,
        ),
        Widget(
            "missed-open", _("Missed and not called back"), _("Callers who wait for a call back."), "phone-missed",
            picture_of("missed-open", chart="none"), periods=("7d", "today", "30d"),
        ),
        Widget(
            "answered-in-time", _("Answered in time"), _("The share of callers who were answered within 20 seconds."),
            "timer", figures.answered_in_time, height=3, periods=("7d", "today", "30d", "month"),
        ),
        Widget(
            "trunk-load", _("Trunk load today"), _("Calls at the same moment on each gateway."), "router",
            picture_of("simultaneous-calls", period="today"), permission=administrators, height=5,
        ),
        Widget(
            "alarms", _("Alarms raised"), _("What nobody has acknowledged yet."), "bell", upkeep.alarms,
            permission=overseers,
        ),
        Widget(
            "collection", _("Collection status"), _("Whether every phone system delivers its call records."),
            "activity", upkeep.collection, permission=administrators,
        ),
        Widget(
            "chores", _("Data to clean up"), _("Unpriced calls, unknown extensions, rejected rows."), "brush-cleaning",
            upkeep.chores, permission=administrators, height=3,
        ),
        Widget(
            "favourites", _("Favourite reports"), _("Yours, and the most used."), "star", lists.favourites, height=3
        ),
        Widget("last-calls", _("Last calls"), _("Your newest calls."), "list", lists.last_calls, width=8),
        Widget(
            "saved-report", _("Saved report"), _("The picture of a report that you or others have saved."),
            "bookmark", lists.saved_report, width=6, height=5,
        ),
    )
}  # fmt: skip
