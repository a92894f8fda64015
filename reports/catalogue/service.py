"""Service: how well callers are answered."""

from django.utils.translation import gettext_lazy as _

from reports.catalogue.base import COUNTING, Category, Report, Rule, only
from reports.engine.question import Question
from reports.special.missed import missed_and_open

ANSWERING = ("calls", "answered", "missed", "answer_rate", "mean_ring", "mean_talk")
INCOMING = only(kind="public", direction="incoming")
SERVED = (*COUNTING, Rule.VOICEMAIL)

REPORTS = (
    Report(
        "answering-by-department",
        Category.SERVICE,
        _("Answering by department"),
        _("How many callers from outside each department has answered, and how quickly."),
        Question(group=("department",), columns=ANSWERING, sort="-calls", chart="stacked", tests=INCOMING),
        SERVED,
    ),
    Report(
        "answering-by-extension",
        Category.SERVICE,
        _("Answering by extension"),
        _("How many callers from outside each extension has answered, and how quickly."),
        Question(group=("extension",), columns=ANSWERING, sort="-calls", chart="stacked", tests=INCOMING),
        SERVED,
    ),
    Report(
        "answered-in-time",
        Category.SERVICE,
        _("Answered within target time"),
        _("The share of callers who were answered within 20 seconds, day by day; the target is an option."),
        Question(
            period="30d",
            group=("day",),
            columns=("calls", "answered", "in_time", "in_time_rate", "mean_ring"),
            chart="in_time",
            tests=INCOMING,
        ),
        (*SERVED, Rule.ZONE),
    ),
    Report(
        "hunt-groups",
        Category.SERVICE,
        _("Hunt groups"),
        _("Calls of each hunt pilot, and which member answered."),
        Question(
            group=("hunt_pilot", "extension"),
            columns=ANSWERING,
            sort="-calls",
            chart="stacked",
            tests=only(hunt_pilot__not="none"),
        ),
        SERVED,
    ),
    Report(
        "missed-open",
        Category.SERVICE,
        _("Missed and not called back"),
        _(
            "Callers from outside whom nobody has reached since, the longest waiting first; "
            "then those who were called back, by whom and after how long."
        ),
        Question(period="7d", orders=()),
        SERVED,
        run=missed_and_open,
    ),
)
