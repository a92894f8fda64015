"""Cost: who and which unit has spent how much."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from reports.catalogue.base import CHARGING, Category, Report, only
from reports.engine.question import Question

SPENT = ("calls", "talk", "cost", "share", "change", "unpriced")
CHARGED = only(kind="public", direction="outgoing")


def by(slug: str, name: str | Promise, description: str | Promise, *group: str) -> Report:
    """Return the report of cost by some unit."""
    standard = Question(group=group, columns=SPENT, sort="-cost", chart="bar", tests=CHARGED)
    return Report(slug, Category.COST, name, description, standard, CHARGING)


REPORTS = (
    Report(
        "statement",
        Category.COST,
        _("Individual statement"),
        _("What each person has spent, by call type: to be sent to the person."),
        Question(
            group=("person", "call_type"),
            columns=("calls", "talk", "cost", "unpriced"),
            sort="-cost",
            chart="doughnut",
            tests=CHARGED,
        ),
        CHARGING,
    ),
    by("cost-by-person", _("Cost by person"), _("Who has spent how much on calls to the public network."), "person"),
    by(
        "cost-by-extension",
        _("Cost by extension"),
        _("What the calls of each extension to the public network cost."),
        "extension",
    ),
    by(
        "cost-by-department",
        _("Cost by department"),
        _("What each department has spent; a call counts for the department of its day."),
        "department",
    ),
    by(
        "cost-by-cost-centre",
        _("Cost by cost centre"),
        _("What each cost centre has spent; a call counts for the cost centre of its day."),
        "cost_centre",
    ),
    by(
        "cost-by-office",
        _("Cost by office"),
        _("What each office has spent; a call counts for the office of its day."),
        "office",
    ),
    Report(
        "two-periods",
        Category.COST,
        _("Two periods compared"),
        _("Each unit's cost beside that of the equal period before."),
        Question(
            group=("department",), columns=("calls", "cost", "change"), sort="-cost", chart="paired", tests=CHARGED
        ),
        CHARGING,
    ),
    Report(
        "charge-back",
        Category.COST,
        _("Charge-back sheet"),
        _("What to charge to each cost centre and person: cost, mark-up, tax and total; the percentages are options."),
        Question(
            group=("cost_centre", "person"),
            columns=("calls", "cost", "markup", "tax", "total"),
            sort="-cost",
            tests=CHARGED,
        ),
        CHARGING,
    ),
)
