"""The filters of the call list."""

import re
from datetime import date
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from accounting.models import (
    PRIVATE,
    UNPRICED,
    CallType,
    CostCentre,
    Department,
    Direction,
    Gateway,
    Kind,
    Office,
    Outcome,
    Pricing,
    User,
)
from accounting.querysets.calls import CallRecordQuerySet
from accounting.querysets.organization import subtree
from accounting.services.finding import SeveralPeopleError, find_person
from accounting.services.masking import TOKEN_MARK, Masker
from callanalytics.lib import periods
from callanalytics.lib.phone_numbers import plain_digits
from callanalytics.web.filters import Chip, FilterForm

Records = CallRecordQuerySet

DEFAULT_PERIOD = "30d"
CUSTOM = "custom"
EARLIEST, LATEST = date(1990, 1, 1), date(2100, 1, 1)
LONGEST_CALL = 7 * 86400
NUMBER_AS_TYPED = re.compile(r"[\d\s+()/.\-\u200e\u200f\u202a-\u202e\u2066-\u2069]+")
NOT_DIALLED = re.compile(r"[^\d+]")


class CallFilter(FilterForm):
    """Filters of calls that everyone has."""

    other_keys = frozenset({"after", "before", "size", "sort"})
    modifiers = frozenset({"from", "to", "match"})
    hidden_chips = frozenset({"period"})

    period = forms.ChoiceField(
        label=gettext_lazy("Period"),
        required=False,
        choices=[*periods.NAMES.items(), (CUSTOM, gettext_lazy("From … to …"))],
    )
    number = forms.CharField(label=gettext_lazy("Other party's number"), required=False, max_length=400)
    match = forms.ChoiceField(
        label=gettext_lazy("Compare"),
        required=False,
        choices=[("equals", gettext_lazy("is")), ("begins", gettext_lazy("begins with"))],
    )
    direction = forms.TypedChoiceField(label=gettext_lazy("Direction"), required=False, coerce=int)
    kind = forms.TypedChoiceField(label=gettext_lazy("Network"), required=False, coerce=int)
    outcome = forms.TypedChoiceField(label=gettext_lazy("Outcome"), required=False, coerce=int)
    call_type = forms.TypedChoiceField(label=gettext_lazy("Call type"), required=False, coerce=int)
    extension = forms.CharField(label=gettext_lazy("Extension"), required=False, max_length=50)
    min_duration = forms.IntegerField(
        label=gettext_lazy("At least seconds"), required=False, min_value=1, max_value=LONGEST_CALL
    )
    price = forms.ChoiceField(
        label=gettext_lazy("Price"),
        required=False,
        choices=[
            ("", gettext_lazy("Any")),
            ("priced", gettext_lazy("Priced")),
            ("unpriced", gettext_lazy("No price yet")),
            ("free", gettext_lazy("Not chargeable")),
        ],
    )
    purpose = forms.ChoiceField(
        label=gettext_lazy("Private or business"),
        required=False,
        choices=[
            ("", gettext_lazy("Any")),
            ("business", gettext_lazy("Business")),
            ("private", gettext_lazy("Private")),
        ],
    )
    gateway = forms.ModelChoiceField(
        label=gettext_lazy("Gateway"), required=False, queryset=Gateway.objects.none(), empty_label=gettext_lazy("Any")
    )
    mine = forms.BooleanField(label=gettext_lazy("My calls only"), required=False)

    def __init__(self, params: QueryDict, *, reader: User, masker: Masker) -> None:
        super().__init__(_with_period(params))
        self.params = params
        self.reader, self.masker = reader, masker
        for name, choices in (
            ("direction", Direction.choices),
            ("kind", Kind.choices),
            ("outcome", Outcome.choices),
            ("call_type", CallType.choices),
        ):
            self.fields[name].choices = [("", _("Any")), *choices]  # type: ignore[attr-defined]
        self.fields["gateway"].queryset = Gateway.objects.all()  # type: ignore[attr-defined]
        # “from” is a word of Python, so these two fields cannot be attributes.
        self.fields["from"] = forms.DateField(label=pgettext("date", "From"), required=False, widget=_date_widget())
        self.fields["to"] = forms.DateField(label=_("To, included"), required=False, widget=_date_widget())
        self.order_fields(["number", "match", "period", "from", "to"])

    def clean_mine(self) -> bool:
        """Return whether only the reader's calls are wanted; anything but 1 is refused, not guessed at."""
        if self.params.get("mine", "1") not in ("1", ""):
            raise forms.ValidationError(_("The value must be 1."))
        return self.params.get("mine") == "1"

    def clean_number(self) -> str:
        """Return the number as normalised: without blanks and brackets."""
        number: str = self.cleaned_data["number"]
        if number.startswith(TOKEN_MARK):
            try:
                self.masker.opened(number)
            except ValueError as error:
                raise forms.ValidationError(_("This link belongs to another person.")) from error
            return number
        if "\0" in number or ("*" in number and number[0] not in "*#"):
            raise forms.ValidationError(_("Hidden digits cannot be searched for."))
        if not NUMBER_AS_TYPED.fullmatch(number):
            return number
        cleaned = NOT_DIALLED.sub("", plain_digits(number))
        return f"+{cleaned[2:]}" if cleaned.startswith("00") else cleaned

    def clean_extension(self) -> str:
        """Return the extension with plain digits."""
        return plain_digits(self.cleaned_data["extension"])

    def clean(self) -> dict[str, Any]:
        """Check that the dates are possible and in order."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        first, last = cleaned.get("from"), cleaned.get("to")
        for day in (first, last):
            if day and not EARLIEST <= day <= LATEST:
                raise forms.ValidationError(_("The dates must lie between 1990 and 2100."))
        if first and last and first > last:
            raise forms.ValidationError(_("The first day is after the last one."))
        return cleaned

    def address(self) -> QueryDict:
        """Return the address of these filters with the person's user name, whatever was typed."""
        person = self.cleaned_data.get("person")
        if person is None or self.params["person"] == person.username:
            return self.params
        named = self.params.copy()
        named["person"] = person.username
        return named

    def chips(self) -> list[Chip]:
        """Return the period first, then the other filters."""
        return [Chip(_("Period"), self.period_in_words(), ""), *super().chips()]

    def in_words(self, name: str, value: Any) -> str:
        """Return the value of a filter as people say it."""
        if name == "number":
            shown = self.masker.shown_key(value)
            return _("begins with %(number)s") % {"number": shown} if self._begins else shown
        return super().in_words(name, value)

    def period_in_words(self) -> str:
        """Return the period with its days."""
        name = self.cleaned_data["period"]
        if name == CUSTOM:
            first, last = self.cleaned_data.get("from"), self.cleaned_data.get("to")
        else:
            first, last = periods.days_of(name, periods.today())
        days = " – ".join(formats.date_format(day, "SHORT_DATE_FORMAT") if day else "…" for day in (first, last))
        if name == CUSTOM:
            return days
        label = str(periods.NAMES[name])
        return label if name == "all" else f"{label} ({days})"

    def by_period(self, records: Records, name: str) -> Records:
        """Keep the calls of the period."""
        if name == CUSTOM:
            period = periods.between(self.cleaned_data.get("from"), self.cleaned_data.get("to"))
        else:
            period = periods.named(name)
        if period.start:
            records = records.filter(started_at__gte=period.start)
        return records.filter(started_at__lt=period.end) if period.end else records

    def by_number(self, records: Records, number: str) -> Records:
        """Keep the calls with a number, as far as the reader sees its digits."""
        return self.masker.matching(records, number, begins=self._begins)

    def by_direction(self, records: Records, value: int) -> Records:
        """Keep one direction."""
        return records.filter(direction=value)

    def by_kind(self, records: Records, value: int) -> Records:
        """Keep calls of the public network, or internal ones."""
        return records.filter(kind=value)

    def by_outcome(self, records: Records, value: int) -> Records:
        """Keep one outcome."""
        return records.filter(outcome=value)

    def by_call_type(self, records: Records, value: int) -> Records:
        """Keep one call type."""
        return records.filter(call_type=value)

    def by_extension(self, records: Records, number: str) -> Records:
        """Keep the calls of one own extension."""
        return records.filter(extension=number)

    def by_min_duration(self, records: Records, seconds: int) -> Records:
        """Keep calls with at least so many seconds of conversation."""
        return records.filter(talk_seconds__gte=seconds)

    def by_price(self, records: Records, value: str) -> Records:
        """Keep calls with a price, without one, or free of charge."""
        wanted = {"priced": (Pricing.PRICED,), "unpriced": UNPRICED, "free": (Pricing.NOT_CHARGEABLE,)}[value]
        return records.filter(pricing__in=wanted)

    def by_purpose(self, records: Records, value: str) -> Records:
        """Keep private calls, or all others."""
        return records.filter(purpose__in=PRIVATE) if value == "private" else records.exclude(purpose__in=PRIVATE)

    def by_gateway(self, records: Records, gateway: Gateway) -> Records:
        """Keep calls over one gateway."""
        return records.filter(gateway_id=gateway.pk)

    def by_mine(self, records: Any, _wanted: bool) -> Records:
        """Keep the reader's own calls."""
        own: Records = records.own(self.reader)
        return own

    @property
    def _begins(self) -> bool:
        return self.cleaned_data.get("match") == "begins" and not self.cleaned_data["number"].startswith(TOKEN_MARK)


