"""Codes: authorisation codes, client matter codes, and private calls, which their people pay."""

from django.utils.translation import gettext_lazy as _

from reports.catalogue.base import CHARGING, Category, Report, Rule, only
from reports.engine.question import Question

REPORTS = (
    Report(
        "authorization-codes",
        Category.CODES,
        _("By authorisation code"),
        _("Calls made with an authorisation code, and by whom."),
        Question(
            group=("authorization_code", "person"),
            columns=("calls", "talk", "cost", "last"),
            sort="-cost",
            chart="bar",
            tests=only(authorization_code__not="none"),
        ),
        CHARGING,
    ),
    Report(
        "matter-codes",
        Category.CODES,
        _("By client matter code"),
        _("Calls to be charged to clients and matters."),
        Question(
            group=("matter_code",),
            columns=("calls", "talk", "cost", "last"),
            sort="-cost",
            chart="bar",
            tests=only(matter_code__not="none"),
        ),
        CHARGING,
    ),
    Report(
        "private-calls",
        Category.CODES,
        _("Private calls to be paid"),
        _("What each person owes for private calls, for the payroll: calls, talk time and amount."),
        Question(
            group=("person",),
            columns=("calls", "talk", "cost", "unpriced"),
            sort="-cost",
            chart="bar",
            tests=only(purpose="private"),
        ),
        (*CHARGING, Rule.PRIVATE),
    ),
)
