"""Says alarms to somebody: who, when and what, with the names that this reader may see, and no others."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Model, Q, QuerySet
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from accounting.models import CostCentre, Department, Office, PhoneSystem, User
from accounting.querysets.organization import subtree
from accounting.services.finding import people_seen_by
from accounting.services.naming import gateway_names, person_names
from alarms.kinds import KINDS
from alarms.kinds.base import Finding, Kind
from alarms.models import Alarm, AlarmRule, RuleRun
from alarms.services.behind import calls_address, calls_of, covers_days, has_calls, zone_of
from alarms.services.raising import alarm_of
from callanalytics.templatetags.ui import FINEST, decimals_of, money_as_text

__all__ = ["Worded", "calls_of", "worded", "worded_findings"]
GONE = "circle-question-mark"
UNITS: dict[str, type[Model]] = {"department_id": Department, "cost_centre_id": CostCentre, "office_id": Office}


@dataclass(frozen=True, slots=True)
class Worded:
    """An alarm as one reader may know it."""

    alarm: Alarm
    kind_label: str
    icon: str
    sentence: str
    """What has happened: 12 international calls."""
    who: str
    """The person, line, unit or gateway; '' when it is about everything."""
    when: str
    amount: str
    """'' without one."""
    address: str
    """The page of the alarm, within the portal; '' of what is not stored."""
    report: str
    """The report of calls about it, within the portal; '' without calls, and where it would tell who it was."""


def worded(alarms: Sequence[Alarm], reader: User) -> list[Worded]:
    """Return alarms with their rules as this reader may know them, in the active language and zone.

    The queries do not grow with the alarms: about ten, fewer where nothing of a kind is named.
    """
    names = Names(alarms, reader)
    return [names.worded(alarm) for alarm in alarms]


def worded_findings(findings: Sequence[Finding], kind: Kind, reader: User, zone: str = "") -> list[Worded]:
    """Return what a look would raise as this reader may know it; days are those of a zone."""
    rule, run = AlarmRule(kind=kind.slug, zone=zone), RuleRun()
    return worded([alarm_of(rule, run, one, place) for place, one in enumerate(findings)], reader)


class Names:
    """The names in some alarms, as far as a reader may know them."""

    def __init__(self, alarms: Sequence[Alarm], reader: User) -> None:
        self.reader = reader
        self.seen_units = seen_units(reader)
        self.seen_people = seen_people(reader, {alarm.user_id for alarm in alarms})
        self.people = person_names(alarm.user_id for alarm in alarms)
        self.gateways = gateway_names(alarm.gateway_id for alarm in alarms)
        self.units = {name: names_of(model, alarms, name) for name, model in UNITS.items()}
        self.phone_systems = names_of(PhoneSystem, alarms, "phone_system_id")
        # All of a list as fine as the finest, so that they stand below each other.
        finest = (decimals_of(alarm.amount.quantize(FINEST)) for alarm in alarms if alarm.amount is not None)
        self.decimals = max(finest, default=0)

    def worded(self, alarm: Alarm) -> Worded:
        """Return one of the alarms in words."""
        kind, known = KINDS.get(alarm.rule.kind), self.knows(alarm)
        amount = money_as_text(alarm.amount, alarm.currency, self.decimals) if known else ""
        return Worded(
            alarm, str(kind.label) if kind else _("Kind of alarm that no longer exists"),
            kind.icon if kind else GONE, kind.sentence(alarm) if kind else "",
            self.who(alarm) if known else _("Outside of what you may see"), moment_of(alarm), amount,
            reverse("alarm", args=[alarm.pk]) if alarm.pk else "",
            calls_address(alarm) if known and kind and alarm.pk and has_calls(alarm) else "",
        )  # fmt: skip

    def knows(self, alarm: Alarm) -> bool:
        """Return whether the reader may know what the alarm is about, as visible_to() decides it of calls."""
        if self.reader.is_administrator or alarm.user_id in self.seen_people:
            return True
        units = {name: getattr(alarm, name) for name in UNITS}
        about_calls = alarm.user_id or alarm.extension or any(units.values())
        return not about_calls or any(units[name] in self.seen_units[name] for name in UNITS)

    def who(self, alarm: Alarm) -> str:
        """Return what the alarm is about: the nearest that it names."""
        person = self.people.get(alarm.user_id or 0, "")
        if person and alarm.extension:
            return _("%(person)s (%(extension)s)") % {"person": person, "extension": alarm.extension}
        if person or alarm.user_id:
            return person or _("Somebody whose data were erased")
        if alarm.extension:
            return _("Extension %(number)s") % {"number": alarm.extension}
        units = (self.units[name].get(getattr(alarm, name) or 0, "") for name in UNITS)
        gateway = self.gateways.get(alarm.gateway_id or 0, "")
        phone_system = self.phone_systems.get(alarm.phone_system_id or 0, "")
        return next((name for name in (*units, gateway, phone_system) if name), "")


def names_of(model: type[Model], alarms: Sequence[Alarm], field: str) -> dict[int, str]:
    """Return the names of the rows of one kind that the alarms name, by id; at most one query."""
    wanted = {pk for pk in (getattr(alarm, field) for alarm in alarms) if pk}
    rows: QuerySet[Model] = QuerySet(model).filter(pk__in=wanted)
    return {row.pk: str(row) for row in rows} if wanted else {}


def seen_units(reader: User) -> dict[str, set[int]]:
    """Return the units that somebody supervises by the field that names them, departments with all below."""
    found: dict[str, set[int]] = {name: set() for name in UNITS}
    if reader.is_administrator or not reader.is_supervisor:
        return found
    for scope in reader.supervisions.values(*UNITS):
        for name, pk in scope.items():
            if pk:
                found[name].add(pk)
    found["department_id"] = subtree(found["department_id"])
    return found


def known_to(reader: User) -> Q:
    """Return the test for alarms of which the reader may know what they are about, as Names.knows() decides it."""
    if reader.is_administrator:
        return Q()
    test = Q(user_id__in=people_seen_by(reader).values("pk"))
    for name, ids in seen_units(reader).items():
        test |= Q(**{f"{name}__in": ids})
    return test | Q(extension="", **dict.fromkeys(("user_id", *UNITS)))


def seen_people(reader: User, ids: Iterable[int | None]) -> set[int]:
    """Return which of these people somebody may know; at most two queries."""
    wanted = {pk for pk in ids if pk}
    if not wanted or reader.is_administrator:
        return wanted
    return set(people_seen_by(reader).filter(pk__in=wanted).values_list("pk", flat=True))


def moment_of(alarm: Alarm) -> str:
    """Return when it happened: a moment or hours in the active zone, or whole days of the rule's zone."""
    if days := whole_days(alarm):
        return days
    start = timezone.localtime(alarm.happened_at)
    if alarm.until is None or alarm.until - alarm.happened_at < timedelta(minutes=1):
        return moment_in_words(start)
    end = timezone.localtime(alarm.until)
    if start.date() == end.date():
        return f"{moment_in_words(start)} – {clock(end)}"
    return f"{moment_in_words(start)} – {moment_in_words(end)}"


def whole_days(alarm: Alarm) -> str:
    """Return the days of an occasion from midnight to midnight by the clock of zone_of(), '' for any other."""
    zone = zone_of(alarm)
    if alarm.until is None or not covers_days(alarm, zone):
        return ""
    start, end = (moment.astimezone(zone) for moment in (alarm.happened_at, alarm.until))
    last = end - timedelta(days=1)
    return day_of(start) if last.date() <= start.date() else f"{day_of(start)} – {day_of(last)}"


def moment_in_words(moment: datetime) -> str:
    """Return a moment in the active zone, in the reader's format."""
    local = timezone.localtime(moment)
    return _("%(day)s, %(time)s") % {"day": day_of(local), "time": clock(local)}


def day_of(moment: datetime) -> str:
    """Return a day in the reader's format."""
    return str(formats.date_format(moment, "SHORT_DATE_FORMAT"))


def clock(moment: datetime) -> str:
    """Return a time of day in the reader's format."""
    return str(formats.time_format(moment.time(), "TIME_FORMAT"))
