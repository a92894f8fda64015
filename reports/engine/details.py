"""The columns of single calls: one definition for pages and exports."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounting.models import Pricing
from accounting.services.describing import cause_in_words, redirection_in_words, type_mark
from accounting.services.naming import NamedCall
from callanalytics.lib.places import country_name
from reports.engine.measures import Form


@dataclass(frozen=True, slots=True)
class Detail:
    """One column of calls."""

    name: str
    label: str | Promise
    value: Callable[[NamedCall], Any]
    """A text, int, Decimal, timedelta or aware datetime; None for nothing."""
    form: Form | None = None
    """How it is written when it is no text."""
    order_by: str = ""
    """The column of call records to sort by; '' when it cannot be sorted by."""


def _cost(call: NamedCall) -> Decimal | None:
    return None if call.record.is_unpriced or call.record.pricing == Pricing.NOT_CHARGEABLE else call.record.cost


DETAILS: dict[str, Detail] = {
    one.name: one
    for one in (
        Detail("time", _("Date and time"), lambda call: call.record.started_at, Form.MOMENT, "started_at"),
        Detail("type", _("Type"), lambda call: str(type_mark(call.record).label)),
        Detail("person", _("Person"), lambda call: call.owner),
        Detail("extension", _("Extension"), lambda call: call.record.extension, None, "extension"),
        Detail("other", _("Other party"), lambda call: call.number.text, None, "other_number"),
        Detail("other_name", _("Name"), lambda call: call.other_name),
        Detail("call_type", _("Call type"), lambda call: call.record.get_call_type_display(), None, "call_type"),
        Detail("country", _("Country"), lambda call: country_name(call.record.country), None, "country"),
        Detail("destination", _("Destination"), lambda call: call.record.destination, None, "destination"),
        Detail("outcome", _("Outcome"), lambda call: call.record.get_outcome_display(), None, "outcome"),
        Detail(
            "ring", _("Ring time"), lambda call: timedelta(seconds=call.record.ring_seconds), Form.SECONDS,
            "ring_seconds",
        ),
        Detail(
            "talk", _("Talk time"), lambda call: timedelta(seconds=call.record.talk_seconds), Form.SECONDS,
            "talk_seconds",
        ),
        Detail("cost", _("Cost"), _cost, Form.MONEY, "cost"),
        Detail("currency", _("Currency"), lambda call: call.record.currency, None, "currency"),
        Detail("pricing", _("Pricing"), lambda call: call.record.get_pricing_display(), None, "pricing"),
        Detail("gateway", _("Gateway"), lambda call: call.gateway, None, "gateway_id"),
        Detail("device", _("Device"), lambda call: call.record.device, None, "device"),
        Detail("hunt_pilot", _("Hunt pilot"), lambda call: call.record.hunt_pilot, None, "hunt_pilot"),
        Detail("cause", _("Cause"), lambda call: str(cause_in_words(call.record.cause)), None, "cause"),
        Detail(
            "released_by", _("Released by"), lambda call: call.record.get_released_by_display(), None, "released_by"
        ),
        Detail("redirected", _("Redirection"), lambda call: str(redirection_in_words(call.record.redirect_reason))),
        Detail("authorization_code", _("Authorisation code"), lambda call: call.record.authorization_code),
        Detail("matter_code", _("Client matter code"), lambda call: call.record.matter_code),
        Detail(
            "quality", _("Voice quality (MOS)"),
            lambda call: None if call.record.mos is None else Decimal(call.record.mos).scaleb(-2), Form.SCORE, "mos",
        ),
    )
}  # fmt: skip
