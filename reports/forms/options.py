"""The options of a report: what its form offers, filled in as the question has it or as somebody has typed it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from callanalytics.lib import periods
from reports.engine.conditions import Condition, ConditionError, Group, read_condition
from reports.engine.details import DETAILS
from reports.engine.dimensions import DIMENSIONS
from reports.engine.fields import FIELDS, Asker
from reports.engine.layout import DERIVED_COLUMNS
from reports.engine.measures import MEASURES
from reports.engine.question import CUSTOM, LAYOUT_KEYS, MOST_LEVELS, OWN_KEYS, Fault, Question
from reports.engine.words import period_in_words
from reports.forms.builder import builder_words, condition_said, tree_of
from reports.forms.sections import Section, filter_sections, first_tests

GROUP_COLUMNS = ("calls", "talk", "cost", "share")
CALL_COLUMNS = ("time", "type", "person", "extension", "other", "talk", "cost")
"""What is shown when a report of calls is grouped, or a report of groups no longer."""
CHART_NAMES: tuple[tuple[str, str | Promise], ...] = (
    ("none", gettext_lazy("No chart")),
    ("bar", gettext_lazy("Bars")),
    ("column", gettext_lazy("Columns")),
    ("stacked", gettext_lazy("Stacked columns")),
    ("paired", gettext_lazy("Beside the period before")),
    ("in_time", gettext_lazy("Answered in time, to 100 %")),
    ("line", pgettext_lazy("chart", "Line")),
    ("doughnut", gettext_lazy("Doughnut")),
    ("heat", gettext_lazy("Heat map")),
)

ORDERS: dict[str, str | Promise] = {"-time": gettext_lazy("Newest first"), "time": gettext_lazy("Oldest first")}
"""The orders of reports that have a layout of their own."""


@dataclass(slots=True)
class Options:
    """Everything that can be chosen for a report."""

    periods: list[tuple[str, str]]
    typed: dict[str, str]
    """What is no filter, as it stands in an address: as the question has it, else as it was typed wrongly."""
    filters: list[Section]
    """The sections of filters."""
    period: Section
    conditions: Section
    layout: Section
    groups: list[str]
    dimensions: list[tuple[str, str]]
    columns: list[tuple[str, str, bool]]
    """Name, label, whether it is shown."""
    sorts: list[tuple[str, str]]
    charts: list[tuple[str, str]] = field(default_factory=list)
    words: dict[str, Any] = field(default_factory=dict)
    """What the script needs: fields, operators, its own labels."""
    tree: dict[str, Any] | None = None
    """The nested conditions as they are."""
    problems: dict[str, str] = field(default_factory=dict)
    """What is wrong with what is no filter, by key."""
    faults: list[tuple[str, str]] = field(default_factory=list)
    """Everything that is wrong: the name of its field ('' when it has none), and the text."""
    only_orders: bool = False
    """Whether the report has a layout of its own: only the order can be chosen, where there are several."""
    focus: str = ""
    """The first field that is wrong."""


def options_of(
    question: Question, asker: Asker, faults: Sequence[Fault] = (), params: Mapping[str, str] | None = None
) -> Options:
    """Return the form of a question; with what is wrong, as it was typed."""
    by_field = {fault.key.partition(".")[0]: fault for fault in reversed(faults) if fault.key}
    typed = {key: str(text) for key, text in (params or {}).items()}
    where = nested(question, by_field)
    settings = question.settings() | {"where": str(where) if where else "", "period": question.period}
    settings["chart"] = settings["chart"] or "none"
    settings |= {key: typed[key] for key in by_field if key in OWN_KEYS and key in typed}
    tree_source = readable(settings["where"]) if "where" in by_field else where
    groups = [*question.group, *[""] * (MOST_LEVELS - len(question.group))]
    sections = filter_sections(question, by_field, typed, asker)
    options = Options(
        periods=[*((name, str(label)) for name, label in periods.NAMES.items()), (CUSTOM, _("From … to …"))],
        typed=settings,
        filters=sections,
        period=Section("period", _("Period and time zone"), "calendar", said=period_said(question), is_open=True),
        conditions=Section("conditions", _("Conditions with and, or, not"), "list-tree"),
        layout=layout_section(question),
        groups=groups,
        dimensions=[(name, str(one.label)) for name, one in DIMENSIONS.items()],
        columns=columns_offered(question),
        sorts=sorts_offered(question),
        charts=[(name, str(label)) for name, label in CHART_NAMES],
        words=builder_words(sections, asker),
        tree=tree_of(tree_source, asker) if tree_source else None,
        only_orders=question.orders is not None,
    )
    if where:
        options.conditions.said = [("", condition_said(where, asker))]
    mark_faults(options, by_field, faults)
    return options


def mark_faults(options: Options, by_field: Mapping[str, Fault], faults: Sequence[Fault]) -> None:
    """Put what is wrong beside its fields, unfold their sections, and say where to go first."""
    options.problems = {key: fault.text for key, fault in by_field.items() if key in OWN_KEYS}
    options.conditions.is_open = "where" in by_field
    if options.conditions.is_open:
        options.conditions.said = [("", options.typed["where"])]
    keep_choices(options, by_field)
    options.layout.is_open = any(key in by_field for key in LAYOUT_KEYS)
    order = ["period", "from", "to", "zone", *(one.name for part in options.filters for one in part.fields)]
    order += ["where", *((("sort",) if options.sorts else ()) if options.only_orders else LAYOUT_KEYS)]
    known = [name for name in order if name in by_field]
    options.focus = known[0] if known else ""
    places = [(fault.key.partition(".")[0], fault.text) for fault in faults]
    options.faults = [(name if name in known else "", text) for name, text in places]


def keep_choices(options: Options, wrong: Collection[str]) -> None:
    """Put settings that are no choice among the choices, so that they can be seen and changed."""
    lists = {"period": options.periods, "sort": options.sorts, "chart": options.charts, "group": options.dimensions}
    for name in lists.keys() & wrong:
        typed = options.typed[name]
        if typed not in dict(lists[name]):
            lists[name].append((typed, typed))
        if name == "group":
            options.groups = [typed, *[""] * (MOST_LEVELS - 1)]


def readable(text: str) -> Condition | None:
    """Return a condition as data although it does not hold, None when it cannot even be read."""
    try:
        return read_condition(text)
    except ConditionError:
        return None


def columns_offered(question: Question) -> list[tuple[str, str, bool]]:
    """Return the columns that go with the grouping, those that are shown first and in their order."""
    known: dict[str, Any] = {**MEASURES, **DERIVED_COLUMNS} if question.group else {**DETAILS}
    columns = [(name, str(known[name].label), True) for name in question.columns if name in known]
    return columns + [(name, str(one.label), False) for name, one in known.items() if name not in question.columns]


def sorts_offered(question: Question) -> list[tuple[str, str]]:
    """Return the orders by a column that is shown, or those of a report with a layout of its own."""
    if question.orders is not None:
        return [(name, str(ORDERS[name])) for name in question.orders]
    sortable: dict[str, Any] = {**MEASURES}
    if not question.group:
        sortable = {name: one for name, one in DETAILS.items() if one.order_by}
    return [
        (sign + name, words % {"column": one.label})
        for name, one in sortable.items()
        if name in question.columns or name == question.sort.removeprefix("-")
        for sign, words in (("-", _("%(column)s, greatest first")), ("", _("%(column)s, least first")))
    ]


def period_said(question: Question) -> list[tuple[str, str]]:
    """Return the period and the zone in words."""
    zone = [(_("Time zone"), question.zone)] if question.zone else []
    return [("", period_in_words(question)), *zone]


def layout_section(question: Question) -> Section:
    """Return the section of the layout, of a report with its own one that of the order."""
    if question.orders is None:
        return Section("layout", _("Layout"), "columns-3", said=layout_said(question))
    said = ORDERS.get(question.sort) or _("Usual order")
    return Section("layout", _("Order"), "arrow-down-up", said=[("", str(said))])


def layout_said(question: Question) -> list[tuple[str, str]]:
    """Return grouping, number of columns and chart in words."""
    found = []
    if question.group:
        found.append((_("Grouped by"), " / ".join(str(DIMENSIONS[name].label) for name in question.group)))
    if question.columns:
        count = len(question.columns)
        found.append(("", ngettext("%(count)s column", "%(count)s columns", count) % {"count": count}))
    if question.group:
        found.append(("", str(dict(CHART_NAMES)[question.chart or "none"])))
    return found


def nested(question: Question, faults: Mapping[str, Fault]) -> Condition | None:
    """Return the nested conditions, with further filters of a field that has its place in the form already."""
    placed = [] if not faults else [test for test in question.tests if test.field in faults]
    first = first_tests(question)
    further: list[Condition] = [test for test in question.tests if test in placed or first[test.field] is not test]
    if not further:
        return question.where
    return Group("all", (*further, *((question.where,) if question.where else ())))


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
    fit_columns(found)
    if found.get("chart") == "none" and standard.chart in ("", "none"):
        del found["chart"]
    fit_period(found, str(params["form"]))
    return found


def fit_period(found: QueryDict, shown: str) -> None:
    """Let days or a named period hold, whichever was changed since the form had shown a period."""
    chosen, days = found.get("period", ""), {"from", "to"}.intersection(key for key in found if found[key])
    if chosen not in ("", CUSTOM) and days and chosen == shown:
        found["period"] = CUSTOM
    elif chosen not in ("", CUSTOM):
        found.pop("from", None)
        found.pop("to", None)


def fit_columns(found: QueryDict) -> None:
    """Choose usual columns when the grouping was changed in the form, which could not offer those that go with it."""
    chosen = [name for name in found.get("columns", "").split(",") if name]
    known = {*MEASURES, *DERIVED_COLUMNS} if found.get("group") else set(DETAILS)
    if chosen and not known.intersection(chosen):
        found["columns"] = ",".join(GROUP_COLUMNS if found.get("group") else CALL_COLUMNS)
    if found.get("sort", "").removeprefix("-") not in {"", "name", *known}:
        found["sort"] = "-calls" if found.get("group") else "-time"
