"""Locks in the programming interface: the own ones, those of others within one's scope, and their history (LOCK-10)."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from django.http import Http404, HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from ninja import Field, Query, Router

from accounting.api.door import WRONG_REQUEST, Caller, Fault, Refusal, actor_behind, caller_of, once
from accounting.api.shapes import CHANGE, READ, Id, Moment, PersonOut, Shape, Strict, Text
from accounting.models import Extension, Scope, TokenClient, User
from accounting.services.auditing import acting
from callanalytics.web.requests import HIGHEST_ID
from phonelock.models import LineStatus, LockEvent, Reason, Through
from phonelock.services import by_program
from phonelock.services.by_program import Order, Outcome, preview
from phonelock.services.finding import UNITS, Choice, led_lines, visible_lines
from phonelock.services.locking import holders_of, lines_of
from phonelock.services.own_locks import carry_out
from phonelock.services.seeing import LineView, views_of

router = Router(tags=["locks"])
MOST_LINES = 1000
"""Extensions that one request may list."""


class ReasonOut(Shape):
    """Why a line is locked."""

    reason: Reason
    since: datetime
    until: datetime | None
    by: str
    note: str


class LineOut(Shape):
    """One line and its lock."""

    extension: int
    """By which requests name the line."""
    number: str
    phone_system: str
    person: PersonOut | None
    locked: bool
    """What is wanted: whether any reason holds."""
    status: LineStatus
    """What is true for calls: locked and open; locking and opening until confirmed; idle: nothing bars calls."""
    reasons: list[ReasonOut]
    until: datetime | None
    """When the last reason ends by itself; null: not by itself."""
    error: str
    """Why the phone system has not confirmed it yet."""


class OwnOut(Shape):
    """The caller's own lines."""

    locked: bool
    """Whether the caller's own lock holds; others may hold all the same."""
    applied: bool = True
    """False when a later event was known: nothing was changed."""
    lines: list[LineOut]


class PageOut(Shape):
    """Some lines, and where the next ones begin."""

    lines: list[LineOut]
    next: int | None
    """The value of `after` for the next page; null on the last one."""


class EventOut(Shape):
    """One line of the history."""

    id: int
    at: datetime
    kind: str
    reason: str
    through: str
    by: str
    until: datetime | None
    locked: bool
    note: str


class EventsOut(Shape):
    """Some lines of the history, newest first, and where older ones begin."""

    events: list[EventOut]
    next: int | None
    """The value of `before` for the next page; null on the last one."""


class OwnIn(Strict):
    """What happened: the own lock is wanted or not, since a moment."""

    locked: bool
    at: Moment | None = None
    """When it happened, by the caller's clock; empty: now."""
    sent_at: Moment | None = None
    """When it is sent, by the same clock: a clock that is wrong does no harm then."""


class ChoiceIn(Strict):
    """Which lines are meant: at least one of these; several narrow each other."""

    everybody: bool = False
    department: Id | None = None
    cost_centre: Id | None = None
    office: Id | None = None
    extensions: Annotated[list[Id], Field(max_length=MOST_LINES)] | None = None

    @property
    def in_words(self) -> str:
        """As the audit log keeps it."""
        given = self.model_dump(include={"everybody", *UNITS, "extensions"}, exclude_defaults=True)
        return ", ".join(f"{name}: {value}" for name, value in given.items())[:500]


class ManyIn(ChoiceIn):
    """A lock of the administration for many lines, or its end."""

    locked: bool
    until: Moment | None = None
    note: Annotated[Text, Field(max_length=200)] = ""
    dry_run: bool = False


class ManyOut(Shape):
    """What became of a request for many lines."""

    lines: int
    """How many are meant."""
    changed: int
    """For how many the lock of the administration is new or gone; in a dry run: would be; 0 while a job works on it."""
    passed_over: int
    """Locked by an administrator: a supervisor does not release them."""
    dry_run: bool
    job: int | None = None
    """Of more than 2,000 lines: the background work that has begun, at /jobs/<number>/ of the portal."""


