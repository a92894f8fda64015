"""Calls in the programming interface: the list with the filters of its page, and one call with its legs (EX-13)."""

from datetime import date
from typing import Annotated, Any, Literal

from django.http import Http404, HttpRequest, QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from ninja import Field, Query, Router

from accounting.api.door import WRONG_REQUEST, Caller, Refusal, caller_of
from accounting.api.shapes import ONE, READ, Cursor, DaysOut, Id, Limit, Shape, Strict, Text, position_of
from accounting.api.told_calls import CallOut, CallType, Direction, Kind, LegOut, Outcome, QualityOut, calls_out, plain
from accounting.filters import CallFilter, call_filter
from accounting.models import CallRecord, Scope
from accounting.models import CallType as CallTypes
from accounting.models import Direction as Directions
from accounting.models import Kind as Kinds
from accounting.models import Outcome as Outcomes
from accounting.services.describing import cause_in_words, q850
from accounting.services.masking import Masker, mask_for
from accounting.services.telling import ToldCall, ToldLeg, tell_call
from accounting.services.witnessing import witness
from callanalytics.lib import periods
from callanalytics.web.pagination import Paging
from callanalytics.web.requests import client_address

router = Router(tags=["calls"])
CHOICES: dict[str, Any] = {"direction": Directions, "kind": Kinds, "outcome": Outcomes, "call_type": CallTypes}
PAGES = frozenset({"cursor", "limit", "sort"})
Side = Literal["own", "other"]
SIDES: dict[str, Side] = {"O": "own", "R": "other"}
Period = Literal[
    "today", "yesterday", "7d", "30d", "week", "last_week", "month", "last_month", "quarter", "last_quarter", "year",
    "last_year", "365d", "all",
]  # fmt: skip


class CallsIn(Strict):
    """Which calls are listed; all filters narrow each other."""

    period: Period | None = None
    """The last 30 days when nothing is said; “from” and “to” come before it."""
    first: Annotated[date | None, Field(alias="from")] = None
    """First day, in the time zone of the person."""
    last: Annotated[date | None, Field(alias="to")] = None
    """Last day, included."""
    number: Annotated[Text, Field(max_length=400)] = ""
    """The other party's, or its “other_key”; digits that are hidden from the person are not compared."""
    match: Literal["equals", "begins"] | None = None
    """How the number is compared."""
    direction: Direction | None = None
    kind: Kind | None = None
    outcome: Outcome | None = None
    call_type: CallType | None = None
    extension: Annotated[Text, Field(max_length=50)] = ""
    min_duration: Annotated[int | None, Field(ge=1, le=7 * 86400)] = None
    """At least so many seconds of conversation."""
    price: Literal["priced", "unpriced", "free"] | None = None
    purpose: Literal["business", "private"] | None = None
    gateway: Id | None = None
    mine: bool = False
    """The person's own calls only."""
    person: Annotated[Text, Field(max_length=150)] = ""
    """User name or extension; for supervisors and administrators."""
    department: Id | None = None
    """With all departments below it; for supervisors and administrators, like the other units."""
    cost_centre: Id | None = None
    office: Id | None = None
    sort: Literal["newest", "oldest"] = "newest"
    cursor: Cursor = ""
    """“next” of the page before."""
    limit: Limit = 100


class CallsOut(Shape):
    """One page of calls."""

    period: DaysOut
    time_zone: str
    """In which the days are meant."""
    calls: list[CallOut]
    next: str | None
    """The value of “cursor” for the next page; null on the last one."""


class CallWhole(CallOut):
    """One call with everything that its page shows."""

    dialled: str
    """The number as the phone system has recorded it; like all numbers as far as the person sees its digits."""
    first_called: str
    redirected_by: str
    later_connected: str
    """With whom the call was connected later."""
    cause: int
    """Why the call ended: Q.850, or the phone system's own."""
    cause_text: str
    released_by: Side | None
    hunt_pilot: str
    device: str
    conference: bool
    carrier: str
    authorization_code: str
    """Its last two signs."""
    matter_code: str
    quality: QualityOut | None
    parts: list[CallOut]
    """The parts of all extensions in this call that the person may see, this one among them."""
    legs: list[LegOut]


LIST = gettext_lazy("The calls that you may see, page by page; the filters are those of the list of calls.")
WHOLE = gettext_lazy("One call: its parts that you may see, and its legs.")


