"""Sign-ins of gadgets: begun, recognised, ended."""

from collections.abc import Iterator
from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext_lazy

from accounting.models import AuditedAction, GadgetRules, GadgetSignIn, User
from accounting.services.auditing import record, unrecorded
from accounting.services.personal_tables import PersonalTable, also_held

MARK = "gadget"
"""Where a session keeps which sign-in it belongs to; sessions of the portal have none."""
BELOW = "/gadgets/"
USED_EVERY = timedelta(hours=1)


def begin(user: User, program: str) -> GadgetSignIn:
    """Keep that a person has signed in, in a program that calls itself so."""
    with unrecorded():
        return GadgetSignIn.objects.create(user=user, program=program[:200].replace("\0", ""))


def is_alive(pk: int, user: User, rules: GadgetRules) -> bool:
    """Return whether a sign-in of this person still opens gadgets, and keep that it was used; one query."""
    found = GadgetSignIn.objects.alive(rules).filter(pk=pk, user=user.pk).values_list("last_used_at", flat=True).first()
    now = timezone.now()
    if found and now - found >= USED_EVERY:
        GadgetSignIn.objects.filter(pk=pk).update(last_used_at=now)
    return found is not None


def end(sign_in: GadgetSignIn) -> None:
    """Let a sign-in open nothing any more."""
    if sign_in.revoked_at is None:
        sign_in.revoked_at = timezone.now()
        sign_in.save(update_fields=["revoked_at"])


def leave(pk: int, user: User) -> None:
    """Delete a person's own sign-in; that they signed out is an entry of its own."""
    with unrecorded():
        GadgetSignIn.objects.filter(pk=pk, user=user.pk).delete()


def drop(pk: int) -> None:
    """Delete a sign-in whose person is not let in any more: the password was changed, or the account is closed."""
    with unrecorded():
        GadgetSignIn.objects.filter(pk=pk).delete()


def clear_away() -> None:
    """Delete the sign-ins that open nothing any more: ended, too old, or of a closed account."""
    with unrecorded():
        GadgetSignIn.objects.dead(GadgetRules.current()).delete()


def end_everywhere() -> int:
    """End the sign-ins of all people; return how many there were."""
    with unrecorded():
        ended = GadgetSignIn.objects.filter(revoked_at=None).update(revoked_at=timezone.now())
    if ended:
        record(AuditedAction.CHANGED, "gadgetsignin", "", ended=ended)
    return ended


def forget(person: User) -> None:
    """Delete the sign-ins of an erased person."""
    GadgetSignIn.objects.filter(user=person).delete()


@also_held
def tables(person: User) -> Iterator[PersonalTable]:
    """Yield a person's sign-ins in gadgets."""
    names = ("program", "created_at", "last_used_at", "revoked_at")
    rows = GadgetSignIn.objects.filter(user=person).order_by("pk").values_list(*names)
    yield PersonalTable("gadgets.csv", gettext_lazy("Sign-ins in gadgets"), names, rows)