class ScopedCallFilter(CallFilter):
    """Filters of calls for people who see the calls of others."""

    person = forms.CharField(label=gettext_lazy("Person"), required=False, max_length=150)
    department = forms.ModelChoiceField(
        label=gettext_lazy("Department"),
        required=False,
        queryset=Department.objects.none(),
        empty_label=gettext_lazy("Any"),
    )
    cost_centre = forms.ModelChoiceField(
        label=gettext_lazy("Cost centre"),
        required=False,
        queryset=CostCentre.objects.none(),
        empty_label=gettext_lazy("Any"),
    )
    office = forms.ModelChoiceField(
        label=gettext_lazy("Office"), required=False, queryset=Office.objects.none(), empty_label=gettext_lazy("Any")
    )

    def __init__(self, params: QueryDict, *, reader: User, masker: Masker) -> None:
        super().__init__(params, reader=reader, masker=masker)
        self.order_fields(["person"])
        for name, units in units_seen_by(reader).items():
            if units is None:
                del self.fields[name]
            else:
                self.fields[name].queryset = units  # type: ignore[attr-defined]

    def clean_person(self) -> User | None:
        """Return the person who is meant by a user name, an extension or the beginning of names."""
        typed = plain_digits(self.cleaned_data["person"])
        if not typed:
            return None
        try:
            found = find_person(self.reader, typed)
        except SeveralPeopleError as error:
            text = _("“%(value)s” fits several people: %(people)s… Enter the user name or the extension.")
            people = ", ".join(f"{person} ({person.username})" for person in error.people)
            raise forms.ValidationError(text % {"value": typed, "people": people}) from error
        if found is None:
            text = _("Nobody whose calls you may see is called “%(value)s” or has that extension.")
            raise forms.ValidationError(text % {"value": typed})
        return found

    def by_person(self, records: Records, person: User) -> Records:
        """Keep the calls of one person."""
        return records.filter(user_id=person.pk)

    def by_department(self, records: Records, department: Department) -> Records:
        """Keep the calls of a department and of all below it."""
        return records.filter(department_id__in=subtree([department.pk]))

    def by_cost_centre(self, records: Records, cost_centre: CostCentre) -> Records:
        """Keep the calls of one cost centre."""
        return records.filter(cost_centre_id=cost_centre.pk)

    def by_office(self, records: Records, office: Office) -> Records:
        """Keep the calls of one office."""
        return records.filter(office_id=office.pk)


