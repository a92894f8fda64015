"""Data quality: what is missing so that every figure is right."""

from django.utils.translation import gettext_lazy as _

from callanalytics.web.permissions import administrators
from reports.catalogue.base import CHARGING, COUNTING, Category, Report, only
from reports.engine.question import Question
from reports.special.keeping import collection_log, corrections, silent_extensions

REPORTS = (
    Report(
        "unknown-destinations",
        Category.DATA,
        _("Unknown destinations"),
        _("With what the numbers begin that no plan and no rule knows."),
        Question(
            group=("prefix",),
            columns=("calls", "answered", "first", "last"),
            sort="-calls",
            top=200,
            chart="bar",
            tests=only(direction="outgoing", call_type="unknown"),
        ),
        COUNTING,
        permission=administrators,
    ),
    Report(
        "unpriced-calls",
        Category.DATA,
        _("Calls without a price"),
        _("With what the numbers begin that have no price, and the gateways that lead to them."),
        Question(
            group=("prefix", "gateway"),
            columns=("calls", "trunk", "first", "last"),
            sort="-calls",
            chart="bar",
            tests=only(price="unpriced"),
        ),
        CHARGING,
        permission=administrators,
    ),
    Report(
        "undefined-extensions",
        Category.DATA,
        _("Undefined extensions"),
        _("Extensions with calls that belong to nobody."),
        Question(
            period="365d",
            group=("extension",),
            columns=("calls", "incoming", "outgoing", "cost", "first", "last"),
            sort="-calls",
            tests=only(person="none"),
        ),
        COUNTING,
        permission=administrators,
    ),
    Report(
        "silent-extensions",
        Category.DATA,
        _("Extensions without calls"),
        _("Known extensions that nobody has used: candidates for giving up."),
        Question(period="30d", filters=frozenset(), orders=()),
        (),
        run=silent_extensions,
        permission=administrators,
    ),
    Report(
        "collection-log",
        Category.DATA,
        _("Collection log"),
        _("Files and rows that have arrived, day by day and phone system by phone system."),
        Question(period="30d", filters=frozenset(), orders=()),
        (),
        run=collection_log,
        permission=administrators,
    ),
    Report(
        "corrections",
        Category.DATA,
        _("Re-costing journal"),
        _("Who has changed the prices or holders of past calls, when and why."),
        Question(period="365d", filters=frozenset(), orders=()),
        (),
        run=corrections,
        permission=administrators,
    ),
)
