"""The filter fields of every report, each of one kind."""

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy

from accounting.models import (
    PRIVATE,
    UNPRICED,
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
    ReleasedBy,
)
from accounting.querysets.organization import subtree
from phonelock.models import Happened
from reports.engine.business_hours import BusinessHoursField
from reports.engine.field_kinds import (
    LISTED,
    OPERATORS,
    AmountField,
    Asker,
    CauseField,
    ChoiceField,
    CountryField,
    FilterField,
    NumberField,
    PersonField,
    PlaceField,
    RowField,
    SecondsField,
    TextField,
    choice,
)
from reports.engine.time_fields import ArrivalField, ClockField, DayField, SlotField, WeekdayField

__all__ = ["FIELDS", "OPERATORS", "Asker", "ChoiceField", "FilterField"]


def tariffs_rates(carriers: Iterable[int]) -> QuerySet[Any]:
    """Return the ids of all rates of these carriers."""
    return Rate.objects.filter(tariff__carrier_id__in=list(carriers)).values_list("pk", flat=True)


PRICES = {
    "priced": ((Pricing.PRICED,), gettext_lazy("Priced")),
    "unpriced": (tuple(UNPRICED), gettext_lazy("No price yet")),
    "free": ((Pricing.NOT_CHARGEABLE,), gettext_lazy("Not chargeable")),
}
PURPOSES = {
    "business": ((Purpose.BUSINESS, Purpose.RULED_BUSINESS), gettext_lazy("Business")),
    "private": (tuple(PRIVATE), gettext_lazy("Private")),
}
HAPPENED = {kind.value: ((kind.value,), kind.label) for kind in Happened if kind != Happened.TOLD}
"""Events of locks; what phones were told is in no report."""
YES_NO = {"yes": ((True,), gettext_lazy("yes")), "no": ((False,), gettext_lazy("no"))}

FIELDS: dict[str, FilterField] = {
    one.name: one
    for one in (
        choice("kind", gettext_lazy("Network"), "kind", Kind, totals=True),
        choice("direction", gettext_lazy("Direction"), "direction", Direction, totals=True),
        choice("outcome", gettext_lazy("Outcome"), "outcome", Outcome, totals=True),
        choice("call_type", gettext_lazy("Call type"), "call_type", CallType, totals=True),
        NumberField("number", gettext_lazy("Other party's number"), column="other_number"),
        PlaceField("prefix", gettext_lazy("Prefix"), operators=LISTED, column="seen_prefix"),
        CountryField("country", gettext_lazy("Country"), operators=LISTED, column="seen_country"),
        PlaceField("destination", gettext_lazy("Destination"), column="seen_destination"),
        TextField(
            "extension", gettext_lazy("Extension"), operators=("is", "not", "begins"),
            columns=frozenset({"extension"}), column="extension",
        ),
        PersonField("person", gettext_lazy("Person"), columns=frozenset({"user_id"})),
        RowField(
            "department", gettext_lazy("Department"), columns=frozenset({"department_id"}), column="department_id",
            model=Department, unit="department", widen=subtree,
        ),
        RowField(
            "cost_centre", gettext_lazy("Cost centre"), columns=frozenset({"cost_centre_id"}),
            column="cost_centre_id", model=CostCentre, unit="cost_centre",
        ),
        RowField(
            "office", gettext_lazy("Office"), columns=frozenset({"office_id"}), column="office_id", model=Office,
            unit="office",
        ),
        RowField("gateway", gettext_lazy("Gateway"), column="gateway_id", model=Gateway),
        RowField("carrier", gettext_lazy("Carrier"), column="rate_id", model=Carrier, widen=tariffs_rates),
        RowField(
            "phone_system", gettext_lazy("Phone system"), columns=frozenset({"phone_system_id"}),
            column="phone_system_id", model=PhoneSystem,
        ),
        SecondsField("talk", gettext_lazy("Talk time"), column="talk_seconds"),
        SecondsField("ring", gettext_lazy("Ring time"), column="ring_seconds"),
        AmountField("cost", gettext_lazy("Cost"), column="cost"),
        ChoiceField("price", gettext_lazy("Price"), column="pricing", members=PRICES),
        ChoiceField("purpose", gettext_lazy("Private or business"), column="purpose", members=PURPOSES),
        choice("pricing", gettext_lazy("Pricing"), "pricing", Pricing),
        DayField("day", gettext_lazy("Day")),
        ArrivalField("arrived", gettext_lazy("Arrived on")),
        WeekdayField("weekday", gettext_lazy("Weekday")),
        ClockField("time", gettext_lazy("Time of day")),
        BusinessHoursField("business_hours", gettext_lazy("Business hours")),
        SlotField("hour", gettext_lazy("Hour")),
        SlotField("half_hour", gettext_lazy("Half-hour"), minutes=30),
        TextField("authorization_code", gettext_lazy("Authorisation code"), column="authorization_code"),
        TextField("matter_code", gettext_lazy("Client matter code"), column="matter_code"),
        TextField("hunt_pilot", gettext_lazy("Hunt pilot"), column="hunt_pilot"),
        CauseField("cause", gettext_lazy("Cause")),
        choice("released_by", gettext_lazy("Released by"), "released_by", ReleasedBy),
        ChoiceField("conference", gettext_lazy("Conference"), column="conference", members=YES_NO),
        ChoiceField("event", gettext_lazy("What happened"), column="happened", of_calls=False, members=HAPPENED),
        AmountField("quality", gettext_lazy("Voice quality (MOS)"), column="mos", scale=2),
    )
}  # fmt: skip
