"""Destinations: where calls lead and where they come from."""

from django.utils.translation import gettext_lazy as _

from reports.catalogue.base import CHARGING, COUNTING, Category, Report, only
from reports.engine.question import Question

SPENT = ("calls", "talk", "mean_talk", "cost", "share")
OUTGOING = only(kind="public", direction="outgoing")

REPORTS = (
    Report(
        "by-call-type",
        Category.DESTINATIONS,
        _("By call type"),
        _("Local, national, mobile, international and the other types."),
        Question(group=("call_type",), columns=SPENT, sort="-cost", chart="doughnut", tests=OUTGOING),
        CHARGING,
    ),
    Report(
        "by-country",
        Category.DESTINATIONS,
        _("By country"),
        _("Which countries were called, and what it cost."),
        Question(group=("country",), columns=SPENT, sort="-cost", chart="bar", tests=OUTGOING),
        CHARGING,
    ),
    Report(
        "by-destination",
        Category.DESTINATIONS,
        _("By area or network"),
        _("Destinations as the tariffs name them, by country."),
        Question(group=("country", "destination"), columns=SPENT, sort="-cost", chart="bar", tests=OUTGOING),
        CHARGING,
    ),
    Report(
        "most-called-numbers",
        Category.DESTINATIONS,
        _("Most called numbers"),
        _("The numbers that were called most often."),
        Question(
            group=("number",),
            columns=("calls", "answered", "talk", "cost", "last"),
            sort="-calls",
            top=50,
            chart="bar",
            tests=OUTGOING,
        ),
        CHARGING,
    ),
    Report(
        "most-frequent-callers",
        Category.DESTINATIONS,
        _("Most frequent callers"),
        _("The numbers that call most often, and how often they were answered."),
        Question(
            group=("number",),
            columns=("calls", "answered", "missed", "answer_rate", "talk", "last"),
            sort="-calls",
            top=50,
            chart="bar",
            tests=only(kind="public", direction="incoming"),
        ),
        COUNTING,
    ),
    Report(
        "premium-numbers",
        Category.DESTINATIONS,
        _("Premium and service numbers"),
        _("Calls to numbers with a price of their own, and who made them."),
        Question(
            group=("number", "person"),
            columns=("calls", "talk", "cost", "last"),
            sort="-cost",
            chart="bar",
            tests=only(direction="outgoing", call_type="premium,shared_cost,service"),
        ),
        CHARGING,
    ),
)
