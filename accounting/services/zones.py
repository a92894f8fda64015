"""In which time zone a person reads: the own choice, else the zone of the office, else the organisation's."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.conf import settings

from accounting.models import Office, User
from accounting.querysets.validity import holding
from callanalytics.middleware import ZONES


@dataclass(frozen=True, slots=True)
class DefaultZone:
    """The zone that holds for a person without a choice of zone."""

    name: str
    office: str
    """The office whose zone it is, '' when it is the organisation's."""


def default_zone(person: User) -> DefaultZone:
    """Return the zone of the office to which the person belongs now, else the organisation's; one query."""
    offices = Office.objects.filter(holding(prefix="membership__"), membership__user=person).order_by("-membership__pk")
    office = offices.first()
    if office is None or office.time_zone not in ZONES:
        return DefaultZone(settings.TIME_ZONE, "")
    return DefaultZone(office.time_zone, office.name)


def zone_of(person: User | None) -> ZoneInfo:
    """Return the zone in which a person reads, for work that runs outside of the person's requests."""
    if person is None:
        return ZoneInfo(settings.TIME_ZONE)
    return ZoneInfo(person.time_zone if person.time_zone in ZONES else default_zone(person).name)
