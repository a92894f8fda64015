"""A person's calls and budgets, short enough for a phone's display."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta

import phonenumbers
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from phonenumbers import NumberParseException

from accounting.models import CallRecord, Direction, Kind, Office, Outcome, User
from accounting.services.masking import mask_for
from accounting.services.naming import NamedCall, named_calls
from budget.models import Account
from budget.services.seeing import Seen, latest

CALLS, MISSED, BUDGET = "calls", "missed", "budget"
MOST_CALLS, MOST_BUDGETS = 32, 10
BACK = timedelta(days=90)
NAME = 32
Entry = tuple[str, str]
"""What is shown of a call, and the number by which it is called back: '' where there is none."""


def entries_of(person: User, what: str, *, proved: bool) -> list[Entry]:
    """Return the latest own calls, or those not answered; newest first.

    `proved` is whether the person has typed a PIN that nobody else knows: else whoever stands at the phone is not told
    of private calls.
    """
    now = timezone.now()
    records = CallRecord.objects.own(person).in_period(now - BACK, now + timedelta(minutes=1)).newest_first()
    if what == MISSED:
        records = records.filter(direction=Direction.INCOMING).exclude(outcome=Outcome.ANSWERED)
    calls = named_calls(list(records[:MOST_CALLS]), mask_for(person))
    offices = Office.objects.in_bulk({call.record.office_id for call in calls if call.record.office_id})
    return [entry_of(call, offices.get(call.record.office_id or 0), proved=proved) for call in calls]


def entry_of(call: NamedCall, office: Office | None, *, proved: bool) -> Entry:
    """Return one call: the other party and when, in 32 characters; a party too long is cut, never the time."""
    record = call.record
    began = timezone.localtime(record.started_at)
    today = began.date() == timezone.localdate()
    when = formats.date_format(began, "TIME_FORMAT") if today else short_moment(began)
    if call.number.private or (record.is_private and not proved):
        return f"{_('Private')} {when}", ""
    party = call.other_name or call.number.text or _("Unknown")
    room = NAME - len(when) - 1
    shown = party if len(party) <= room else party[: room - 1].rstrip() + "…"
    return f"{shown} {when}", "" if call.number.hidden else dialable(record, office)


def short_moment(when: datetime) -> str:
    """Return day, month and time, in the order of the language."""
    return f"{formats.date_format(when, _day_and_month())} {formats.date_format(when, 'TIME_FORMAT')}"


def _day_and_month() -> str:
    order = formats.get_format("SHORT_DATE_FORMAT")
    return "m/d" if re.match(r"[mnN]", order) else "d.m." if "." in order else "d/m"


def dialable(record: CallRecord, office: Office | None) -> str:
    """Return the other party's number as it is dialled in an office; '' for what a phone cannot dial."""
    number = record.other_number
    if record.kind == Kind.PUBLIC:
        number = as_dialled_from(number, office)
    return number if re.fullmatch(r"\+?[0-9*#]{1,31}", number, re.ASCII) else ""


def as_dialled_from(number: str, office: Office | None) -> str:
    """Return a public number with the outside line and the prefixes of the office's country."""
    if office is None:
        return number
    if number.startswith("+"):
        try:
            parsed = phonenumbers.parse(number)
        except NumberParseException:
            return number
        dialled = phonenumbers.format_out_of_country_calling_number(parsed, office.country)
        number = re.sub(r"[^0-9*#]", "", dialled)
    return office.access_code + number


def budgets_of(person: User) -> list[Seen]:
    """Return the person's own budgets with their latest periods."""
    accounts = Account.objects.own(person).select_related("budget", "person").order_by("budget__name", "pk")
    return latest(list(accounts[:MOST_BUDGETS]))


def budget_in_words(seen: Iterable[Seen]) -> str:
    """Return what is used and left of budgets, as a text of a few lines."""
    return "\n\n".join(
        "\n".join(
            [
                f"{one.account.budget.name}:" if one.account.budget.name else _("Budget:"),
                _("%(spent)s of %(available)s used (%(percent)s %%)")
                % {"spent": one.spent, "available": one.available, "percent": one.period.percent},
                _("Exceeded by %(amount)s") % {"amount": one.over}
                if one.over
                else _("Left: %(amount)s") % {"amount": one.left},
                one.days,
            ]
        )
        for one in seen
    )