class Filters(Strict):
    """Which lines are listed."""

    department: Id | None = None
    cost_centre: Id | None = None
    office: Id | None = None
    search: Annotated[Text, Field(max_length=80)] = ""
    state: Literal["locked", "unlocked"] | None = None
    after: Annotated[int, Field(ge=0, le=HIGHEST_ID)] = 0
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class Past(Strict):
    """Which lines of the history are listed."""

    before: Id = HIGHEST_ID
    limit: Annotated[int, Field(ge=1, le=200)] = 50


OWN = gettext_lazy("Your own lines and their locks.")
SET_OWN = gettext_lazy(
    "Locks or unlocks your own lines; touches the own lock only. An event that is older than the last one "
    "known is ignored: “applied” is false then."
)
LIST = gettext_lazy("The lines that you may see and their locks.")
SET_MANY = gettext_lazy(
    "Locks many lines for the administration, or releases them: for supervisors and administrators, within their "
    "scope. With “dry_run” nothing is changed."
)
EVENTS = gettext_lazy("The history of one line, newest first.")


@router.get("/me", response={200: OwnOut, **READ}, openapi_extra={"description": OWN})
def own_lock(request: HttpRequest) -> OwnOut:
    """Tell the caller's own lines."""
    return told(caller_of(request, Scope.OWN_LOCKS))


@router.put("/me", response={200: OwnOut, **CHANGE}, openapi_extra={"description": SET_OWN})
def set_own_lock(request: HttpRequest, body: OwnIn) -> Any:
    """Carry out an event of the caller."""
    caller = caller_of(request, Scope.OWN_LOCKS)
    if not lines_of([caller.user.pk]):
        raise Refusal(409, "no_extension", _("You hold no extension that could be locked."))

    def work() -> dict[str, Any]:
        applied = carry_out(caller.user, body.locked, moment_of(body), through_of(caller))
        return {**told(caller).model_dump(), "applied": applied}

    return once(request, caller, work)


@router.get("", response={200: PageOut, **READ}, openapi_extra={"description": LIST})
def list_locks(request: HttpRequest, filters: Query[Filters]) -> PageOut:
    """Tell one page of the lines that the caller may see."""
    caller = caller_of(request, Scope.MANAGE_LOCKS, filters)
    state = {"locked": True, "unlocked": False, None: None}[filters.state]
    choice = known(Choice(filters.department, filters.cost_centre, filters.office, filters.search, state))
    found = visible_lines(caller.user, choice).filter(pk__gt=filters.after).select_related("phone_system")
    rows = list(found[: filters.limit + 1])
    more = len(rows) > filters.limit
    return PageOut(lines=lines_out(rows[: filters.limit]), next=rows[filters.limit - 1].pk if more else None)


@router.put("", response={200: ManyOut, **CHANGE}, openapi_extra={"description": SET_MANY})
def set_locks(request: HttpRequest, body: ManyIn) -> Any:
    """Lock or release the lines that are meant."""
    caller = caller_of(request, Scope.MANAGE_LOCKS)
    if not caller.user.is_overseer:
        raise Refusal(403, "role", _("Only supervisors and administrators lock the extensions of others."))
    if body.until and (not body.locked or body.until <= timezone.now()):
        text = _("Only a lock has an end, and it lies in the future.")
        raise Refusal(422, "invalid", str(WRONG_REQUEST), {"until": text})
    lines = meant(caller.user, body)
    order = Order(
        locked=body.locked, choice=choice_of(body), through=through_of(caller), until=body.until, note=body.note,
        in_words=body.in_words,
    )  # fmt: skip
    if body.dry_run:
        return told_many(body, lines, preview(caller.user, order, lines))

    def work() -> dict[str, Any]:
        return told_many(body, lines, by_program.carry_out(caller.user, order, lines)).model_dump()

    with acting(actor_behind(request, caller)):
        return once(request, caller, work)


@router.get("/{extension}/events", response={200: EventsOut, 404: Fault, **READ}, openapi_extra={"description": EVENTS})
def line_events(request: HttpRequest, extension: Id, past: Query[Past]) -> EventsOut:
    """Tell one page of what happened to a line."""
    caller = caller_of(request, Scope.OWN_LOCKS, past)
    events = LockEvent.objects.visible_to(caller.user).filter(extension=extension)
    if Scope.MANAGE_LOCKS not in caller.scopes:
        events = events.filter(person=caller.user)
    rows = list(events.filter(pk__lt=past.before).order_by("-pk")[: past.limit + 1])
    if not rows and not may_see(caller, extension):
        raise Http404
    more = len(rows) > past.limit
    older = rows[past.limit - 1].pk if more else None
    return EventsOut(events=[event_out(row) for row in rows[: past.limit]], next=older)


