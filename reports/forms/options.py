"""The options of a report: what its form offers, filled in as the question has it."""

from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from callanalytics.lib import periods
from reports.engine.conditions import Comparison, Condition, Group
from reports.engine.details import DETAILS
from reports.engine.dimensions import DIMENSIONS
from reports.engine.fields import FIELDS, OPERATORS, Asker, FilterField
from reports.engine.layout import DERIVED_COLUMNS
from reports.engine.measures import MEASURES
from reports.engine.question import CUSTOM, MOST_LEVELS, Question

MOST_OFFERED = 300
"""A field with more choices is typed into."""
SECTIONS: tuple[tuple[str | Promise, tuple[str, ...]], ...] = (
    (
        gettext_lazy("Call"),
        ("kind", "direction", "outcome", "call_type", "price", "conference", "released_by", "cause"),
    ),
    (gettext_lazy("Whose"), ("person", "extension", "department", "cost_centre", "office")),
    (gettext_lazy("Other party"), ("number", "country", "destination")),
    (gettext_lazy("Amounts"), ("talk", "ring", "cost", "quality")),
    (gettext_lazy("Time"), ("weekday", "time", "business_hours")),
    (gettext_lazy("Way"), ("gateway", "carrier", "phone_system", "hunt_pilot")),
    (gettext_lazy("Codes"), ("authorization_code", "matter_code")),
)
"""The filter fields in the order of the form."""


@dataclass(slots=True)
class Option:
    """One filter in the form."""

    name: str
    label: str
    operators: list[tuple[str, str]]
    """Names and words; the first is the default."""
    operator: str
    values: list[str]
    choices: list[tuple[str, str]] | None
    """What can be chosen; None: anything can be typed."""

    @property
    def text(self) -> str:
        """The values as typed."""
        return ", ".join(self.values)

    @property
    def key(self) -> str:
        """The key under which the filter stands in the address."""
        default = self.operators[0][0]
        return self.name if self.operator == default else f"{self.name}.{self.operator}"


@dataclass(slots=True)
class Options:
    """Everything that can be chosen for a report."""

    periods: list[tuple[str, str]]
    period: str
    first: str
    last: str
    zone: str
    sections: list[tuple[str, list[Option]]]
    where: str
    groups: list[str]
    dimensions: list[tuple[str, str]]
    columns: list[tuple[str, str, bool]]
    """Name, label, whether it is shown."""
    sorts: list[tuple[str, str]]
    sort: str
    top: str
    chart: str
    charts: list[tuple[str, str]] = field(default_factory=list)
    words: dict[str, Any] = field(default_factory=dict)
    """What the builder of nested conditions needs: fields, operators, its own labels."""
    tree: dict[str, Any] | None = None
    """The nested conditions as they are."""


CHART_NAMES: tuple[tuple[str, str | Promise], ...] = (
    ("none", gettext_lazy("None")),
    ("bar", gettext_lazy("Bars")),
    ("column", gettext_lazy("Columns")),
    ("stacked", gettext_lazy("Stacked columns")),
    ("paired", gettext_lazy("Beside the period before")),
    ("in_time", gettext_lazy("Answered in time, to 100 %")),
    ("line", gettext_lazy("Line")),
    ("doughnut", gettext_lazy("Doughnut")),
    ("heat", gettext_lazy("Heat map")),
)


