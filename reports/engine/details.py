"""The columns of single calls: one definition for pages and exports."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounting.models import PRIVATE, UNPRICED, CallType, Outcome, Pricing, ReleasedBy
from accounting.services.describing import cause_in_words, mark_of, redirection_in_words
from accounting.services.masking import PRIVATE_KEY
from callanalytics.lib.money import from_micro
from callanalytics.lib.places import country_name
from reports.engine.measures import Form

NAMED: Mapping[str, tuple[str, ...]] = {
    "person_name": ("user_id",),
    "gateway_name": ("gateway_id",),
    "holder_name": ("kind", "phone_system_id", "other_number", "started_at"),
    "shown_number": ("kind", "call_type", "direction", "user_id", "other_number", "dialled_number", "purpose"),
    "shown_country": ("country", "purpose", "user_id"),
    "shown_destination": ("destination", "purpose", "user_id"),
}
"""What columns can be made of beside the columns of call records, and the columns that it is found from."""


@dataclass(frozen=True, slots=True)
class Detail:
    """One column of calls."""

    name: str
    label: str | Promise
    sources: tuple[str, ...]
    """Columns of call records (the cost as "micro"), or names of NAMED."""
    value: Callable[..., Any] | None = None
    """Makes a text, int, Decimal or timedelta of the sources, None for nothing; None: the only source as it is."""
    form: Form | None = None
    """How it is written when it is no text."""
    order_by: str = ""
    """The column of call records to sort by; '' when it cannot be sorted by."""


def _cost(pricing: int, micro: int | None) -> Decimal | None:
    charged = micro is not None and pricing not in UNPRICED and pricing != Pricing.NOT_CHARGEABLE
    return from_micro(micro) if charged and micro is not None else None


def _labels(choices: Any) -> Callable[[Any], str]:
    labels = dict(choices.choices)
    return lambda value: str(labels.get(value, value))


def place_seen(place: str) -> str:
    """Return a place as it is shown: that of somebody else's private call is said to be private."""
    return gettext("Private") if place == PRIVATE_KEY else place


def country_seen(code: str) -> str:
    """Return a country's name; that of somebody else's private call is not told."""
    return gettext("Private") if code == PRIVATE_KEY else country_name(code)


def _purpose(purpose: int) -> str:
    return gettext("Private") if purpose in PRIVATE else gettext("Business")


def _length(seconds: int) -> timedelta:
    return timedelta(seconds=seconds)


def _score(mos: int | None) -> Decimal | None:
    return None if mos is None else Decimal(mos).scaleb(-2)


DETAILS: dict[str, Detail] = {
    one.name: one
    for one in (
        Detail("time", _("Date and time"), ("started_at",), None, Form.MOMENT, "started_at"),
        Detail("type", _("Type"), ("direction", "kind", "outcome"), lambda *of_call: str(mark_of(*of_call).label)),
        Detail("person", _("Person"), ("person_name",)),
        Detail("extension", _("Extension"), ("extension",), order_by="extension"),
        Detail("other", _("Other party"), ("shown_number",), order_by="seen_digits"),
        Detail("other_name", _("Name"), ("holder_name",)),
        Detail("call_type", _("Call type"), ("call_type",), _labels(CallType), order_by="call_type"),
        Detail("country", _("Country"), ("shown_country",), country_seen, order_by="seen_country"),
        Detail("destination", _("Destination"), ("shown_destination",), place_seen, order_by="seen_destination"),
        Detail("purpose", _("Private or business"), ("purpose",), _purpose, order_by="purpose"),
        Detail("outcome", _("Outcome"), ("outcome",), _labels(Outcome), order_by="outcome"),
        Detail("ring", _("Ring time"), ("ring_seconds",), _length, Form.SECONDS, "ring_seconds"),
        Detail("talk", _("Talk time"), ("talk_seconds",), _length, Form.SECONDS, "talk_seconds"),
        Detail("cost", _("Cost"), ("pricing", "micro"), _cost, Form.MONEY, "cost"),
        Detail("currency", _("Currency"), ("currency",), order_by="currency"),
        Detail("pricing", _("Pricing"), ("pricing",), _labels(Pricing), order_by="pricing"),
        Detail("gateway", _("Gateway"), ("gateway_name",), order_by="gateway_id"),
        Detail("device", _("Device"), ("device",), order_by="device"),
        Detail("hunt_pilot", _("Hunt pilot"), ("hunt_pilot",), order_by="hunt_pilot"),
        Detail("cause", _("Cause"), ("cause",), lambda cause: str(cause_in_words(cause)), order_by="cause"),
        Detail("released_by", _("Released by"), ("released_by",), _labels(ReleasedBy), order_by="released_by"),
        Detail("redirected", _("Redirection"), ("redirect_reason",), lambda why: str(redirection_in_words(why))),
        Detail("authorization_code", _("Authorisation code"), ("authorization_code",)),
        Detail("matter_code", _("Client matter code"), ("matter_code",)),
        Detail("quality", _("Voice quality (MOS)"), ("mos",), _score, Form.SCORE, "mos"),
    )
}
