"""What reports group by: each way of grouping by name, with the columns it reads and how its groups are called."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import F, IntegerField, QuerySet
from django.db.models.functions import (
    Cast,
    ExtractHour,
    ExtractIsoWeekDay,
    ExtractMinute,
    Mod,
    TruncDay,
    TruncMonth,
    TruncWeek,
)
from django.utils import formats
from django.utils.dates import WEEKDAYS
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from accounting.models import (
    PRIVATE,
    CallType,
    Carrier,
    CostCentre,
    Department,
    Direction,
    Gateway,
    Kind,
    Office,
    Outcome,
    PhoneSystem,
    Pricing,
    Purpose,
    Rate,
)
from accounting.services.describing import cause_in_words
from accounting.services.masking import PRIVATE_KEY, Masker
from accounting.services.naming import person_names
from callanalytics.lib.places import country_name

Key = Any
"""The value of one dimension in a group: an id, a number, a text, a date; None or '' for "without"."""


@dataclass(frozen=True, slots=True)
class Wording:
    """For whom and in which zone groups are named."""

    masker: Masker
    zone: ZoneInfo


Namer = Callable[[Collection[Key], Wording], Mapping[Key, str]]


@dataclass(frozen=True, slots=True)
class Dimension:
    """One way of grouping calls."""

    name: str
    label: str | Promise
    plural: str | Promise
    expression: Callable[[ZoneInfo], Any]
    """What the database groups by, over call records or a table of totals."""
    names: Namer
    filter_by: str = ""
    """The filter field that leads from a group to its calls; '' when there is none."""
    fold: Callable[[Collection[Key]], Mapping[Key, Key]] | None = None
    """Turns the database's keys into the group's: a rate into its carrier."""
    ordered: bool = False
    """Whether groups have an order of their own (time, weekday), which stands before their figures."""
    columns: frozenset[str] = frozenset()
    """Columns that a table of totals must have to answer it."""
    without: str | Promise = ""
    many: bool = False
    """Whether there may be thousands of groups, of which a page shows few."""


def _column(name: str) -> Callable[[ZoneInfo], Any]:
    return lambda zone: F(name)


def _named_rows(model: Any) -> Namer:
    def names(keys: Collection[Key], wording: Wording) -> Mapping[Key, str]:
        rows: dict[int, Any] = QuerySet(model).in_bulk([key for key in keys if key])
        return {pk: str(row) for pk, row in rows.items()}

    return names


def _people(keys: Collection[Key], wording: Wording) -> Mapping[Key, str]:
    return person_names(keys)


def _choices(choices: Any) -> Namer:
    return lambda keys, wording: {key: str(label) for key, label in choices.choices}


def _as_they_are(keys: Collection[Key], wording: Wording) -> Mapping[Key, str]:
    return {key: str(key) for key in keys}


def _numbers(keys: Collection[Key], wording: Wording) -> Mapping[Key, str]:
    return {key: wording.masker.of_others(key).text for key in keys}


def _countries(keys: Collection[Key], wording: Wording) -> Mapping[Key, str]:
    return {key: _("Private") if key == PRIVATE_KEY else country_name(key) for key in keys}


def _destinations(keys: Collection[Key], wording: Wording) -> Mapping[Key, str]:
    return {key: _("Private") if key == PRIVATE_KEY else str(key) for key in keys}


def _prefixes(keys: Collection[Key], wording: Wording) -> Mapping[Key, str]:
    return {key: _("Private") if key == PRIVATE_KEY else f"{key}…" for key in keys}


def _purposes(keys: Collection[Key], wording: Wording) -> Mapping[Key, str]:
    return {key: _("Private") if key in PRIVATE else _("Business") for key in keys}


def purposes_in_two(keys: Collection[Key]) -> Mapping[Key, Key]:
    """Return private or business for each purpose."""
    return {key: Purpose.MARKED.value if key in PRIVATE else Purpose.BUSINESS.value for key in keys}


def _half_hour(zone: ZoneInfo) -> Any:
    minute = ExtractMinute("started_at", tzinfo=zone)
    # PostgreSQL's parts of a moment are no integers, so that a division would not cut them.
    return Cast(ExtractHour("started_at", tzinfo=zone) * 60 + minute - Mod(minute, 30), IntegerField())


def _days(keys: Collection[Key], wording: Wording) -> Mapping[Key, str]:
    return {key: formats.date_format(key, "SHORT_DATE_FORMAT") for key in keys if key}


def _weeks(keys: Collection[Key], wording: Wording) -> Mapping[Key, str]:
    return {
        key: "{} – {}".format(
            *(formats.date_format(day, "SHORT_DATE_FORMAT") for day in (key, key + timedelta(days=6)))
        )
        for key in keys
        if key
    }


def _months(keys: Collection[Key], wording: Wording) -> Mapping[Key, str]:
    return {key: formats.date_format(key, "YEAR_MONTH_FORMAT") for key in keys if key}


def _weekdays(keys: Collection[Key], wording: Wording) -> Mapping[Key, str]:
    return {key: str(WEEKDAYS[key - 1]) for key in keys if key}


def _hours(keys: Collection[Key], wording: Wording) -> Mapping[Key, str]:
    return {key: f"{key:02}:00" for key in keys if key is not None}


def _half_hours(keys: Collection[Key], wording: Wording) -> Mapping[Key, str]:
    return {key: f"{key // 60:02}:{key % 60:02}" for key in keys if key is not None}


def _causes(keys: Collection[Key], wording: Wording) -> Mapping[Key, str]:
    return {key: str(cause_in_words(key)) if key else _("not told") for key in keys}


def carriers_of_rates(rates: Collection[Key]) -> Mapping[Key, Key]:
    """Return the carrier of each rate."""
    return dict(Rate.objects.filter(pk__in=[rate for rate in rates if rate]).values_list("pk", "tariff__carrier_id"))


def day_of(key: datetime | date | None) -> date | None:
    """Return the day of what the database has cut a moment to."""
    return key.date() if isinstance(key, datetime) else key


DIMENSIONS: dict[str, Dimension] = {
    one.name: one
    for one in (
        Dimension(
            "person", gettext_lazy("Person"), gettext_lazy("People"), _column("user_id"), _people, "person",
            columns=frozenset({"user_id"}), without=gettext_lazy("Nobody"), many=True,
        ),
        Dimension(
            "extension", gettext_lazy("Extension"), gettext_lazy("Extensions"), _column("extension"), _as_they_are,
            "extension", columns=frozenset({"extension"}), many=True,
        ),
        Dimension(
            "department", gettext_lazy("Department"), gettext_lazy("Departments"), _column("department_id"),
            _named_rows(Department), "department", columns=frozenset({"department_id"}),
            without=gettext_lazy("Without department"),
        ),
        Dimension(
            "cost_centre", gettext_lazy("Cost centre"), gettext_lazy("Cost centres"), _column("cost_centre_id"),
            _named_rows(CostCentre), "cost_centre", columns=frozenset({"cost_centre_id"}),
            without=gettext_lazy("Without cost centre"),
        ),
        Dimension(
            "office", gettext_lazy("Office"), gettext_lazy("Offices"), _column("office_id"), _named_rows(Office),
            "office", columns=frozenset({"office_id"}), without=gettext_lazy("Without office"),
        ),
        Dimension(
            "call_type", gettext_lazy("Call type"), gettext_lazy("Call types"), _column("call_type"),
            _choices(CallType),             "call_type", columns=frozenset({"call_type"}),
        ),
        Dimension(
            "direction", gettext_lazy("Direction"), gettext_lazy("Directions"), _column("direction"),
            _choices(Direction), "direction", columns=frozenset({"direction"}),
        ),
        Dimension(
            "kind", gettext_lazy("Network"), gettext_lazy("Networks"), _column("kind"), _choices(Kind), "kind",
            columns=frozenset({"kind"}),
        ),
        Dimension(
            "outcome", gettext_lazy("Outcome"), gettext_lazy("Outcomes"), _column("outcome"), _choices(Outcome),
            "outcome", columns=frozenset({"outcome"}),
        ),
        Dimension(
            "pricing", gettext_lazy("Price"), gettext_lazy("Prices"), _column("pricing"), _choices(Pricing), "pricing"
        ),
        Dimension(
            "purpose", gettext_lazy("Private or business"), gettext_lazy("Private and business"), _column("purpose"),
            _purposes, "purpose", fold=purposes_in_two,
        ),
        Dimension(
            "country", gettext_lazy("Country"), gettext_lazy("Countries"), _column("seen_country"), _countries,
            "country",
            without=gettext_lazy("No country"),
        ),
        Dimension(
            "destination", gettext_lazy("Destination"), gettext_lazy("Destinations"), _column("seen_destination"),
            _destinations, "destination", without=gettext_lazy("Unknown destination"), many=True,
        ),
        Dimension(
            "number", gettext_lazy("Number"), gettext_lazy("Numbers"), _column("seen_number"), _numbers, "number",
            without=gettext_lazy("Number withheld"), many=True,
        ),
        Dimension(
            "prefix", gettext_lazy("Prefix"), gettext_lazy("Prefixes"), _column("seen_prefix"), _prefixes, "prefix",
            without=gettext_lazy("Number withheld"), many=True,
        ),
        Dimension(
            "gateway", gettext_lazy("Gateway"), gettext_lazy("Gateways"), _column("gateway_id"), _named_rows(Gateway),
            "gateway", without=gettext_lazy("No gateway"),
        ),
        Dimension(
            "carrier", gettext_lazy("Carrier"), gettext_lazy("Carriers"), _column("rate_id"), _named_rows(Carrier),
            "carrier", fold=carriers_of_rates, without=gettext_lazy("No carrier"),
        ),
        Dimension(
            "phone_system", gettext_lazy("Phone system"), gettext_lazy("Phone systems"), _column("phone_system_id"),
            _named_rows(PhoneSystem), "phone_system", columns=frozenset({"phone_system_id"}),
        ),
        Dimension("cause", gettext_lazy("Cause"), gettext_lazy("Causes"), _column("cause"), _causes, "cause"),
        Dimension(
            "hunt_pilot", gettext_lazy("Hunt pilot"), gettext_lazy("Hunt pilots"), _column("hunt_pilot"), _as_they_are,
            "hunt_pilot", without=gettext_lazy("No hunt pilot"),
        ),
        Dimension(
            "authorization_code", gettext_lazy("Authorisation code"), gettext_lazy("Authorisation codes"),
            _column("authorization_code"), _as_they_are, "authorization_code", without=gettext_lazy("No code"),
            many=True,
        ),
        Dimension(
            "matter_code", gettext_lazy("Client matter code"), gettext_lazy("Client matter codes"),
            _column("matter_code"), _as_they_are, "matter_code", without=gettext_lazy("No code"), many=True,
        ),
        Dimension(
            "day", gettext_lazy("Day"), gettext_lazy("Days"), lambda zone: TruncDay("started_at", tzinfo=zone), _days,
            "day", ordered=True, columns=frozenset({"day"}),
        ),
        Dimension(
            "week", gettext_lazy("Week"), gettext_lazy("Weeks"), lambda zone: TruncWeek("started_at", tzinfo=zone),
            _weeks, ordered=True, columns=frozenset({"day"}),
        ),
        Dimension(
            "month", pgettext_lazy("calendar", "Month"), gettext_lazy("Months"),
            lambda zone: TruncMonth("started_at", tzinfo=zone), _months, ordered=True, columns=frozenset({"day"}),
        ),
        Dimension(
            "weekday", gettext_lazy("Weekday"), gettext_lazy("Weekdays"),
            lambda zone: ExtractIsoWeekDay("started_at", tzinfo=zone), _weekdays, "weekday", ordered=True,
        ),
        Dimension(
            "hour", gettext_lazy("Hour"), gettext_lazy("Hours"), lambda zone: ExtractHour("started_at", tzinfo=zone),
            _hours, "hour", ordered=True,
        ),
        Dimension(
            "half_hour", gettext_lazy("Half-hour"), gettext_lazy("Half-hours"),
            _half_hour,
            _half_hours, "half_hour", ordered=True,
        ),
    )
}  # fmt: skip