def options_of(question: Question, standard: Question, asker: Asker) -> Options:
    """Return the form of a question."""
    sections = [
        (str(label), [option(FIELDS[name], question, asker) for name in names if FIELDS[name].is_for(asker)])
        for label, names in SECTIONS
    ]
    placed = {name for _label, names in SECTIONS for name in names}
    further = list(dict.fromkeys(test.field for test in question.tests if test.field not in placed))
    sections.append((_("Further filters"), [option(FIELDS[name], question, asker) for name in further]))
    where = nested(question)
    known = {
        **{name: one.label for name, one in MEASURES.items()},
        **{name: one.label for name, one in DERIVED_COLUMNS.items()},
    }
    if not question.group:
        known = {name: one.label for name, one in DETAILS.items()}
    columns = [(name, str(known[name]), True) for name in question.columns]
    columns += [(name, str(label), False) for name, label in known.items() if name not in question.columns]
    sortable = MEASURES if question.group else {name: one for name, one in DETAILS.items() if one.order_by}
    sorts = [
        (sign + name, f"{one.label} {arrow}")
        for name, one in sortable.items()
        if name in question.columns
        for sign, arrow in (("-", "↓"), ("", "↑"))
    ]
    groups = [*question.group, *[""] * (MOST_LEVELS - len(question.group))]
    return Options(
        periods=[*((name, str(label)) for name, label in periods.NAMES.items()), (CUSTOM, _("From … to …"))],
        period=question.period,
        first=question.first.isoformat() if question.first else "",
        last=question.last.isoformat() if question.last else "",
        zone=question.zone,
        sections=[section for section in sections if section[1]],
        where=str(where) if where else "",
        groups=groups,
        dimensions=[(name, str(one.label)) for name, one in DIMENSIONS.items()],
        columns=columns,
        sorts=sorts,
        sort=question.sort,
        top=str(question.top or ""),
        chart=question.chart,
        charts=[(name, str(label)) for name, label in CHART_NAMES],
        words=builder_words(sections),
        tree=tree_of(where) if where else None,
    )


def nested(question: Question) -> Condition | None:
    """Return the nested conditions, with further filters of a field that has its place in the form already."""
    seen: set[str] = set()
    further: list[Condition] = []
    for test in question.tests:
        if test.field in seen:
            further.append(test)
        seen.add(test.field)
    if not further:
        return question.where
    return Group("all", (*further, *((question.where,) if question.where else ())))


def builder_words(sections: list[tuple[str, list[Option]]]) -> dict[str, Any]:
    """Return fields and labels for the builder of nested conditions."""
    fields = [
        {"name": one.name, "label": one.label, "operators": one.operators, "choices": one.choices}
        for _label, options in sections
        for one in options
    ]
    return {
        "fields": fields,
        "joints": [("all", _("All of these")), ("any", _("Any of these")), ("not", _("Not this"))],
        "field": _("Field"),
        "operator": _("Comparison"),
        "value": _("Value"),
        "group": _("Group of conditions"),
        "add": _("Add a condition"),
        "add_group": _("Add a group"),
        "remove": _("Remove"),
        "remove_group": _("Remove the group"),
    }


def tree_of(condition: Condition) -> dict[str, Any]:
    """Return a condition as data."""
    if isinstance(condition, Comparison):
        return {"field": condition.field, "operator": condition.operator, "values": list(condition.values)}
    return {"joint": condition.joint, "parts": [tree_of(part) for part in condition.parts]}


def option(field_: FilterField, question: Question, asker: Asker) -> Option:
    """Return one filter of the form as the question has it."""
    test = next((one for one in question.tests if one.field == field_.name), None)
    choices = field_.choices(asker)
    operators = [(name, str(OPERATORS[name])) for name in field_.operators]
    return Option(
        field_.name,
        str(field_.label),
        operators,
        test.operator if test else operators[0][0],
        list(test.values) if test else [],
        None if choices is None or len(choices) > MOST_OFFERED else choices,
    )


def is_form(params: QueryDict) -> bool:
    """Return whether an address comes from the form of options, and not from a link."""
    return "form" in params


def address_of_form(params: QueryDict, standard: Question) -> QueryDict:
    """Return the short address of what was chosen in the form: lists joined, operators behind their fields."""
    found = QueryDict(mutable=True)
    lifted = {test.field for test in standard.tests}
    for key in params:
        if key == "form" or key.endswith(".op"):
            continue
        values = [value.strip() for value in params.getlist(key) if value.strip()]
        if key not in FIELDS:
            found[key] = ",".join(values)
            continue
        operator = params.get(f"{key}.op", "")
        name = key if operator in ("", FIELDS[key].operators[0]) else f"{key}.{operator}"
        if values:
            found[name] = ",".join(values)
            lifted.discard(key)
    # A list in which nothing is chosen is not sent at all.
    found.update(dict.fromkeys(lifted, ""))
    if found.get("period") != CUSTOM:
        found.pop("from", None)
        found.pop("to", None)
    return found
