"""Data quality: what is missing so that every figure is right."""

from django.utils.translation import gettext_lazy as _

from callanalytics.web.permissions import administrators
from reports.catalogue.base import CHARGING, COUNTING, Category, Report, only
from reports.engine.question import Question

REPORTS = (
    Report(
        "unknown-destinations",
        Category.DATA,
        _("Unknown destinations"),
        _("Numbers that no plan and no rule knows."),
        Question(
            group=("number",),
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
        _("Why calls have no price, by gateway and destination."),
        Question(
            group=("pricing", "gateway", "destination"),
            columns=("calls", "trunk", "first", "last"),
            sort="-calls",
            chart="bar",
            tests=only(price="unpriced"),
        ),
        CHARGING,
        permission=administrators,
    ),
)
