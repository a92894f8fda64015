"""The kinds of filter fields: how values are read, refused, tested by the database and said in words."""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Model, Q, QuerySet
from django.utils import formats
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounting.filters import units_seen_by
from accounting.models import CallRecord, User
from accounting.querysets.calls import CallRecordQuerySet
from accounting.services.describing import cause_in_words
from accounting.services.finding import SeveralPeopleError, find_person, people_seen_by
from accounting.services.masking import PRIVATE_KEY, TOKEN_MARK, Masker
from callanalytics.lib.folding import search_for
from callanalytics.lib.places import country_name
from reports.engine.conditions import Condition, ConditionError

OPERATORS: dict[str, str | Promise] = {
    "is": gettext_lazy("is"),
    "not": gettext_lazy("is not"),
    "begins": gettext_lazy("begins with"),
    "contains": gettext_lazy("contains"),
    "ge": gettext_lazy("at least"),
    "le": gettext_lazy("at most"),
    "gt": gettext_lazy("more than"),
    "lt": gettext_lazy("less than"),
    "within": gettext_lazy("within"),
    "outside": gettext_lazy("outside of"),
}
LISTED = ("is", "not")
TEXTS = ("is", "not", "begins", "contains")
AMOUNTS = ("ge", "le", "gt", "lt", "is")
LOOKUPS = {"ge": "gte", "le": "lte", "gt": "gt", "lt": "lt", "is": "exact"}
AS_DIALLED = re.compile(r"[\d\s+()/.\-]+")
NOT_DIALLED = re.compile(r"[^\d+]")
LONGEST_TEXT = 255


@dataclass(frozen=True)
class Asker:
    """For whom a question is read: whose scope, whose masks, in which zone."""

    reader: User
    masker: Masker
    zone: ZoneInfo

    @cached_property
    def calls(self) -> CallRecordQuerySet:
        """All calls that the reader may see."""
        return CallRecord.objects.visible_to(self.reader)

    @cached_property
    def units(self) -> dict[str, QuerySet[Any] | None]:
        """Departments, cost centres and offices that the reader may filter by."""
        if not self.reader.is_overseer:
            return dict.fromkeys(("department", "cost_centre", "office"))
        return units_seen_by(self.reader)

    @cached_property
    def conditions(self) -> dict[Condition, Q]:
        """The conditions that have been read, with what the database tests: a page asks for each several times."""
        return {}


@dataclass(frozen=True)
class FilterField(ABC):
    """One field that conditions can compare."""

    name: str
    label: str | Promise
    operators: tuple[str, ...] = LISTED
    columns: frozenset[str] = frozenset()
    """Columns that a table of totals must have to answer it; empty: call records only."""
    of_calls: bool = True
    """Whether calls have it; others only reports can be narrowed by that show something else, and say so."""

    @abstractmethod
    def read(self, texts: Sequence[str], operator: str, asker: Asker) -> list[Any]:
        """Return the values that texts of an address mean; raises ConditionError in the reader's language."""

    @abstractmethod
    def condition(self, operator: str, values: list[Any], asker: Asker) -> Q:
        """Return what the database tests."""

    def said(self, value: Any, asker: Asker) -> str:
        """Return one value in words."""
        return str(value)

    def choices(self, asker: Asker) -> list[tuple[str, str]] | None:
        """Return what can be chosen: what stands in an address, and its words; None: anything can be typed."""
        return None

    def is_for(self, asker: Asker) -> bool:
        """Return whether the reader has this field."""
        return True

    def refuse(self, text: str) -> ConditionError:
        """Return the error for a value that is none of this field."""
        message = _("“%(value)s” is no value of “%(field)s”.")
        return ConditionError(message % {"value": text[:60], "field": self.label})

    def one(self, texts: Sequence[str]) -> str:
        """Return the only value; raises ConditionError when there are several."""
        if len(texts) != 1:
            raise ConditionError(_("“%(field)s” takes one value here.") % {"field": self.label})
        return texts[0]


