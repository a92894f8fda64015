"""Budgets: how far they are used now, and who overspent."""

from django.utils.translation import gettext_lazy as _

from reports.catalogue.base import Category, Report, Rule
from reports.engine.question import Question
from reports.special.budgets import budgets_now, overspending

PERSON = frozenset({"person"})
COUNTED = (Rule.OWNER, Rule.UNPRICED, Rule.CURRENCY)

REPORTS = (
    Report(
        "budgets",
        Category.BUDGETS,
        _("State of the budgets"),
        _("How far each budget is used on the last day shown, and when it runs out."),
        Question(period="month", filters=PERSON, orders=()),
        COUNTED,
        run=budgets_now,
    ),
    Report(
        "overspending",
        Category.BUDGETS,
        _("Overspending history"),
        _("The periods in which more was used than was there."),
        Question(period="365d", filters=PERSON, orders=()),
        COUNTED,
        run=overspending,
    ),
)
