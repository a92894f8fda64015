"""Alarms in the programming interface: what was raised, the calls behind it, acknowledging, and the rules (EX-13)."""

from datetime import datetime
from typing import Annotated, Any, Literal, cast

from django.http import Http404, HttpRequest, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from ninja import Field, Query, Router

from accounting.api.door import WRONG_REQUEST, Refusal, actor_behind, once, overseer_of
from accounting.api.shapes import (
    CHANGE,
    MOST,
    ONE,
    READ,
    Cursor,
    Id,
    Limit,
    PersonOut,
    Shape,
    Strict,
    Text,
    number_of,
    position_of,
)
from accounting.api.told_calls import CallOut, calls_out
from accounting.models import Scope, User
from accounting.services.auditing import acting
from accounting.services.masking import mask_for
from accounting.services.recurrence_words import when_of
from accounting.services.witnessing import witness
from alarms.filters import AlarmFilter
from alarms.kinds import KINDS
from alarms.models import Alarm, AlarmRule
from alarms.querysets import AlarmQuerySet
from alarms.services.acknowledging import acknowledge
from alarms.services.overview import count_anew
from alarms.services.rules import settings_of
from alarms.services.story import absolute
from alarms.services.webhook_bodies import alarm_as_json
from alarms.services.wording import Worded, calls_of, worded
from callanalytics.web.pagination import Paging
from callanalytics.web.requests import client_address

router = Router(tags=["alarms"])
LONGEST_NOTE = 300
RuleState = Literal["active", "asked", "left", "broken"]


class RuleNamed(Shape):
    """The rule that has raised an alarm."""

    id: int
    name: str
    kind: str


class AlarmOut(Shape):
    """One thing that a rule has found; what the person may not know is left empty."""

    id: int
    rule: RuleNamed
    what: str
    who: str
    """The person, extension, unit or gateway."""
    happened_at: datetime
    until: datetime | None
    raised_at: datetime
    calls: int
    amount: str | None
    """An exact decimal."""
    currency: str | None
    told: Literal["waiting", "told", "muted", "nobody"]
    """Whether the recipients have heard of it."""
    acknowledged_at: datetime | None
    acknowledged_by: str
    note: str
    url: str
    """Its page in the portal."""


class AlarmsOut(Shape):
    """One page of alarms, the latest first."""

    alarms: list[AlarmOut]
    next: str | None
    """The value of “cursor” for the next page; null on the last one."""


class AlarmWhole(AlarmOut):
    """An alarm with the calls behind it that the person may see."""

    records: list[CallOut]
    """At most 500, the newest first."""
    more: bool
    """Whether there are more; “calls_url” leads to all."""
    calls_url: str | None
    """Null without calls, and for what the person may not know."""


class AlarmAcknowledged(AlarmOut):
    """An alarm that is acknowledged."""

    applied: bool
    """False: somebody had acknowledged it before, and that stays."""


class RuleOut(Shape):
    """A rule that raises alarms."""

    id: int
    name: str
    kind: str
    kind_name: str
    owner: PersonOut | None
    settings: list[str]
    """In words."""
    when: str
    """How often it looks, in words."""
    state: RuleState
    """Active, or why it does not look: paused, without owner, or it cannot be checked."""
    next_check: datetime | None
    last_check: datetime | None
    """The last good one."""
    muted_until: datetime | None
    recipients: list[str]
    url: str
    """Its page in the portal."""


class RulesOut(Shape):
    """One page of rules."""

    rules: list[RuleOut]
    next: str | None
    """The value of “cursor” for the next page; null on the last one."""


class AlarmsIn(Strict):
    """Which alarms are listed."""

    show: Literal["open", "acknowledged", "all"] = "open"
    who: Annotated[Text, Field(max_length=100)] = ""
    """Person, extension, unit or gateway, or the beginning of it."""
    kind: Annotated[Text, Field(max_length=40)] = ""
    rule: Id | None = None
    period: Literal["today", "yesterday", "7d", "30d", "month", "last_month", "365d"] | None = None
    """When it was raised."""
    cursor: Cursor = ""
    limit: Limit = 100


class RulesIn(Strict):
    """Which rules are listed."""

    cursor: Cursor = ""
    limit: Limit = 100


class NoteIn(Strict):
    """What is noted with an acknowledgement."""

    note: Annotated[Text, Field(max_length=LONGEST_NOTE)] = ""


LIST = gettext_lazy(
    "Alarms raised by your scheduled alarms, to administrators those of all; for supervisors and administrators."
)
WHOLE = gettext_lazy("One alarm with the calls behind it, as far as you may see them.")
TAKE_NOTE = gettext_lazy("Acknowledges an alarm; one that is acknowledged stays as it is: “applied” is false then.")
RULES = gettext_lazy("Your scheduled alarms, to administrators those of all.")


@router.get("/alarms", response={200: AlarmsOut, **READ}, openapi_extra={"description": LIST})
def list_alarms(request: HttpRequest, asked: Query[AlarmsIn]) -> AlarmsOut:
    """Tell one page of the alarms that the caller may see."""
    caller = overseer_of(request, Scope.READ_ALARMS, asked)
    found = filters_of(asked, caller.user).narrow(seen_by(caller.user)).select_related("rule", "acknowledged_by")
    page = Paging(asked.limit, after=position_of(asked.cursor)).page(found, "raised_at")
    lines = worded(page.rows, caller.user)
    return AlarmsOut(alarms=[AlarmOut(**facts_of(line)) for line in lines], next=page.after or None)


