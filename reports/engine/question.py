"""What is asked of the calls: period, zone, conditions, grouping, columns and order, read from an address.

Everything that a report shows is in its address; an unknown key or a wrong value is a problem, never ignored.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo, available_timezones

from django.db.models import Q
from django.http import QueryDict
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from accounting.models import User
from accounting.services.masking import Masker
from callanalytics.lib import periods
from callanalytics.lib.periods import Period
from reports.engine.conditions import (
    Comparison,
    Condition,
    ConditionError,
    Group,
    comparisons_in,
    read_condition,
    split_values,
    written,
)
from reports.engine.details import DETAILS
from reports.engine.dimensions import DIMENSIONS
from reports.engine.fields import FIELDS, OPERATORS, Asker, FilterField
from reports.engine.measures import MEASURES
from reports.engine.time_fields import EARLIEST, LATEST

CUSTOM = "custom"
MOST_LEVELS, MOST_ROWS = 3, 10_000
ZONES = available_timezones()
OWN_KEYS = (
    "period",
    "from",
    "to",
    "zone",
    "where",
    "group",
    "columns",
    "sort",
    "top",
    "chart",
    "target",
    "markup",
    "tax",
)
LAYOUT_KEYS = ("group", "columns", "sort", "top", "chart", "target", "markup", "tax")
PAGING_KEYS = ("after", "before", "size", "page")
DERIVED = ("share", "change", "markup", "tax", "total")
"""Columns that are computed from the cost, or by comparing."""
CHARTS = ("none", "bar", "column", "stacked", "paired", "in_time", "line", "doughnut", "heat")


@dataclass(frozen=True, slots=True)
class Question:
    """One question, as it stands in an address; values are texts that have been checked."""

    period: str = "last_month"
    first: date | None = None
    last: date | None = None
    """Both days included; with the period "custom" only."""
    zone: str = ""
    """Empty: the reader's zone."""
    tests: tuple[Comparison, ...] = ()
    """Simple filters; all of them hold."""
    where: Condition | None = None
    """Nested conditions, beside the simple ones."""
    group: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    sort: str = ""
    """A column, with "-" before it for the greatest first."""
    top: int | None = None
    chart: str = ""
    markup: Decimal = Decimal(0)
    """Percent on top of the cost, for charge-back."""
    tax: Decimal = Decimal(0)
    """Percent on top of cost and mark-up."""
    target: int = 20
    """Seconds within which a call should be answered."""
    filters: frozenset[str] | None = None
    """Fields that the report can be narrowed by, which an address does not change; None: all that calls have."""
    orders: tuple[str, ...] | None = None
    """Of a report with a layout of its own: what an address may sort it by, and nothing else; None: any layout."""

    def days(self) -> tuple[date | None, date | None]:
        """Return first and last day in the active zone, both included."""
        return (self.first, self.last) if self.period == CUSTOM else periods.days_of(self.period, periods.today())

    def address(self, standard: "Question | None" = None) -> QueryDict:
        """Return the address of this question; what is as in the standard one is left out."""
        standard = standard or Question()
        found, known = QueryDict(mutable=True), standard.settings()
        for name, value in self.settings().items():
            if value != known.get(name, ""):
                found[name] = value
        if self.tests != standard.tests:
            # An empty value lifts a filter that the report has by itself.
            found.update({key_of(test): "" for test in standard.tests})
            for test in self.tests:
                found[key_of(test)] = ",".join(map(written, test.values))
        return found

    def settings(self) -> dict[str, str]:
        """Return what is no filter, as it stands in an address."""
        return {
            # Dates say by themselves that they hold; without any, the period is open on both sides.
            "period": "" if self.period == CUSTOM and (self.first or self.last) else self.period,
            "from": self.first.isoformat() if self.first else "",
            "to": self.last.isoformat() if self.last else "",
            "zone": self.zone,
            "where": str(self.where) if self.where else "",
            "group": ",".join(self.group),
            "columns": ",".join(self.columns),
            "sort": self.sort,
            "top": str(self.top) if self.top else "",
            "chart": self.chart,
            "target": str(self.target),
            "markup": str(self.markup) if self.markup else "",
            "tax": str(self.tax) if self.tax else "",
        }