def row_id(text: str) -> int | None:
    """Return the id that a text is, None when no table could hold it."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


def negated(condition: Q, operator: str) -> Q:
    """Return the condition, turned round for "not"."""
    return ~condition if operator == "not" else condition


@dataclass(frozen=True)
class ChoiceField(FilterField):
    """A column with fixed values, written by their English names."""

    column: str = ""
    members: Mapping[str, tuple[tuple[Any, ...], str | Promise]] = field(default_factory=dict)
    """By name in addresses: the column's values, and the words."""

    def read(self, texts: Sequence[str], operator: str, asker: Asker) -> list[Any]:
        """Return the names."""
        for text in texts:
            if text not in self.members:
                raise self.refuse(text)
        return list(texts)

    def condition(self, operator: str, values: list[Any], asker: Asker) -> Q:
        """Return a test for the values behind the names."""
        wanted = [value for name in values for value in self.members[name][0]]
        return negated(Q(**{f"{self.column}__in": wanted}), operator)

    def said(self, value: Any, asker: Asker) -> str:
        """Return the words of a name."""
        return str(self.members[value][1])

    def choices(self, asker: Asker) -> list[tuple[str, str]]:
        """Return all names."""
        return [(name, str(label)) for name, (_values, label) in self.members.items()]


def choice(name: str, label: str | Promise, column: str, kinds: Any, *, totals: bool = False) -> ChoiceField:
    """Return the field of a column with Django choices."""
    members = {member.name.lower(): ((member.value,), member.label) for member in kinds}
    return ChoiceField(name, label, columns=frozenset({column} if totals else ()), column=column, members=members)


@dataclass(frozen=True)
class RowField(FilterField):
    """A column of ids, written as ids."""

    column: str = ""
    model: type[Model] = Model
    unit: str = ""
    """Of units: only those that the reader may see can be chosen."""
    widen: Callable[[Iterable[int]], Iterable[Any]] | None = None
    """Further values that a chosen row stands for: departments below, tariffs of a carrier."""

    def rows(self, asker: Asker) -> QuerySet[Any]:
        """Return what can be chosen."""
        units = asker.units[self.unit] if self.unit else None
        return QuerySet(self.model) if units is None else units

    def read(self, texts: Sequence[str], operator: str, asker: Asker) -> list[Any]:
        """Return the chosen rows; "none" stands for calls without one."""
        ids = [pk for pk in map(row_id, texts) if pk is not None]
        found = {row.pk: row for row in self.rows(asker).filter(pk__in=ids)}
        return [None if text == "none" else found.get(row_id(text)) or self.named(text, asker) for text in texts]

    def named(self, text: str, asker: Asker) -> Any:
        """Return the row of a name that somebody typed; raises ConditionError when there is none, or several."""
        rows = [] if row_id(text) is not None or "\0" in text else list(self.rows(asker).filter(name__iexact=text)[:2])
        if len(rows) != 1:
            raise self.refuse(text)
        return rows[0]

    def condition(self, operator: str, values: list[Any], asker: Asker) -> Q:
        """Return a test for the chosen rows."""
        ids = [row.pk for row in values if row is not None]
        test = Q(**{f"{self.column}__in": list(self.widen(ids) if self.widen else ids)})
        if None in values:
            test |= Q(**{f"{self.column}__isnull": True})
        return negated(test, operator)

    def said(self, value: Any, asker: Asker) -> str:
        """Return the row's name."""
        return _("none") if value is None else str(value)

    def choices(self, asker: Asker) -> list[tuple[str, str]]:
        """Return all rows."""
        return [(str(row.pk), str(row)) for row in self.rows(asker)]

    def is_for(self, asker: Asker) -> bool:
        """Return whether the reader sees calls of any such unit."""
        return not self.unit or asker.units[self.unit] is not None