@router.get("", response={200: CallsOut, **READ}, openapi_extra={"description": LIST})
def list_calls(request: HttpRequest, asked: Query[CallsIn]) -> CallsOut:
    """Tell one page of the calls that the caller may see."""
    caller = caller_of(request, Scope.READ_CALLS, asked)
    masker = mask_for(caller.user)
    filters = filters_of(asked, caller, masker)
    paging = Paging(asked.limit, asked.sort == "newest", after=position_of(asked.cursor))
    page = paging.page(filters.narrow(CallRecord.objects.visible_to(caller.user)))
    person = filters.cleaned_data.get("person")
    witness(masker, page.rows, "calls", person.pk if person else "", str(person or ""), address_of(request))
    first, last = filters.cleaned_data.get("from"), filters.cleaned_data.get("to")
    if filters.cleaned_data["period"] in periods.NAMES:
        first, last = periods.days_of(filters.cleaned_data["period"], periods.today())
    return CallsOut(
        period=DaysOut(first=first, last=last), time_zone=timezone.get_current_timezone_name(),
        calls=calls_out(page.rows, masker), next=page.after or None,
    )  # fmt: skip


@router.get("/{call}", response={200: CallWhole, **ONE}, openapi_extra={"description": WHOLE})
def one_call(request: HttpRequest, call: Id) -> CallWhole:
    """Tell one call."""
    caller = caller_of(request, Scope.READ_CALLS)
    record = CallRecord.objects.visible_to(caller.user).filter(pk=call).first()
    if record is None:
        raise Http404
    told, masker = tell_call(record, caller.user), mask_for(caller.user)
    seen = [one.record for one in told.records]
    subject = f"{told.chosen.owner or record.extension} {timezone.localtime(record.started_at):%Y-%m-%d %H:%M}"
    witness(masker, seen, "call", record.pk, subject, address_of(request))
    return whole(told, calls_out(seen, masker))


def filters_of(asked: CallsIn, caller: Caller, masker: Masker) -> CallFilter:
    """Return the filters of the list of calls as they are asked for; refuse what does not hold for the caller."""
    params = QueryDict(mutable=True)
    given = asked.model_dump(by_alias=True, exclude_none=True, exclude_defaults=True, exclude=set(PAGES))
    for name, value in given.items():
        words = value.isoformat() if isinstance(value, date) else str(value)
        params[name] = str(CHOICES[name][words.upper()].value) if name in CHOICES else words
    if asked.mine:
        params["mine"] = "1"
    filters = call_filter(params, caller.user, masker)
    problems = [(name, _("You cannot narrow calls by this.")) for name in given if name not in filters.fields]
    for name, errors in filters.errors.items():
        problems += [("from" if name == "__all__" else name, str(error)) for error in errors]
    if problems:
        raise Refusal(422, "invalid", str(WRONG_REQUEST), problems)
    return filters


def address_of(request: HttpRequest) -> str | None:
    """Return the address from which the caller asks."""
    return client_address(request) or None


def whole(told: ToldCall, parts: list[CallOut]) -> CallWhole:
    """Return a call with everything that its page shows."""
    record = told.chosen.record
    own = next(one for one in parts if one.id == record.pk)
    return CallWhole(
        **own.model_dump(), dialled=plain(told.dialled), first_called=plain(told.redirection.original),
        redirected_by=plain(told.redirection.last), later_connected=plain(told.redirection.later),
        cause=q850(record.cause), cause_text=str(cause_in_words(record.cause)),
        released_by=SIDES.get(record.released_by), hunt_pilot=record.hunt_pilot,
        device=record.device, conference=record.conference, carrier=told.carrier,
        authorization_code=record.authorization_code, matter_code=record.matter_code, quality=QualityOut.of(record),
        parts=parts, legs=[leg_out(leg) for leg in told.legs],
    )  # fmt: skip


def leg_out(told: ToldLeg) -> LegOut:
    """Return one leg."""
    leg = told.leg
    return LegOut(
        began_at=leg.originated_at, connected_at=leg.connected_at, ended_at=leg.disconnected_at,
        caller=plain(told.caller.number), caller_name=told.caller.name, called=plain(told.called.number),
        called_name=told.called.name, first_called=plain(told.first_called), redirected_by=plain(told.redirected_by),
        talk_seconds=told.talk_seconds, cause=told.cause,
    )  # fmt: skip
