"""The sections of a report's options: which filters stand together, and how their fields are filled in."""

import json
from collections.abc import Collection
from dataclasses import dataclass, field

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy, pgettext_lazy

from reports.engine.conditions import Comparison, ConditionError, split_values, written
from reports.engine.fields import FIELDS, OPERATORS, Asker, ChoiceField, FilterField
from reports.engine.question import Fault, Question, narrows
from reports.engine.time_fields import WeekdayField
from reports.engine.words import test_in_words
from reports.services.choosing import SEARCHES, said

TYPED_TOO = frozenset({"extension", "business_hours"})
"""Filters whose values may be typed although a search offers some."""
FILTERS: tuple[tuple[str, str | Promise, str, tuple[str, ...]], ...] = (
    ("who", gettext_lazy("Who"), "users", ("person", "extension", "department", "cost_centre", "office")),
    (
        "calls",
        gettext_lazy("What calls"),
        "phone",
        ("kind", "direction", "outcome", "call_type", "purpose", "number", "country", "destination", "conference",
         "released_by", "cause"),
    ),
    (
        "amounts",
        gettext_lazy("Duration, cost and quality"),
        "coins",
        ("talk", "ring", "cost", "price", "quality"),
    ),
    ("hours", gettext_lazy("Time of day"), "clock", ("weekday", "time", "business_hours")),
    ("events", gettext_lazy("Events"), "lock", ("event",)),
    (
        "way",
        gettext_lazy("Trunks and codes"),
        "router",
        ("gateway", "carrier", "phone_system", "hunt_pilot", "authorization_code", "matter_code"),
    ),
)  # fmt: skip
"""Name, label, icon and filter fields of each section, in the order of the form."""
HINTS: dict[str, str | Promise] = {
    "number": gettext_lazy("for instance +49 30 1234567"),
    "talk": gettext_lazy("seconds, or 1:30"),
    "ring": gettext_lazy("seconds, or 1:30"),
    "cost": gettext_lazy("for instance 0.50"),
    "quality": gettext_lazy("1 to 5, for instance 3.6"),
    "time": gettext_lazy("for instance 08:00-18:00"),
    "cause": gettext_lazy("code, for instance 17"),
}


@dataclass(slots=True)
class Option:
    """One filter in the form."""

    name: str
    label: str
    operators: list[tuple[str, str]]
    """Names and words; the first is the default."""
    operator: str
    values: list[str]
    text: str
    """The values as they are typed."""
    choices: list[tuple[str, str]] | None = None
    """What can be ticked; None: values are typed or searched for."""
    picked: list[tuple[str, str]] | None = None
    """The values with their words, where a search offers others; None: there is none."""
    typed_too: bool = False
    """Whether other values than those offered can be typed."""
    hint: str = ""
    problem: str = ""

    @property
    def picked_json(self) -> str:
        """The values with their words, for the script."""
        return json.dumps(self.picked)


@dataclass(slots=True)
class Section:
    """Options that stand together and are folded."""

    name: str
    label: str
    icon: str
    fields: list[Option] = field(default_factory=list)
    said: list[tuple[str, str]] = field(default_factory=list)
    """What is set, as labels and values."""
    is_open: bool = False


def filter_sections(question: Question, faults: dict[str, Fault], typed: dict[str, str], asker: Asker) -> list[Section]:
    """Return the filters by section; those that have no place of their own stand in a last one."""
    placed = {name for *_rest, names in FILTERS for name in names}
    asked = [test.field for test in question.tests] + [name for name in faults if name in FIELDS]
    further = tuple(dict.fromkeys(name for name in asked if name not in placed))
    found, tests = [], first_tests(question)
    for name, label, icon, names in (*FILTERS, ("further", gettext_lazy("Further filters"), "funnel", further)):
        fields = [FIELDS[one] for one in names if FIELDS[one].is_for(asker) and offered(one, question, asked)]
        section = Section(name, str(label), icon, [option(one, tests, faults, typed, asker) for one in fields])
        section.said = [test_in_words(tests[one.name], asker) for one in fields if one.name in tests]
        section.is_open = any(one.problem for one in section.fields)
        if fields:
            found.append(section)
    return found


def offered(name: str, question: Question, asked: Collection[str]) -> bool:
    """Return whether the report can be narrowed by a field, or somebody has tried to."""
    return narrows(question, name) or name in asked


def first_tests(question: Question) -> dict[str, Comparison]:
    """Return of each field the filter that stands in its place of the form."""
    return {test.field: test for test in reversed(question.tests)}


def option(
    field_: FilterField, tests: dict[str, Comparison], faults: dict[str, Fault], typed: dict[str, str], asker: Asker
) -> Option:
    """Return one filter of the form as the tests of the question have it, or as it was typed wrongly."""
    test, fault = tests.get(field_.name), faults.get(field_.name)
    operators = [(name, words_of(field_, name)) for name in field_.operators]
    operator, values = (test.operator, list(test.values)) if test else (operators[0][0], [])
    text = ", ".join(map(written, values))
    if fault:
        _name, _dot, operator = fault.key.partition(".")
        text = typed.get(fault.key, "")
        values = values_of(text)
    found = Option(field_.name, str(field_.label), operators, operator, values, text)
    found.hint, found.problem = str(HINTS.get(field_.name, "")), fault.text if fault else ""
    if isinstance(field_, ChoiceField | WeekdayField):
        known = field_.choices(asker)
        # A value that is none stands among the others, so that it can be seen and taken away.
        found.choices = [*known, *((value, value) for value in values if value not in dict(known))]
    elif field_.name in SEARCHES:
        found.picked = [(value, said(field_.name, value, operator, asker)) for value in values]
        found.typed_too = field_.name in TYPED_TOO
    return found


def words_of(field_: FilterField, operator: str) -> str:
    """Return an operator in words; of fields with several values at once, what holds for all of them."""
    if operator in MANY and isinstance(field_, ChoiceField | WeekdayField):
        return str(MANY[operator])
    return str(OPERATORS[operator])


MANY: dict[str, str | Promise] = {
    "is": pgettext_lazy("filter with ticked values", "is one of"),
    "not": pgettext_lazy("filter with ticked values", "is none of"),
}


def values_of(text: str) -> list[str]:
    """Return the values of a list as typed; all of it is one where it cannot be read."""
    try:
        return list(split_values(text)) if text else []
    except ConditionError:
        return [text]
