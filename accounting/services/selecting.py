"""Which calls a correction concerns: a small JSON object that can be stored, shown in words and turned into a query."""

from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounting.models import CallRecord, Carrier, Extension, Gateway, GatewayCarrier, PhoneSystem, Pricing
from accounting.querysets.calls import CallRecordQuerySet


@dataclass(frozen=True, slots=True)
class Selection:
    """Calls by start and by where they went; empty fields do not narrow."""

    start: str = ""
    """ISO moment, included."""
    end: str = ""
    """ISO moment, not included."""
    phone_system: int | None = None
    gateway: int | None = None
    carrier: int | None = None
    prefix: str = ""
    """What the other party's number begins with, as stored."""
    pricing: int | None = None
    """One reason why a price is missing."""
    unpriced: bool = False
    extensions: tuple[int, ...] = ()

    @classmethod
    def stored(cls, values: dict[str, Any]) -> "Selection":
        """Return a selection that a correction has kept."""
        return cls(**{**values, "extensions": tuple(values.get("extensions", ()))})

    def as_json(self) -> dict[str, Any]:
        """Return what a correction keeps."""
        return {name: value for name, value in asdict(self).items() if value not in ("", None, False, ())}

    def records(self, among: CallRecordQuerySet | None = None) -> CallRecordQuerySet:
        """Return the call records, in no order; `among` those that a reader may see, else among all."""
        found: CallRecordQuerySet = CallRecord.objects.all() if among is None else among
        if self.start:
            found = found.filter(started_at__gte=datetime.fromisoformat(self.start))
        if self.end:
            found = found.filter(started_at__lt=datetime.fromisoformat(self.end))
        exact = {"phone_system_id": self.phone_system, "gateway_id": self.gateway, "pricing": self.pricing}
        found = found.filter(**{name: value for name, value in exact.items() if value is not None})
        if self.prefix:
            found = found.filter(other_number__startswith=self.prefix)
        if self.unpriced:
            found = found.filter(cost__isnull=True)
        if self.carrier is not None:
            found = found.filter(over_carrier(self.carrier))
        return found.filter(of_extensions(self.extensions)) if self.extensions else found

    def in_words(self) -> list[tuple[str, str]]:
        """Return what narrows the selection, each as label and value."""
        names = (
            (_("Phone system"), PhoneSystem, self.phone_system),
            (_("Gateway"), Gateway, self.gateway),
            (_("Carrier"), Carrier, self.carrier),
        )
        found = [(_("Period"), period_in_words(self.start, self.end))]
        found += [(label, name_of(model, pk)) for label, model, pk in names if pk is not None]
        if self.prefix:
            found.append((_("Numbers beginning with"), self.prefix))
        if self.pricing is not None:
            found.append((_("Without price"), str(Pricing(self.pricing).label)))
        elif self.unpriced:
            found.append((_("Price"), _("No price yet")))
        if self.extensions:
            found.append((_("Extensions"), extensions_in_words(self.extensions)))
        return found


def period_in_words(start: str, end: str) -> str:
    """Return a period's first and last day in the reader's zone, the last one included."""
    if not start and not end:
        return _("All time")
    first = datetime.fromisoformat(start) if start else None
    last = datetime.fromisoformat(end) - timedelta(microseconds=1) if end else None
    return " – ".join(
        formats.date_format(timezone.localtime(one), "SHORT_DATE_FORMAT") if one else "…" for one in (first, last)
    )


def name_of(model: Any, pk: int) -> str:
    """Return the name of a row, its number when it is gone."""
    return str(model.objects.filter(pk=pk).first() or pk)


def extensions_in_words(ids: tuple[int, ...]) -> str:
    """Return the number of one extension, or how many there are."""
    if len(ids) == 1:
        return name_of(Extension, ids[0])
    return ngettext("%(count)s extension", "%(count)s extensions", len(ids)) % {"count": len(ids)}


def over_carrier(carrier_id: int) -> Q:
    """Return the condition that a carrier was behind the gateway on the day of the call."""
    condition = Q(pk__in=[])
    for bound in GatewayCarrier.objects.filter(carrier_id=carrier_id).select_related("gateway__office"):
        office = bound.gateway.office
        zone = ZoneInfo(office.time_zone) if office and office.time_zone else UTC
        one = Q(gateway_id=bound.gateway_id)
        if bound.valid_from:
            one &= Q(started_at__gte=beginning(bound.valid_from, zone))
        if bound.valid_to:
            one &= Q(started_at__lt=beginning(bound.valid_to, zone))
        condition |= one
    return condition


def beginning(day: date, zone: Any) -> datetime:
    """Return the first moment of a day."""
    return datetime.combine(day, time.min, zone)


def of_extensions(ids: tuple[int, ...]) -> Q:
    """Return the condition that a record belongs to one of these extensions."""
    numbers: dict[int, list[str]] = {}
    for system, number in Extension.objects.filter(pk__in=ids).values_list("phone_system_id", "number"):
        numbers.setdefault(system, []).append(number)
    condition = Q(pk__in=[])
    for system, found in numbers.items():
        condition |= Q(phone_system_id=system, extension__in=found)
    return condition