@router.get("/alarms/{alarm}", response={200: AlarmWhole, **ONE}, openapi_extra={"description": WHOLE})
def one_alarm(request: HttpRequest, alarm: Id) -> AlarmWhole:
    """Tell one alarm with its calls."""
    caller = overseer_of(request, Scope.READ_ALARMS)
    line = told(caller.user, alarm)
    rows, masker = list(calls_of(line.alarm, caller.user)[: MOST + 1]), mask_for(caller.user)
    subject = f"{line.alarm.rule.name}: {line.sentence}"
    witness(masker, rows[:MOST], "alarm", line.alarm.pk, subject, client_address(request) or None)
    return AlarmWhole(
        **facts_of(line), records=calls_out(rows[:MOST], masker), more=len(rows) > MOST, calls_url=calls_url(line)
    )


@router.post(
    "/alarms/{alarm}/acknowledge",
    response={200: AlarmAcknowledged, **ONE, **CHANGE},
    openapi_extra={"description": TAKE_NOTE},
)
def acknowledge_alarm(request: HttpRequest, alarm: Id, body: NoteIn) -> Any:
    """Note that the caller has taken care of an alarm."""
    caller = overseer_of(request, Scope.MANAGE_ALARMS)
    told(caller.user, alarm)

    def work() -> dict[str, Any]:
        done = acknowledge(seen_by(caller.user).filter(pk=alarm), caller.user, " ".join(body.note.split()))
        count_anew(caller.user)
        return {**AlarmOut(**facts_of(told(caller.user, alarm))).model_dump(mode="json"), "applied": bool(done)}

    with acting(actor_behind(request, caller)):
        return once(request, caller, work)


@router.get("/alarm-rules", response={200: RulesOut, **READ}, openapi_extra={"description": RULES})
def list_rules(request: HttpRequest, asked: Query[RulesIn]) -> RulesOut:
    """Tell one page of the rules that the caller may see."""
    caller = overseer_of(request, Scope.READ_ALARMS, asked)
    rules = AlarmRule.objects.visible_to(caller.user).kept().select_related("owner")
    rows = list(rules.filter(pk__gt=number_of(asked.cursor)).order_by("pk")[: asked.limit + 1])
    shown = rows[: asked.limit]
    following = str(shown[-1].pk) if len(rows) > asked.limit else None
    return RulesOut(rules=[rule_out(one) for one in shown], next=following)


def filters_of(asked: AlarmsIn, reader: User) -> AlarmFilter:
    """Return the filters of the list of alarms as they are asked for; refuse what does not hold for the reader."""
    params = QueryDict(mutable=True)
    for name, value in asked.model_dump(exclude={"cursor", "limit"}, exclude_none=True).items():
        params[name] = str(value)
    filters = AlarmFilter(params, reader=reader)
    problems = [(name, str(error)) for name, errors in filters.errors.items() for error in errors]
    if problems:
        raise Refusal(422, "invalid", str(WRONG_REQUEST), problems)
    return filters


def seen_by(reader: User) -> AlarmQuerySet:
    """Return the alarms of rules that somebody may see and that are not deleted."""
    return Alarm.objects.visible_to(reader).filter(rule__deleted_at__isnull=True)


def told(reader: User, pk: int) -> Worded:
    """Return an alarm that the reader may see, in words; 404 for any other."""
    alarm = seen_by(reader).select_related("rule", "acknowledged_by").filter(pk=pk).first()
    if alarm is None:
        raise Http404(_("There is no such alarm."))
    return worded([alarm], reader)[0]


def facts_of(line: Worded) -> dict[str, Any]:
    """Return the values of an AlarmOut: those of webhooks, and what has become of the alarm."""
    alarm = line.alarm
    return {
        **alarm_as_json(line),
        "rule": RuleNamed(id=alarm.rule_id, name=alarm.rule.name, kind=alarm.rule.kind), "raised_at": alarm.raised_at,
        "told": alarm.told, "acknowledged_at": alarm.acknowledged_at,
        "acknowledged_by": str(alarm.acknowledged_by or ""), "note": alarm.note,
    }  # fmt: skip


def calls_url(line: Worded) -> str | None:
    """Return the address of the report of calls about an alarm, within the interface; None where there is none."""
    return f"{reverse('api:run', args=['calls'])}?{line.report.partition('?')[2]}" if line.report else None


def rule_out(rule: AlarmRule) -> RuleOut:
    """Return one rule."""
    kind, owner = KINDS.get(rule.kind), rule.owner
    return RuleOut(
        id=rule.pk, name=rule.name, kind=rule.kind, kind_name=str(kind.label) if kind else "",
        owner=PersonOut(username=owner.username, name=str(owner)) if owner else None, settings=settings_of(rule),
        when=when_of(rule), state=cast("RuleState", rule.paused_because or "active"), next_check=rule.next_run,
        last_check=rule.looked_at, muted_until=rule.muted_until, recipients=rule.recipients,
        url=absolute(reverse("alarm_rule", args=[rule.pk])),
    )  # fmt: skip