@dataclass(frozen=True)
class PersonField(FilterField):
    """The person whose call it is, written by user name."""

    def read(self, texts: Sequence[str], operator: str, asker: Asker) -> list[Any]:
        """Return people whose calls the reader may see."""
        return [None if text == "none" else self.found(text, asker) for text in texts]

    def found(self, text: str, asker: Asker) -> User:
        """Return the person of a user name, an extension or the beginning of names."""
        if text.startswith("id:"):
            return self.known(text, asker)
        try:
            person = find_person(asker.reader, text)
        except SeveralPeopleError as error:
            message = _("“%(value)s” fits several people. Enter the user name or the extension.")
            raise ConditionError(message % {"value": text[:60]}) from error
        if person is None:
            message = _("Nobody whose calls you may see is called “%(value)s” or has that extension.")
            raise ConditionError(message % {"value": text[:60]})
        return person

    def known(self, text: str, asker: Asker) -> User:
        """Return the person of an id; raises ConditionError unless the reader sees that person or one of the calls."""
        pk = row_id(text.removeprefix("id:"))
        if pk is None:
            raise self.refuse(text)
        person = people_seen_by(asker.reader).filter(pk=pk).first()
        if person is None and CallRecord.objects.visible_to(asker.reader).filter(user_id=pk).exists():
            person = User.objects.filter(pk=pk).first()
        if person is None:
            raise self.refuse(text)
        return person

    def condition(self, operator: str, values: list[Any], asker: Asker) -> Q:
        """Return a test for these people."""
        test = Q(user_id__in=[person.pk for person in values if person is not None])
        return negated(test | Q(user_id__isnull=True) if None in values else test, operator)

    def said(self, value: Any, asker: Asker) -> str:
        """Return the person's name."""
        return _("nobody") if value is None else str(value)

    def is_for(self, asker: Asker) -> bool:
        """Return whether the reader sees calls of others."""
        return asker.reader.is_overseer


@dataclass(frozen=True)
class TextField(FilterField):
    """A column of text."""

    operators: tuple[str, ...] = TEXTS
    column: str = ""

    def read(self, texts: Sequence[str], operator: str, asker: Asker) -> list[Any]:
        """Return the texts; "none" stands for an empty one."""
        for text in texts:
            if len(text) > LONGEST_TEXT or "\0" in text:
                raise self.refuse(text)
        return ["" if text == "none" else text for text in texts]

    def condition(self, operator: str, values: list[Any], asker: Asker) -> Q:
        """Return a test for any of the texts."""
        if operator in LISTED:
            return negated(Q(**{f"{self.column}__in": values}), operator)
        lookup = "startswith" if operator == "begins" else "contains"
        test = Q()
        for value in values:
            test |= Q(**{f"{self.column}__{search_for(value, lookup)}": value})
        return test

    def said(self, value: Any, asker: Asker) -> str:
        """Return the text, or that it is empty."""
        return value or _("none")


class PlaceField(TextField):
    """Where the other party is; private calls of others have but one place."""

    def condition(self, operator: str, values: list[Any], asker: Asker) -> Q:
        """Return a test in which the places of others' private calls never decide."""
        test = super().condition(operator, values, asker)
        return test if operator in LISTED else test & ~asker.masker.hidden_whole()

    def said(self, value: Any, asker: Asker) -> str:
        """Return the place, that there is none, or that it is private."""
        return _("Private") if value == PRIVATE_KEY else super().said(value, asker)


class CountryField(PlaceField):
    """The country of the other party, by its two letters."""

    def read(self, texts: Sequence[str], operator: str, asker: Asker) -> list[Any]:
        """Return the codes in capitals."""
        codes = ["" if text == "none" else text if text == PRIVATE_KEY else text.upper() for text in texts]
        for code in codes:
            if code and country_name(code) == code and code not in ("001", PRIVATE_KEY):
                raise self.refuse(code)
        return codes

    def said(self, value: Any, asker: Asker) -> str:
        """Return the country's name."""
        return country_name(value) if value and value != PRIVATE_KEY else super().said(value, asker)


