"""What Phone Lock forgets: erased people, and history beyond the term for which calls are kept."""

from accounting.models import PhoneSystem, User
from accounting.services.forgetting import delete_rows
from accounting.services.retention import end_of_term, midnight
from phonelock.models import Lock, LockEvent, Pin, Reason, RefusedCall, Through, TimetableExemption
from phonelock.services.locking import Actor, release


def forget_person(person: User) -> None:
    """Delete a person's PIN and history, lift the own lock, and take the name out of what was done to others' lines.

    Refused calls stay as the calls themselves do: with their units, without line, person and number.
    """
    Pin.objects.filter(user=person).delete()
    TimetableExemption.objects.filter(person=person).delete()
    own = list(Lock.objects.filter(reason=Reason.SELF, by_user=person).values_list("extension_id", flat=True))
    release(own, Reason.SELF, Actor(Through.COMMAND))
    LockEvent.objects.filter(person=person).delete()
    for rows in (Lock.objects.filter(by_user=person), LockEvent.objects.filter(by_user=person)):
        rows.update(by=str(person), by_user=None)
    calls = RefusedCall.objects.filter(user_id=person.pk)
    calls.update(user_id=None, extension=None, number="", called="", device_name="")


def forget_old() -> None:
    """Delete refused calls and history of lines whose phone system's calls are no longer kept."""
    for phone_system in PhoneSystem.objects.exclude(keep_days=None):
        end = midnight(end_of_term(phone_system.keep_days or 0))
        delete_rows(RefusedCall.objects.filter(phone_system=phone_system, at__lt=end))
        delete_rows(LockEvent.objects.filter(extension__phone_system=phone_system, at__lt=end))
    terms = list(PhoneSystem.objects.values_list("keep_days", flat=True))
    if terms and None not in terms:
        # Of PINs and of lines that are gone: nobody can tell the phone system, so the longest term holds.
        end = midnight(end_of_term(max(term or 0 for term in terms)))
        delete_rows(LockEvent.objects.filter(extension=None, at__lt=end))