def units_seen_by(reader: User) -> dict[str, QuerySet[Any] | None]:
    """Return the departments, cost centres and offices that a reader may filter by; None for kinds not supervised."""
    kinds: dict[str, QuerySet[Any]] = {
        "department": Department.objects.all(),
        "cost_centre": CostCentre.objects.all(),
        "office": Office.objects.all(),
    }
    if reader.is_administrator:
        return {**kinds}
    scopes = list(reader.supervisions.values_list("department_id", "cost_centre_id", "office_id"))
    supervised = {name: {scope[place] for scope in scopes if scope[place]} for place, name in enumerate(kinds)}
    if supervised["department"]:
        supervised["department"] = subtree(pk for pk in supervised["department"] if pk)
    return {name: units.filter(pk__in=supervised[name]) if supervised[name] else None for name, units in kinds.items()}


def call_filter(params: QueryDict, reader: User, masker: Masker) -> CallFilter:
    """Return the filters that this reader has."""
    return (ScopedCallFilter if reader.is_overseer else CallFilter)(params, reader=reader, masker=masker)


def _with_period(params: QueryDict) -> QueryDict:
    """Return the address with the period that holds: the one of its days, else the named one, else the default."""
    dated = params.get("from") or params.get("to")
    if params.get("period") and not dated:
        return params
    completed = params.copy()
    # The form always sends a period, so days that somebody typed must win.
    completed["period"] = CUSTOM if dated else DEFAULT_PERIOD
    return completed


def _date_widget() -> forms.DateInput:
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