class NumberField(TextField):
    """The other party's number, as far as the reader sees its digits."""

    def read(self, texts: Sequence[str], operator: str, asker: Asker) -> list[Any]:
        """Return the numbers as call records hold them: 00 at the beginning is +."""
        return [self.normalised(text, operator, asker) for text in texts]

    def normalised(self, text: str, operator: str, asker: Asker) -> str:
        """Return one number; raises ConditionError for hidden digits and tokens of others."""
        if text == "none":
            return ""
        if text.startswith(TOKEN_MARK):
            try:
                asker.masker.opened(text)
            except ValueError as error:
                raise ConditionError(_("This link belongs to another person.")) from error
            return text
        if "\0" in text:
            raise self.refuse(text.replace("\0", ""))
        if "*" in text and text[0] not in "*#":
            raise ConditionError(_("Hidden digits cannot be searched for."))
        if operator == "contains" and asker.masker.rules:
            raise ConditionError(_("Numbers that are partly hidden can only be compared from their beginning."))
        if not AS_DIALLED.fullmatch(text):
            return text
        cleaned = NOT_DIALLED.sub("", text)
        return f"+{cleaned[2:]}" if cleaned.startswith("00") and operator != "contains" else cleaned

    def condition(self, operator: str, values: list[Any], asker: Asker) -> Q:
        """Return a test in which digits that the reader does not see never decide."""
        test = Q()
        for value in values:
            if operator == "contains":
                test |= Q(**{f"other_number__{search_for(value, 'contains')}": value}) & ~asker.masker.hidden_whole()
            else:
                test |= asker.masker.condition(value, begins=operator == "begins")
        return negated(test, operator)

    def said(self, value: Any, asker: Asker) -> str:
        """Return the number as the reader may see it."""
        return asker.masker.shown_key(value) if value else _("withheld")


@dataclass(frozen=True)
class SecondsField(FilterField):
    """A length of time: seconds (20 or 20 s), or m:ss, or h:mm:ss."""

    operators: tuple[str, ...] = AMOUNTS
    column: str = ""

    def read(self, texts: Sequence[str], operator: str, asker: Asker) -> list[Any]:
        """Return the seconds."""
        parts = self.one(texts).lower().removesuffix("s").strip().split(":")
        if len(parts) > 3 or not all(part.isascii() and part.isdigit() and len(part) <= 8 for part in parts):
            raise self.refuse(texts[0])
        seconds = 0
        for part in parts:
            seconds = seconds * 60 + int(part)
        return [seconds]

    def condition(self, operator: str, values: list[Any], asker: Asker) -> Q:
        """Return a comparison."""
        return Q(**{f"{self.column}__{LOOKUPS[operator]}": values[0]})

    def said(self, value: Any, asker: Asker) -> str:
        """Return h:mm:ss."""
        return f"{value // 3600}:{value // 60 % 60:02}:{value % 60:02}"


@dataclass(frozen=True)
class AmountField(FilterField):
    """A decimal: the cost of a call, or its voice quality."""

    operators: tuple[str, ...] = AMOUNTS
    column: str = ""
    scale: int = 0
    """Decimal places by which the column's numbers are moved; 0: an amount of money."""

    def read(self, texts: Sequence[str], operator: str, asker: Asker) -> list[Any]:
        """Return the number, written with a point."""
        text = self.one(texts)
        try:
            value = Decimal(text.replace(",", "."))
        except InvalidOperation as error:
            raise self.refuse(text) from error
        if not value.is_finite() or abs(value) > 10**9 or value != round(value, 6):
            raise self.refuse(text)
        return [value]

    def condition(self, operator: str, values: list[Any], asker: Asker) -> Q:
        """Return a comparison; calls without a price or quality never meet it."""
        value = values[0].scaleb(self.scale) if self.scale else values[0]
        return Q(**{f"{self.column}__{LOOKUPS[operator]}": value})

    def said(self, value: Any, asker: Asker) -> str:
        """Return the number in the reader's format."""
        return formats.number_format(value)


@dataclass(frozen=True)
class CauseField(FilterField):
    """Why a call ended: Q.850 codes, 0 for not told."""

    def read(self, texts: Sequence[str], operator: str, asker: Asker) -> list[Any]:
        """Return the codes."""
        for text in texts:
            if not (text.isascii() and text.isdigit() and len(text) <= 10):
                raise self.refuse(text)
        return [int(text) for text in texts]

    def condition(self, operator: str, values: list[Any], asker: Asker) -> Q:
        """Return a test for these codes."""
        return negated(Q(cause__in=values), operator)

    def said(self, value: Any, asker: Asker) -> str:
        """Return the cause in words."""
        return str(cause_in_words(value)) if value else _("not told")
