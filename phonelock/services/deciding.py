"""Whether a call may pass: one read of the database about the caller, everything else from memory (LOCK-8)."""

import logging
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import NamedTuple

from django.db import DatabaseError, InterfaceError
from django.db.models import OuterRef, Subquery
from django.utils import timezone

from accounting.models import Extension
from accounting.querysets.validity import held_now, member_rows
from phonelock.call_control import Decision, Question
from phonelock.models import LockSetUp
from phonelock.services.call_rules import (
    BOOK,
    OUTDATED_AFTER,
    RENEWED_AFTER,
    CallRules,
    Profile,
    load,
    profile_of,
)
from phonelock.services.hurried import READS, TooLateError

log = logging.getLogger(__name__)
YOUNG = 0.5
"""Seconds: a key that is unknown to an older reading of the rules is looked for in a new one."""


class Cause(StrEnum):
    """Why a question was answered as it was."""

    OPEN = "open"
    LOCKED = "locked"
    EMERGENCY = "emergency"
    ALLOWED = "allowed"
    NO_EXTENSION = "no_extension"
    OTHER_ENGINE = "other_engine"
    INSIDE = "inside"
    """UCM asks about calls to the outside only."""
    UNKNOWN_KEY = "unknown_key"
    NO_DATABASE = "no_database"
    """The set-up says what happens then."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """An answer, and everything that a log or a test page says of it."""

    decision: Decision
    cause: Cause
    profile: Profile | None = None
    extension_id: int | None = None
    number: str = ""
    reasons: tuple[str, ...] = ()

    @property
    def is_refused_for_lock(self) -> bool:
        """Whether it belongs into the log of refused calls."""
        return self.decision == Decision.DENY and self.cause == Cause.LOCKED


class LineRow(NamedTuple):
    """One extension that the caller may be, with one of its reasons, if any."""

    pk: int
    number: str
    reason: str | None
    until: datetime | None
    office_id: int | None = None


def verdict_on(key: str, question: Question) -> Verdict:
    """Return the answer to a question that came to the address with this key, within 300 ms whatever hangs."""
    try:
        found = READS.read(partial(looked_up, key, question))
    except (TooLateError, DatabaseError, InterfaceError):
        return without_database(BOOK.latest, BOOK.profile(key), question)
    except Exception:
        # A fault of ours must not stop people from calling where the set-up says so.
        log.exception("A question about a call cannot be answered")
        return without_database(BOOK.latest, BOOK.profile(key), question)
    if BOOK.age > RENEWED_AFTER:
        READS.start(partial(BOOK.renew, RENEWED_AFTER))
    return found


def tried(set_up: LockSetUp, question: Question) -> Verdict:
    """Return what becomes of a call, by what is stored now; nothing of it is logged."""
    rules = load(CallRules())
    found = judged(rules, profile_of(set_up, rules), question)
    if found.cause == Cause.LOCKED and stays_inside(set_up.phone_system_id, question):
        return replace(found, decision=Decision.PERMIT, cause=Cause.INSIDE)
    return found


def stays_inside(phone_system: int, question: Question) -> bool:
    """Return whether an extension of the same phone system is called."""
    return Extension.objects.filter(phone_system_id=phone_system, number__in=question.called_numbers).exists()


def knows(key: str) -> bool:
    """Return whether UCM may ask at the address with this key; True when nobody can tell."""
    try:
        return READS.read(partial(profile_with, key)) is not None
    except (TooLateError, DatabaseError, InterfaceError):
        return BOOK.age == float("inf") or BOOK.profile(key) is not None


def looked_up(key: str, question: Question) -> Verdict:
    """Return the answer; runs in a thread of the hurried reads."""
    profile = profile_with(key)
    if profile is None:
        log.warning("A question about a call came to an address with an unknown key")
        return Verdict(Decision.NOT_APPLICABLE, Cause.UNKNOWN_KEY)
    return judged(BOOK.latest, profile, question)


def profile_with(key: str) -> Profile | None:
    """Return the phone system with a key; the rules are read anew when they are old or do not know it."""
    BOOK.renew(OUTDATED_AFTER)
    found = BOOK.profile(key)
    if found is None:
        BOOK.renew(YOUNG)
        found = BOOK.profile(key)
    return found


def judged(rules: CallRules, profile: Profile, question: Question) -> Verdict:
    """Return the answer for a known phone system."""
    if not profile.bars:
        return Verdict(Decision.PERMIT, Cause.OTHER_ENGINE, profile)
    callers = question.callers(with_suffixes=question.device_name not in profile.gateways)
    rows = rows_of(profile.phone_system_id, callers, by_office=rules.by_office)
    line = next((row for caller in callers for row in rows if row.number == caller), None)
    if line is None:
        return Verdict(Decision.PERMIT, Cause.NO_EXTENSION, profile)
    now = timezone.now()
    reasons = tuple(
        row.reason for row in rows if row.pk == line.pk and row.reason and (row.until is None or row.until > now)
    )
    decision, cause = weighed(rules, question, line.office_id or profile.office_id) if reasons else PASSES
    return Verdict(decision, cause, profile, line.pk, line.number, reasons)


PASSES = (Decision.PERMIT, Cause.OPEN)


def weighed(rules: CallRules, question: Question, office_id: int | None) -> tuple[Decision, Cause]:
    """Return whether a locked line may call this number."""
    if rules.is_emergency(question):
        return Decision.PERMIT, Cause.EMERGENCY
    if rules.allows(question, office_id):
        return Decision.PERMIT, Cause.ALLOWED
    return Decision.DENY, Cause.LOCKED


def rows_of(phone_system: int, numbers: list[str], *, by_office: bool) -> list[LineRow]:
    """Return the extensions with these numbers and their reasons: one read of indexes."""
    lines = Extension.objects.filter(phone_system_id=phone_system, number__in=numbers).order_by()
    columns = ["pk", "number", "locks__reason", "locks__until"]
    if by_office:
        holders = held_now().filter(extension=OuterRef(OuterRef("pk"))).values("user_id")
        offices = member_rows().filter(user_id__in=holders).exclude(office=None).order_by("-pk").values("office_id")[:1]
        lines, columns = lines.annotate(office=Subquery(offices)), [*columns, "office"]
    return [LineRow(*row) for row in lines.values_list(*columns)]


def without_database(rules: CallRules, profile: Profile | None, question: Question) -> Verdict:
    """Return what the set-up says for the case that locks cannot be looked up; emergencies and allowed numbers pass."""
    if profile is None:
        return Verdict(Decision.INDETERMINATE, Cause.NO_DATABASE)
    if not profile.bars or profile.on_failure == LockSetUp.OnFailure.PERMIT:
        return Verdict(Decision.PERMIT, Cause.NO_DATABASE, profile)
    decision, cause = weighed(rules, question, profile.office_id)
    return Verdict(decision, Cause.NO_DATABASE if cause == Cause.LOCKED else cause, profile)
