"""Alarms of the demo organisation: rules with a history of checks and what they have raised, some of it acknowledged.

What is raised is found by the rules themselves in the demo's calls; all of it is entered as told, nothing is sent.
"""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from accounting.models import User
from alarms.kinds import KINDS
from alarms.kinds.base import CannotLook, Finding, Kind
from alarms.kinds.looking import latest_marks, trial_of
from alarms.models import Alarm, AlarmRule, PausedBecause, Result, RuleRun, Told
from alarms.services.raising import raise_once
from alarms.services.trying import distinct

DAYS = 14
"""For so long the rules have looked when the demo begins."""
OPEN_FOR = timedelta(days=2)
"""What was raised before is acknowledged."""
LISTED = 12
"""Most checks of a rule that were quiet, and most that have raised something."""
MORNING = {"unit": "days", "every": 1, "at": time(6, 30)}
MONDAY = {"unit": "weeks", "every": 1, "weekdays": [0], "at": time(6, 30)}
QUARTERS = {"unit": "minutes", "every": 15, "at": time(0)}
HOURLY = {"unit": "minutes", "every": 60, "at": time(0)}


@dataclass(frozen=True, slots=True)
class Planned:
    """A rule of the demo."""

    kind: str
    name: str
    owner: User
    times: dict[str, Any]
    parameters: dict[str, Any] = field(default_factory=dict)
    state: PausedBecause = PausedBecause.NO
    fields: dict[str, Any] = field(default_factory=dict)


def set_demo_alarms() -> None:
    """Enter the rules with their past; people whom the demo lacks have none."""
    people = {person.username: person for person in User.objects.filter(username__in=("sami", "admin"))}
    if len(people) < 2 or AlarmRule.objects.exists():
        return
    for one in plan(people["sami"], people["admin"]):
        if one.kind in KINDS:
            enter(one, KINDS[one.kind])


def plan(sami: User, admin: User) -> Iterator[Planned]:
    """Yield the rules of the demo: one muted, one paused, one of somebody who has left."""
    at_night = {"quiet_from": time(20), "quiet_until": time(6)}
    muted = {"muted_until": timezone.now() + timedelta(days=3)}
    yield Planned("no_calls", _("No calls during business hours"), admin, QUARTERS)
    yield Planned("spend", _("High costs of a person"), admin, MORNING, {"amount": "5"})
    yield Planned("listed_numbers", _("Premium numbers"), admin, QUARTERS, {"numbers": "0900*\n+4490*"})
    yield Planned("outside_hours", _("Calls at night and at weekends"), sami, MORNING)
    team = {"limit": 8, "counted": "all"}
    yield Planned("missed_calls", _("Missed calls of the team"), sami, HOURLY, team, fields=at_night)
    yield Planned("unknown_destinations", _("Unrecognised destinations"), admin, MORNING)
    yield Planned("unknown_extensions", _("Extensions that nobody holds"), admin, MORNING, fields=muted)
    yield Planned("unusual", _("Unlike any day before"), admin, MORNING)
    yield Planned("international", _("Calls abroad"), sami, HOURLY, state=PausedBecause.ASKED)
    leaver = User.objects.filter(is_active=False).first()
    if leaver is not None:
        yield Planned("international", _("Calls abroad, weekly"), leaver, MONDAY, state=PausedBecause.LEFT)


def enter(planned: Planned, kind: Kind) -> None:
    """Store a rule and its past; one whose settings the kind does not accept is left out."""
    parameters = accepted(kind, planned)
    if parameters is None:
        return
    now = timezone.now()
    rule = AlarmRule(
        name=planned.name, kind=kind.slug, owner=planned.owner, parameters=parameters, marks=latest_marks(),
        recipients=[planned.owner.email] if planned.owner.email else [], paused_because=planned.state,
        zone=settings.TIME_ZONE, first_day=(now - timedelta(days=DAYS + 30)).date(), **planned.times, **planned.fields,
    )  # fmt: skip
    rule.set_due()
    rule.looked_at = now
    rule.save()
    if planned.owner.is_active:
        enter_past(rule, kind, now)
    created = now - timedelta(days=DAYS + 1)
    AlarmRule.objects.filter(pk=rule.pk).update(created_at=created, changed_at=created)


def accepted(kind: Kind, planned: Planned) -> dict[str, Any] | None:
    """Return the parameters of a rule as the kind's form accepts them: what it proposes, and what is planned."""
    form = kind.form(owner=planned.owner)
    proposed = {name: form.get_initial_for_field(one, name) for name, one in form.fields.items()}
    data = {name: value for name, value in proposed.items() if value is not None} | planned.parameters
    filled = kind.form(data, owner=planned.owner)
    return filled.parameters() if filled.is_valid() else None


def enter_past(rule: AlarmRule, kind: Kind, now: datetime) -> None:
    """Enter the checks of the last days with what they have raised."""
    assert rule.owner is not None
    look = trial_of(rule.owner, rule.recurrence.zone, now, DAYS)
    try:
        found = distinct(kind.find(rule.parameters, look))
    except CannotLook:
        return
    raised: dict[datetime, list[Finding]] = {}
    for one in found:
        due = rule.recurrence.after(max(one.known_at or one.until or one.happened_at, look.since))
        if due < now:
            raised.setdefault(due, []).append(one)
    fired = {due: raised[due] for due in sorted(raised)[-LISTED:]}
    starts = sorted(look.arrivals().values_list("started_at", flat=True))
    before = look.since
    for due in sorted({*fired, *latest_times(rule, now)}):
        calls = bisect_left(starts, due) - bisect_left(starts, before)
        enter_run(rule, due, calls, fired.get(due, []))
        before = due
    acknowledge_old(rule, now)


def latest_times(rule: AlarmRule, now: datetime) -> list[datetime]:
    """Return the latest due times that are over."""
    due, found = rule.recurrence.after(now - timedelta(days=DAYS)), []
    while due < now:
        found.append(due)
        due = rule.recurrence.after(due)
    return found[-LISTED:]


def enter_run(rule: AlarmRule, due: datetime, calls: int, found: list[Finding]) -> None:
    """Enter one check as it went at its time."""
    quiet = Result.QUIET if calls else Result.NO_DATA
    looked = due + timedelta(seconds=1)
    run = RuleRun(rule=rule, due_at=due, looked_at=looked, result=quiet, calls=calls, milliseconds=40)
    run.save()
    if not found:
        return
    run.raised = raise_once(rule, run, found)
    run.result = Result.FIRED if run.raised else quiet
    told = Told.MUTED if rule.muted_until else Told.TOLD if rule.recipients else Told.NOBODY
    if told == Told.TOLD and run.raised:
        run.told = {"mails": len(rule.recipients)}
    run.save()
    moment = looked if told == Told.TOLD else None
    Alarm.objects.filter(run=run).update(raised_at=looked, told=told, told_at=moment)


def acknowledge_old(rule: AlarmRule, now: datetime) -> None:
    """Acknowledge what was raised some time ago."""
    notes = {"no_calls": _("The trunk was down; the carrier has mended it."), "missed_calls": _("Called back.")}
    old = Alarm.objects.filter(rule=rule, raised_at__lt=now - OPEN_FOR)
    old.update(
        acknowledged_at=now - OPEN_FOR + timedelta(hours=3), acknowledged_by=rule.owner, note=notes.get(rule.kind, "")
    )
