"""The Services menu of a phone and the forms that it leads to."""

from django.utils import formats, timezone
from django.utils.translation import gettext as _

from accounting.models import User
from phonelock.models import LockSetUp, Pin
from phonelock.services.displays import address_of, phone_seen
from phonelock.services.seeing import LineView, views_of
from xmlservices.asking import Asked
from xmlservices.documents import Directory, Document, Input, Menu, Question, Text
from xmlservices.services import forms, lists
from xmlservices.services.identity import PhoneLine, lines_on
from xmlservices.services.wording import state_in_full, state_in_short
from xmlservices.views.answering import Refused, page, reading, title

LOCK, RELEASE, CHANGE = "lock", "release", "pin"


@page
def services(asked: Asked) -> Document:
    """Show what one can do at this phone; with several lines, first which (LOCK-4)."""
    lines = lines_of(asked)
    if len(lines) > 1 and not asked.request.GET.get("l"):
        return lines_menu(asked, lines)
    line = chosen(asked, lines)
    with reading(asked, line.holder):
        person = holder_of(line)
        [view] = views_of([line.extension])
        return services_menu(asked, line, view, person)


def lines_menu(asked: Asked, lines: list[PhoneLine]) -> Document:
    """Return the choice of the phone's lines."""
    items = [
        (
            f"{line.extension.number} {line.holder or ''}",
            asked.address("phone_services", line.base, d=asked.device_name, l=line.extension.pk),
        )
        for line in lines
    ]
    return Menu(title(), _("Which line?"), items, keep=True)


def services_menu(asked: Asked, line: PhoneLine, view: LineView, person: User) -> Document:
    """Return the menu of one line."""

    def to(name: str, **more: object) -> str:
        return asked.address(name, line.base, d=asked.device_name, l=line.extension.pk, **more)

    lock = _("Unlock line %(number)s") if view.own else _("Lock line %(number)s")
    items = [
        (lock % {"number": line.extension.number}, to("phone_lock")),
        (_("Change PIN"), to("phone_pin")),
        (_("My last calls"), to("phone_list", w=lists.CALLS)),
        (_("My missed calls"), to("phone_list", w=lists.MISSED)),
        (_("My budget"), to("phone_list", w=lists.BUDGET)),
    ]
    if view.reasons:
        items.append((_("Why is it locked?"), to("phone_state")))
    return Menu(_("Phone Lock"), state_in_short(view), items, keep=True)


@page
def state(asked: Asked) -> Document:
    """Say why a line is locked, and until when."""
    line = chosen(asked, lines_of(asked))
    with reading(asked, line.holder):
        [view] = views_of([line.extension])
        return Text(_("Phone Lock"), state_in_short(view), state_in_full(view))


@page
def lock(asked: Asked) -> Document:
    """Ask for the PIN to lock a line, or to lift the person's own lock."""
    line = chosen(asked, lines_of(asked))
    with reading(asked, line.holder):
        [view] = views_of([line.extension])
        return pin_form(asked, line, RELEASE if view.own else LOCK)


@page
def change_pin(asked: Asked) -> Document:
    """Ask for the present PIN and, twice, for the new one."""
    line = chosen(asked, lines_of(asked))
    with reading(asked, line.holder):
        return pin_form(asked, line, CHANGE)


@page
def listed(asked: Asked) -> Document:
    """Show the person's calls or budgets; where the set-up says so, after the PIN."""
    what = asked.request.GET.get("w", "")
    if what not in (lists.CALLS, lists.MISSED, lists.BUDGET):
        raise Refused(_("There is no such page."))
    line = chosen(asked, lines_of(asked))
    with reading(asked, line.holder):
        if line.set_up.pin_for_calls:
            return pin_form(asked, line, what)
        return list_of(asked, holder_of(line), what, proved=False)