def key_of(test: Comparison) -> str:
    """Return the key under which a simple filter stands in an address."""
    field_ = FIELDS[test.field]
    return test.field if test.operator == field_.operators[0] else f"{test.field}.{test.operator}"


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is wrong in an address."""

    key: str
    """The key whose value is wrong, as it stands in the address; '' when it is none of a question."""
    text: str
    """What is wrong, in the reader's language."""


@dataclass(slots=True)
class Reading:
    """A question as read from an address, and everything that is wrong with it."""

    question: Question
    faults: list[Fault] = field(default_factory=list)

    @property
    def problems(self) -> list[str]:
        """What is wrong, in sentences; an empty list means that everything holds."""
        return [fault.text for fault in self.faults]

    def refuse(self, key: str, text: str) -> None:
        """Note what is wrong with the value of a key."""
        self.faults.append(Fault(key, text))


def read_question(params: Mapping[str, str] | QueryDict, standard: Question, asker: Asker) -> Reading:
    """Return the question of an address, for what is not said as in the standard one, and its problems."""
    reading = Reading(standard)
    refuse_repeated(params, reading)
    values = {key: str(text) for key, text in params.items()}
    tests: list[Comparison] = []
    replaced: set[str] = set()
    for key, text in values.items():
        name = key.partition(".")[0]
        if name in FIELDS and key not in OWN_KEYS:
            replaced.add(name)
            if text:
                collect(tests, key, text, asker, reading)
        elif key not in OWN_KEYS and key not in PAGING_KEYS:
            reading.refuse("", _("“%(key)s” is no filter or setting of a report.") % {"key": key[:40]})
    kept = tuple(test for test in standard.tests if test.field not in replaced)
    reading.question = replace(standard, tests=(*kept, *tests))
    for name in OWN_KEYS:
        if name in values:
            read_own(name, values[name].strip(), asker, reading)
    check_dates(reading)
    check_columns(reading)
    check_filters(reading)
    check_layout(reading, standard)
    return reading


def check_filters(reading: Reading) -> None:
    """Refuse filters of calls where a report shows something else, and the other way round."""
    question = reading.question
    asked = [(test.field, key_of(test)) for test in question.tests]
    asked += [(test.field, "where") for test in (comparisons_in(question.where) if question.where else ())]
    for name, key in asked:
        if not narrows(question, name):
            text = _("This report cannot be narrowed by “%(field)s”.")
            reading.refuse(key, text % {"field": FIELDS[name].label})


def narrows(question: Question, name: str) -> bool:
    """Return whether the report can be narrowed by a field."""
    return FIELDS[name].of_calls if question.filters is None else name in question.filters


def check_layout(reading: Reading, standard: Question) -> None:
    """Refuse to change the layout of a report that has its own; orders that it knows are no change."""
    if standard.orders is None:
        return
    asked, known = reading.question.settings(), standard.settings()
    for name in LAYOUT_KEYS:
        if asked[name] != known[name] and not (name == "sort" and asked[name] in standard.orders):
            text = _("This report has a fixed layout: “%(key)s” cannot be “%(value)s”.")
            reading.refuse(name, text % {"key": name, "value": asked[name][:60]})


def refuse_repeated(params: Mapping[str, str] | QueryDict, reading: Reading) -> None:
    """Refuse keys that stand in an address more than once: only one of their values would hold."""
    for key in params:
        if isinstance(params, QueryDict) and len(params.getlist(key)) > 1:
            reading.refuse(key, _("“%(key)s” is given more than once.") % {"key": key[:40]})


def collect(tests: list[Comparison], key: str, text: str, asker: Asker, reading: Reading) -> None:
    """Add a simple filter, or what is wrong with it."""
    name, _dot, operator = key.partition(".")
    try:
        test = Comparison(name, operator or FIELDS[name].operators[0], split_values(text))
        condition_of(test, asker)
    except ConditionError as error:
        reading.refuse(key, str(error))
    else:
        tests.append(test)


def read_own(name: str, text: str, asker: Asker, reading: Reading) -> None:
    """Read one of the settings that are no filters."""
    try:
        changes = READERS[name](text, asker)
    except ConditionError as error:
        reading.refuse(name, str(error))
    else:
        reading.question = replace(reading.question, **changes)  # type: ignore[arg-type]


