"""Call detail: lists of single calls."""

from django.utils.translation import gettext_lazy as _

from reports.catalogue.base import COUNTING, Category, Report, Rule, only
from reports.engine.question import Question

CALLS = ("time", "type", "person", "extension", "other", "other_name", "talk", "cost", "gateway")

REPORTS = (
    Report(
        "calls",
        Category.CALLS,
        _("Call list"),
        _("Every call with both parties, duration, cost and gateway."),
        Question(period="30d", columns=CALLS, sort="-time"),
        (*COUNTING, Rule.UNPRICED),
    ),
    Report(
        "outgoing-external",
        Category.CALLS,
        _("Outgoing external calls"),
        _("Calls to the public network, with destination and cost."),
        Question(
            period="30d",
            columns=("time", "person", "extension", "other", "call_type", "destination", "talk", "cost", "gateway"),
            sort="-time",
            tests=only(kind="public", direction="outgoing"),
        ),
        (*COUNTING, Rule.TRUNK, Rule.UNPRICED),
    ),
    Report(
        "incoming-answer-time",
        Category.CALLS,
        _("Incoming calls with answer time"),
        _("How long each incoming call rang before it was answered, or given up."),
        Question(
            period="30d",
            columns=("time", "person", "extension", "other", "outcome", "ring", "talk", "hunt_pilot"),
            sort="-time",
            tests=only(direction="incoming"),
        ),
    ),
    Report(
        "missed-calls",
        Category.CALLS,
        _("Missed calls"),
        _("Incoming calls that nobody answered, newest first."),
        Question(
            period="30d",
            columns=("time", "person", "extension", "other", "other_name", "outcome", "ring"),
            sort="-time",
            tests=only(direction="incoming", outcome__not="answered"),
        ),
        (*COUNTING, Rule.VOICEMAIL),
    ),
    Report(
        "calls-with-number",
        Category.CALLS,
        _("Calls with one number"),
        _("All calls with one number, day by day: choose the number in the options."),
        Question(
            period="365d",
            group=("day",),
            columns=("calls", "incoming", "outgoing", "answered", "talk", "cost"),
            chart="column",
        ),
    ),
)