def list_of(asked: Asked, person: User, what: str, *, proved: bool) -> Document:
    """Return calls as numbers to dial, or budgets as a text."""
    if what == lists.BUDGET:
        text = lists.budget_in_words(lists.budgets_of(person))
        return Text(_("My budget"), text=text or _("You have no budget."))
    heading = _("My missed calls") if what == lists.MISSED else _("My last calls")
    entries = lists.entries_of(person, what, proved=proved)
    if not entries:
        return Text(heading, text=_("There are no calls."))
    if "Directory" not in asked.shows:
        return Text(heading, text="\n".join(f"{name}  {number}" for name, number in entries))
    return Directory(heading, _("Select one to call back"), entries)


def pin_form(asked: Asked, line: PhoneLine, purpose: str, fault: str = "") -> Document:
    """Return a form for the PIN of the line's holder; a text where they have none, or it is blocked."""
    person = holder_of(line)
    refuse_without_pin(person)
    if forms.is_braked(asked.source):
        raise Refused(_("Too many wrong PINs came from here. Try again in ten minutes."))
    token = forms.give(purpose, asked.device_name, asked.source, line, person)
    url = asked.address("phone_form", line.base, t=token)
    heading = {LOCK: _("Lock line %(number)s"), RELEASE: _("Unlock line %(number)s"), CHANGE: _("Change PIN")}.get(
        purpose, title()
    )
    questions = [Question(_("PIN"), "pin")]
    if purpose == CHANGE:
        questions = [
            Question(_("Present PIN"), "pin"), Question(_("New PIN"), "new"), Question(_("New PIN again"), "again"),
        ]  # fmt: skip
    facts = {"number": line.extension.number}
    prompt = fault or (_("4 to 12 digits") if purpose == CHANGE else _("Enter your PIN"))
    return Input(heading % facts, prompt, url, questions, by_post=asked.model.posts_forms)


def refuse_without_pin(person: User) -> None:
    """Raise Refused where no PIN could be right."""
    pin = Pin.objects.filter(user=person).first()
    if pin is None:
        raise Refused(_("You have no PIN yet. Set one in the portal, under My phone."))
    if pin.is_blocked:
        raise Refused(blocked_in_words(pin))


def blocked_in_words(pin: Pin) -> str:
    """Return until when a PIN is blocked, and what helps."""
    end = formats.date_format(timezone.localtime(pin.blocked_until), "SHORT_DATETIME_FORMAT")
    return _("Too many wrong PINs: blocked until %(end)s. You can use the portal, under My phone.") % {"end": end}


def lines_of(asked: Asked) -> list[PhoneLine]:
    """Return the lines of the phone that asks; raise Refused when it is unknown or asks from elsewhere."""
    if not asked.device_name:
        raise Refused(_("The address of this service is incomplete: it must end with ?d=#DEVICENAME#."))
    lines = lines_on(asked.device_name)
    if not lines:
        raise Refused(
            _("The phone %(name)s is not known yet. It becomes known with its first call, or in the set-up.")
            % {"name": asked.device_name}
        )
    refuse_elsewhere(asked, lines[0].set_up)
    phone_seen(asked.device_name, asked.model.name)
    return lines


def refuse_elsewhere(asked: Asked, set_up: LockSetUp) -> None:
    """Raise Refused for a request that does not come from where UCM knows the phone, where that is looked at."""
    if set_up.match_address and address_of(set_up, asked.device_name) != asked.source:
        raise Refused(_("This phone asks from another address than the phone system knows."))


def chosen(asked: Asked, lines: list[PhoneLine]) -> PhoneLine:
    """Return the line that the address names, else the only one."""
    wanted = asked.request.GET.get("l", "")
    found = next((line for line in lines if str(line.extension.pk) == wanted), None)
    if found is None and (wanted or len(lines) > 1):
        raise Refused(_("This phone does not have that line any more. Open the service again."))
    return found or lines[0]


def holder_of(line: PhoneLine) -> User:
    """Return who holds a line; raise Refused when nobody does."""
    if line.holder is None:
        raise Refused(
            _("Line %(number)s is held by nobody. The administration enters who does.")
            % {"number": line.extension.number}
        )
    return line.holder
