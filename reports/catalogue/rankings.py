"""Rankings: the greatest of something."""

from django.utils.translation import gettext_lazy as _

from reports.catalogue.base import CHARGING, COUNTING, Category, Report, only
from reports.engine.question import Question

REPORTS = (
    Report(
        "most-expensive-calls",
        Category.RANKINGS,
        _("Most expensive calls"),
        _("The single calls that cost most."),
        Question(
            columns=("cost", "time", "person", "extension", "other", "destination", "talk", "gateway"),
            sort="-cost",
            top=50,
            chart="bar",
            tests=only(price="priced"),
        ),
        CHARGING,
    ),
    Report(
        "longest-calls",
        Category.RANKINGS,
        _("Longest calls"),
        _("The calls with the longest conversation."),
        Question(
            columns=("talk", "time", "type", "person", "extension", "other", "cost"),
            sort="-talk",
            top=50,
            chart="bar",
            tests=only(outcome="answered"),
        ),
        COUNTING,
    ),
    Report(
        "busiest-people",
        Category.RANKINGS,
        _("Busiest people"),
        _("Who has talked longest on the phone."),
        Question(
            group=("person",),
            columns=("calls", "incoming", "outgoing", "answered", "talk", "mean_talk", "share"),
            sort="-talk",
            top=50,
            chart="bar",
        ),
        COUNTING,
    ),
)
