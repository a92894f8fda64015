"""A question in words: the period, each filter, the grouping; on pages as chips, in exports at the head."""

from dataclasses import replace

from django.utils.translation import gettext as _

from callanalytics.lib import periods
from callanalytics.web.filters import Chip
from reports.engine.conditions import Comparison, Condition, Group
from reports.engine.dimensions import DIMENSIONS
from reports.engine.fields import FIELDS, OPERATORS, Asker
from reports.engine.question import CUSTOM, Question, days_in_words, field_for, in_words


def chips_of(question: Question, standard: Question, asker: Asker) -> list[Chip]:
    """Return the period and every filter in words, each filter with the address that is left without it."""
    chips = [Chip(_("Period"), period_in_words(question), "")]
    for test in question.tests:
        left = replace(question, tests=tuple(one for one in question.tests if one is not test))
        label, value = test_in_words(test, asker)
        chips.append(Chip(label, value, left.address(standard).urlencode() or "period="))
    for part in joined_by_all(question.where):
        others = tuple(one for one in joined_by_all(question.where) if one is not part)
        left = replace(question, where=Group("all", others) if others else None)
        chips.append(Chip(_("Condition"), in_words(part, asker), left.address(standard).urlencode() or "period="))
    if question.group:
        grouped = " / ".join(str(DIMENSIONS[name].label) for name in question.group)
        chips.append(Chip(_("Grouped by"), grouped, ""))
    if question.top:
        left = replace(question, top=None)
        chips.append(Chip(_("Only the first"), str(question.top), left.address(standard).urlencode() or "period="))
    if question.zone:
        left = replace(question, zone="")
        chips.append(Chip(_("Time zone"), question.zone, left.address(standard).urlencode() or "period="))
    return chips


def joined_by_all(condition: Condition | None) -> tuple[Condition, ...]:
    """Return the conditions that all have to hold: the parts of the outermost group, else the condition itself."""
    if condition is None:
        return ()
    return condition.parts if isinstance(condition, Group) and condition.joint == "all" else (condition,)


def period_in_words(question: Question) -> str:
    """Return the period with its days."""
    days = days_in_words(question)
    if question.period == CUSTOM:
        return days
    label = str(periods.NAMES[question.period])
    return label if question.period == "all" else f"{label} ({days})"


def test_in_words(test: Comparison, asker: Asker) -> tuple[str, str]:
    """Return a simple filter as label and value."""
    field = field_for(test, asker)
    values = field.read(test.values, test.operator, asker)
    said = ", ".join(field.said(value, asker) for value in values)
    operator = "" if test.operator == "is" else f"{OPERATORS[test.operator]} "
    return str(FIELDS[test.field].label), f"{operator}{said}"


def conditions_in_words(question: Question, asker: Asker) -> list[str]:
    """Return every condition as a sentence, for the head of an export."""
    every: list[Condition] = [*question.tests]
    if question.where:
        every.append(question.where)
    return [in_words(condition, asker) for condition in every]
