"""Enters in the audit log who came in, who left, and whom the door has refused."""

from typing import Any

from accounting.models import AuditedAction, User
from accounting.services.auditing import acting, actor_of, record
from accounting.services.local_accounts import person_named

SIGN_IN = "sign_in"


def record_entry(person: User, address: str, *, from_directory: bool) -> None:
    """Record that a person has signed in."""
    with acting(actor_of(person, address or None)):
        record(
            AuditedAction.SIGNED_IN, SIGN_IN, str(person), subject_id=person.pk,
            by="directory" if from_directory else "local",
        )  # fmt: skip


def record_leaving(person: object, address: str) -> None:
    """Record that a person has signed out; nothing for somebody whose session has ended already."""
    if isinstance(person, User):
        with acting(actor_of(person, address or None)):
            record(AuditedAction.SIGNED_OUT, SIGN_IN, str(person), subject_id=person.pk)


def record_refusal(name: str, address: str, *, outage: bool = False) -> None:
    """Record a sign-in that did not succeed, and why."""
    person = person_named(name)
    if outage:
        reason = "directory"
    elif person is None:
        reason = "unknown_name"
    else:
        reason = "wrong_password" if person.is_active else "closed"
    record_of(AuditedAction.REFUSED, person, address, reason)


def record_lock(name: str, address: str) -> None:
    """Record that no password of this name is taken any more from this address for some time."""
    record_of(AuditedAction.LOCKED_OUT, person_named(name), address, "too_many")


def record_of(action: AuditedAction, person: User | None, address: str, reason: str) -> None:
    """Add an entry about a door that stays shut.

    An unknown name is not kept: people type their password into this field by mistake, and entries stay for ever.
    """
    known: dict[str, Any] = {"user_name": person.username} if person else {}
    with acting(actor_of(None, address or None)):
        record(action, SIGN_IN, str(person or ""), subject_id=person.pk if person else "", reason=reason, **known)