def may_see(caller: Caller, extension: int) -> bool:
    """Return whether a line is the caller's own, or in a scope that the token opens."""
    if extension in lines_of([caller.user.pk]):
        return True
    seen = visible_lines(caller.user, Choice(extensions=[extension]))
    return Scope.MANAGE_LOCKS in caller.scopes and seen.exists()


def told(caller: Caller) -> OwnOut:
    """Return the caller's own lines."""
    lines = Extension.objects.filter(pk__in=lines_of([caller.user.pk])).select_related("phone_system").order_by("pk")
    views = lines_out(lines)
    return OwnOut(locked=any(one.reason == Reason.SELF for view in views for one in view.reasons), lines=views)


def moment_of(body: OwnIn) -> datetime:
    """Return when an event happened by the portal's clock, never in the future."""
    now = timezone.now()
    if body.at is None:
        return now
    age = (body.sent_at or now) - body.at
    return now - max(age, timedelta())


def through_of(caller: Caller) -> Through:
    """Return what the history names as the means."""
    return Through.DESKTOP if caller.client == TokenClient.DESKTOP else Through.API


def known(choice: Choice) -> Choice:
    """Return the choice; refuse units that do not exist."""
    problems = {name: _("There is no such unit.") for name in choice.unknown_units()}
    if problems:
        raise Refusal(422, "invalid", str(WRONG_REQUEST), problems)
    return choice


def choice_of(body: ChoiceIn) -> Choice:
    """Return the choice that a request describes."""
    return Choice(body.department, body.cost_centre, body.office, extensions=body.extensions)


def meant(user: User, body: ChoiceIn) -> list[int]:
    """Return the lines that a request names; refuse extensions that do not exist, or are not the caller's to lock."""
    if not (body.everybody or body.department or body.cost_centre or body.office or body.extensions):
        text = _("Name a department, a cost centre, an office or extensions, or set “everybody”.")
        raise Refusal(422, "invalid", str(WRONG_REQUEST), {"body": text})
    lines = list(led_lines(user, known(choice_of(body))).values_list("pk", flat=True))
    if body.extensions and (strangers := sorted(set(body.extensions) - set(lines))):
        named = ", ".join(map(str, strangers[:20]))
        text = _("These are not extensions that you may lock: %(extensions)s.") % {"extensions": named}
        raise Refusal(422, "invalid", str(WRONG_REQUEST), {"extensions": text})
    return lines


def told_many(body: ManyIn, lines: list[int], found: Outcome) -> ManyOut:
    """Return what became of a request for many lines."""
    return ManyOut(
        lines=len(lines), changed=found.changed, passed_over=found.passed_over, dry_run=body.dry_run,
        job=found.job.pk if found.job else None,
    )  # fmt: skip


def lines_out(lines: Iterable[Extension]) -> list[LineOut]:
    """Return lines as the interface tells them; a fixed number of queries."""
    views = views_of(lines)
    holders = holders_of(view.extension.pk for view in views)
    people = User.objects.in_bulk(set(holders.values()))
    return [line_out(view, people.get(holders.get(view.extension.pk, 0))) for view in views]


def line_out(view: LineView, person: User | None) -> LineOut:
    """Return one line."""
    return LineOut(
        extension=view.extension.pk,
        number=view.extension.number,
        phone_system=str(view.extension.phone_system),
        person=PersonOut(username=person.username, name=str(person)) if person else None,
        locked=view.is_locked,
        status=view.status,
        reasons=[
            ReasonOut(reason=Reason(one.reason), since=one.since, until=one.until, by=one.by, note=one.note)
            for one in view.reasons
        ],
        until=view.until,
        error=view.error,
    )


def event_out(row: LockEvent) -> EventOut:
    """Return one line of the history."""
    return EventOut(
        id=row.pk, at=row.at, kind=row.kind, reason=row.reason, through=row.through, by=row.by, until=row.until,
        locked=row.locked, note=row.note,
    )  # fmt: skip