def read_period(text: str, asker: Asker) -> dict[str, object]:
    """Return a named period; the dates of the standard question no longer hold."""
    if text == "":
        return {}
    if text not in periods.NAMES and text != CUSTOM:
        raise ConditionError(_("“%(value)s” is no period.") % {"value": text[:40]})
    return {"period": text} if text == CUSTOM else {"period": text, "first": None, "last": None}


def read_day(text: str) -> date | None:
    """Return a day, None for an open side."""
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise ConditionError(_("“%(value)s” is no date, for instance 2026-11-22.") % {"value": text[:40]}) from error
    if not EARLIEST <= day <= LATEST:
        raise ConditionError(_("The dates must lie between 1990 and 2100."))
    return day


def read_first(text: str, asker: Asker) -> dict[str, object]:
    """Return the first day."""
    return {"first": read_day(text), "period": CUSTOM} if text else {"first": None}


def read_last(text: str, asker: Asker) -> dict[str, object]:
    """Return the last day, included."""
    return {"last": read_day(text), "period": CUSTOM} if text else {"last": None}


def read_zone(text: str, asker: Asker) -> dict[str, object]:
    """Return the zone."""
    if text and text not in ZONES:
        raise ConditionError(_("“%(value)s” is not a time zone, for instance Europe/Berlin.") % {"value": text[:60]})
    return {"zone": text}


def read_where(text: str, asker: Asker) -> dict[str, object]:
    """Return the nested conditions, each of which must hold for this reader."""
    if not text:
        return {"where": None}
    condition = read_condition(text)
    condition_of(condition, asker)
    return {"where": condition}


def read_names(text: str, known: Iterable[str], problem: str) -> tuple[str, ...]:
    """Return names of a comma-separated list, each once."""
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    for name in names:
        if name not in known:
            raise ConditionError(problem % {"value": name[:40]})
    return names


def read_group(text: str, asker: Asker) -> dict[str, object]:
    """Return what is grouped by."""
    names = read_names(text, DIMENSIONS, _("“%(value)s” is nothing that a report can group by."))
    if len(names) > MOST_LEVELS:
        raise ConditionError(_("A report has at most %(most)s levels of groups.") % {"most": MOST_LEVELS})
    return {"group": names}


def read_columns(text: str, asker: Asker) -> dict[str, object]:
    """Return the columns."""
    known = {*MEASURES, *DETAILS, *DERIVED}
    return {"columns": read_names(text, known, _("“%(value)s” is no column."))} if text else {}


def read_sort(text: str, asker: Asker) -> dict[str, object]:
    """Return the order."""
    if text and text.removeprefix("-") not in {*MEASURES, *DETAILS, "name"}:
        raise ConditionError(_("“%(value)s” is no column to sort by.") % {"value": text[:40]})
    return {"sort": text}


def read_count(text: str) -> int:
    """Return a number of rows or seconds."""
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and 1 <= int(text) <= MOST_ROWS):
        message = _("“%(value)s” is no number between 1 and %(most)s.")
        raise ConditionError(message % {"value": text[:40], "most": MOST_ROWS})
    return int(text)


def read_top(text: str, asker: Asker) -> dict[str, object]:
    """Return how many groups or calls are shown at most."""
    return {"top": read_count(text) if text else None}


def read_target(text: str, asker: Asker) -> dict[str, object]:
    """Return the seconds within which calls should be answered."""
    return {"target": read_count(text)} if text else {}


def read_percent(text: str) -> Decimal:
    """Return a percentage with at most three decimals."""
    try:
        value = Decimal(text.replace(",", ".") or 0)
    except InvalidOperation as error:
        raise ConditionError(_("“%(value)s” is no percentage.") % {"value": text[:40]}) from error
    if not (value.is_finite() and 0 <= value <= 1000 and value == round(value, 3)):
        raise ConditionError(_("“%(value)s” is no percentage.") % {"value": text[:40]})
    return value


def read_markup(text: str, asker: Asker) -> dict[str, object]:
    """Return the mark-up."""
    return {"markup": read_percent(text)}


def read_tax(text: str, asker: Asker) -> dict[str, object]:
    """Return the tax."""
    return {"tax": read_percent(text)}


def read_chart(text: str, asker: Asker) -> dict[str, object]:
    """Return the kind of chart."""
    if text and text not in CHARTS:
        raise ConditionError(_("“%(value)s” is no kind of chart.") % {"value": text[:40]})
    return {"chart": text}


