"""What happens with a filled-in form: the PIN is compared, then the line is locked, released, or a list shown."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounting.models import User
from phonelock.models import PhoneForm, Pin, Reason, Through
from phonelock.services import locking, pins
from phonelock.services.locking import Actor
from phonelock.services.seeing import views_of
from xmlservices.asking import Asked
from xmlservices.documents import Document, Text
from xmlservices.services import forms
from xmlservices.services.identity import PhoneLine
from xmlservices.services.wording import others_hold, state_in_full, state_in_short
from xmlservices.views.answering import Refused, page, reading
from xmlservices.views.pages import CHANGE, LOCK, RELEASE, holder_of, list_of, pin_form

LONGEST = 32


@page
def form(asked: Asked) -> Document:
    """Take a filled-in form, once."""
    if forms.is_braked(asked.source):
        raise Refused(_("Too many wrong PINs came from here. Try again in ten minutes."))
    taken = forms.take(asked.request.GET.get("t", ""))
    if taken is None:
        raise Refused(_("This page is no longer valid. Open the service again."))
    given, line = taken
    with reading(asked, line.holder):
        return outcome(asked, given, line)


def outcome(asked: Asked, given: PhoneForm, line: PhoneLine) -> Document:
    """Return what a form leads to: the form again with what is wrong, or the result."""
    again = Asked(asked.request, given.device_name, asked.model, asked.shows, asked.writing)
    person = holder_of(line)
    if given.purpose == CHANGE and (fault := fault_of_new_pin(asked)):
        return pin_form(again, line, CHANGE, fault)
    actor = Actor(Through.PHONE, person)
    check = pins.check_pin(person, typed(asked, "pin"), actor)
    if not check.right:
        forms.note_failure(given)
        return pin_form(again, line, given.purpose, _("Wrong PIN. Try again."))
    if given.purpose == CHANGE:
        pins.set_pin(person, typed(asked, "new"), actor)
        return Text(_("Change PIN"), text=_("Your PIN is changed."))
    if given.purpose in (LOCK, RELEASE):
        return switched(line, given.purpose, actor)
    return list_of(again, person, given.purpose, proved=not is_temporary(person))


def typed(asked: Asked, name: str) -> str:
    """Return what was typed into a field."""
    return asked.typed.get(name, "").strip()[:LONGEST]


def fault_of_new_pin(asked: Asked) -> str:
    """Return what is wrong with a new PIN, in 32 characters; '' for nothing. Looked at before the present PIN."""
    new = typed(asked, "new")
    if new != typed(asked, "again"):
        return _("The new PINs differ.")
    try:
        pins.validate_pin(new)
    except ValidationError as error:
        return _("4 to 12 digits, please.") if error.code == "no_pin" else _("Too easy to guess.")
    return ""


def switched(line: PhoneLine, purpose: str, actor: Actor) -> Document:
    """Lock a line for its person, or lift the person's own lock, and say what is true then (LOCK-7)."""
    act = locking.lock if purpose == LOCK else locking.release
    act([line.extension.pk], Reason.SELF, actor)
    [view] = views_of([line.extension])
    sentences = [state_in_full(view)]
    if purpose == RELEASE and others_hold(view):
        sentences.insert(0, _("Your own lock is lifted, but the line stays locked."))
    if is_temporary(actor.user):
        sentences.append(_("Your PIN was given to you by somebody else: change it."))
    return Text(_("Phone Lock"), state_in_short(view), "\n".join(sentences))


def is_temporary(person: User | None) -> bool:
    """Return whether somebody else has given this person the PIN."""
    return Pin.objects.filter(user=person, is_temporary=True).exists()