READERS = {
    "period": read_period, "from": read_first, "to": read_last, "zone": read_zone, "where": read_where,
    "group": read_group, "columns": read_columns, "sort": read_sort, "top": read_top, "chart": read_chart,
    "target": read_target,
    "markup": read_markup,
    "tax": read_tax,
}  # fmt: skip


def check_dates(reading: Reading) -> None:
    """Refuse a period that ends before it begins."""
    first, last = reading.question.first, reading.question.last
    if first and last and first > last:
        reading.refuse("from", _("The first day is after the last one."))


def check_columns(reading: Reading) -> None:
    """Refuse columns of calls in a report of groups, and the other way round."""
    question = reading.question
    known = {*MEASURES, *DERIVED} if question.group else set(DETAILS)
    for name in question.columns:
        if name not in known:
            text = _("The column “%(column)s” does not go with this grouping.")
            reading.refuse("columns", text % {"column": name})


def condition_of(condition: Condition, asker: Asker) -> Q:
    """Return what the database tests; raises ConditionError for what is unknown or not for this reader."""
    found = asker.conditions.get(condition)
    if found is None:
        found = asker.conditions[condition] = test_of(condition, asker)
    return found


def test_of(condition: Condition, asker: Asker) -> Q:
    """Return the same for a condition that has not been read yet."""
    if isinstance(condition, Comparison):
        field_ = field_for(condition, asker)
        return field_.condition(condition.operator, field_.read(condition.values, condition.operator, asker), asker)
    parts = [condition_of(part, asker) for part in condition.parts]
    if condition.joint == "not":
        return ~parts[0]
    found = Q()
    for part in parts:
        found = found | part if condition.joint == "any" else found & part
    return found


def field_for(test: Comparison, asker: Asker) -> FilterField:
    """Return the field of a test; raises ConditionError when the reader has none such or it cannot compare so."""
    field_ = FIELDS.get(test.field)
    if field_ is None or not field_.is_for(asker):
        raise ConditionError(_("“%(key)s” is no filter or setting of a report.") % {"key": test.field[:40]})
    if test.operator not in field_.operators:
        text = _("“%(field)s” cannot be compared by “%(operator)s”.")
        raise ConditionError(text % {"field": field_.label, "operator": test.operator[:20]})
    return field_


def in_words(condition: Condition, asker: Asker) -> str:
    """Return a condition as people say it."""
    if isinstance(condition, Comparison):
        field_ = field_for(condition, asker)
        values = field_.read(condition.values, condition.operator, asker)
        said = _(", ").join(field_.said(value, asker) for value in values)
        return f"{field_.label} {OPERATORS[condition.operator]} {said}"
    if condition.joint == "not":
        return _("not (%(condition)s)") % {"condition": in_words(condition.parts[0], asker)}
    joint = _(" or ") if condition.joint == "any" else _(" and ")
    return joint.join(
        f"({in_words(part, asker)})" if isinstance(part, Group) else in_words(part, asker) for part in condition.parts
    )


def period_of(question: Question, zone: ZoneInfo) -> Period:
    """Return the moments from which and until which calls count."""
    with timezone.override(zone):
        return periods.between(*question.days())


def previous(question: Question) -> Question | None:
    """Return the same question about the equal period before, None for an open one.

    Whole months are compared with as many whole months before; otherwise as many days before.
    """
    first, last = question.days()
    if first is None or last is None:
        return None
    day_before = first - timedelta(days=1)
    months = periods.months_between(first, last)
    begin = periods.months_later(first, -months) if months else first - (last - first) - timedelta(days=1)
    return replace(question, period=CUSTOM, first=begin, last=day_before)


def asker_for(reader: User, masker: Masker, question_zone: str = "") -> Asker:
    """Return for whom a question is read, in the question's zone, else in the active one."""
    zone = ZoneInfo(question_zone) if question_zone in ZONES else timezone.get_current_timezone()
    return Asker(reader, masker, zone if isinstance(zone, ZoneInfo) else ZoneInfo(str(zone)))


def days_in_words(question: Question) -> str:
    """Return the days of a question's period."""
    first, last = question.days()
    return " – ".join(formats.date_format(day, "SHORT_DATE_FORMAT") if day else "…" for day in (first, last))
