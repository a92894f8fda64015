"""Erases one person: the account is closed and renamed, calls forget their owner, and the totals follow."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from axes.models import AccessAttempt
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.models import Q
from django.db.models.functions import TruncMonth
from django.utils import timezone
from django.utils.translation import gettext as _

from accounting.models import (
    AuditedAction,
    CallLeg,
    CallRecord,
    CorrectedRecord,
    Correction,
    CorrectionKind,
    DirectoryRun,
    ExtensionDay,
    Job,
    LineAssignment,
    Membership,
    PhoneSystem,
    Role,
    SheetImport,
    SheetState,
    Supervision,
    User,
)
from accounting.services import gadgets, outbox, tokens
from accounting.services.audit_erasure import erase_names
from accounting.services.auditing import record, unrecorded
from accounting.services.forgetting import anonymise, blank_legs, delete_rows, put_anonymous_days, take_days
from accounting.services.jobs import JobFailed, Progress
from accounting.services.journals import forget_person
from accounting.services.privacy import EXPORT, all_numbers_of, exported_file
from accounting.services.retention import midnight
from accounting.services.sheets import mentions
from accounting.signals import person_erased
from callanalytics.lib.turns import bulk_transaction

ERASE = "erase_person"


@dataclass(frozen=True, slots=True)
class Month:
    """The calls of one person on one extension of a phone system in one month of the organisation's zone."""

    phone_system_id: int
    extension: str
    first: date

    @property
    def after(self) -> date:
        """The first day of the next month."""
        return date(self.first.year + self.first.month // 12, self.first.month % 12 + 1, 1)


@dataclass(slots=True)
class Erased:
    """How much an erasure has changed."""

    records: int = 0
    legs: int = 0
    lines: int = 0
    memberships: int = 0


def reason_against(person: User, actor: User) -> str:
    """Return why this person cannot be erased by this administrator, '' when nothing speaks against it."""
    if person.pk == actor.pk:
        return _("You cannot erase yourself.")
    administrators = User.objects.filter(Q(role=Role.ADMINISTRATOR) | Q(is_superuser=True), is_active=True)
    if person.is_administrator and not administrators.exclude(pk=person.pk).exists():
        return _("The last administrator cannot be erased.")
    return ""


def neutral_name(person: User) -> str:
    """Return the user name that stays of an erased person."""
    return f"erased-{person.pk}"


def erase(progress: Progress) -> dict[str, Any]:
    """Erase a person; what is done already is not done again when the work starts anew."""
    person = User.objects.filter(pk=progress.parameters["person"]).first()
    actor = progress.job.started_by
    if person is None or actor is None:
        raise JobFailed(_("This person is no longer there."))
    if problem := reason_against(person, actor):
        raise JobFailed(problem)
    numbers, erased = all_numbers_of(person), Erased()
    close_account(person, erased)
    months = list(months_of(person, numbers))
    try:
        for done, month in enumerate(months, start=1):
            forget_month(person, month, erased)
            progress.step(done, len(months))
    finally:
        record(AuditedAction.DELETED, "person_data", neutral_name(person), subject_id=person.pk, **asdict(erased))
    return asdict(erased)


@bulk_transaction()
def close_account(person: User, erased: Erased) -> None:
    """Close and rename the account, and remove what ties the person to lines and units.

    Without the lines, calls that arrive late belong to nobody.
    """
    with unrecorded():
        old_name, address, name = person.username, person.email, str(person)
        if old_name != neutral_name(person):
            erase_names(person, neutral_name(person))
        erased.lines += LineAssignment.objects.filter(user=person).delete()[0]
        erased.memberships += Membership.objects.filter(user=person).delete()[0]
        Supervision.objects.filter(supervisor=person).delete()
        outbox.forget(person)
        tokens.forget(person)
        gadgets.forget(person)
        person.username = neutral_name(person)
        person.first_name = person.last_name = person.email = person.employee_number = ""
        person.language = person.time_zone = ""
        person.directory_key, person.last_login = None, None
        person.is_active = person.is_superuser = False
        person.role, person.left_at = Role.USER, person.left_at or timezone.now()
        person.set_unusable_password()
        person.save()
    person_erased.send(User, person=person, address=address, name=name)
    forget_exports(person)
    forget_plans(old_name)
    forget_reassignments(person)
    forget_person(person)
    AccessAttempt.objects.filter(username=old_name).delete()
    history = LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(User), object_id=str(person.pk))
    history.update(object_repr=person.username, change_message="")


def forget_plans(name: str) -> None:
    """Empty the kept sheets and synchronisations in which the person's user name stands."""
    for sheet in SheetImport.objects.exclude(plan=b"").only("pk", "plan").iterator(20):
        if mentions(bytes(sheet.plan), name):
            same = SheetImport.objects.filter(pk=sheet.pk)
            same.update(plan=b"", content=b"")
            same.filter(state=SheetState.PREVIEW).update(state=SheetState.DISCARDED)
    for run in DirectoryRun.objects.exclude(plan=b"").only("pk", "plan").iterator(20):
        if mentions(bytes(run.plan), name):
            DirectoryRun.objects.filter(pk=run.pk).update(plan=b"")


def forget_reassignments(person: User) -> None:
    """Forget that calls of others were the person's: undoing a re-assignment would bring them back."""
    reassignments = Correction.objects.filter(kind=CorrectionKind.OWNER).values("pk")
    delete_rows(CorrectedRecord.objects.filter(correction_id__in=reassignments, before__user_id=person.pk))


def forget_exports(person: User) -> None:
    """Remove the files of earlier exports, and the name from their titles."""
    for job in Job.objects.filter(kind=EXPORT, parameters__person=person.pk):
        if file := exported_file(job):
            file.unlink(missing_ok=True)
        Job.objects.filter(pk=job.pk).update(title=person.username)


def months_of(person: User, numbers: list[str]) -> Iterator[Month]:
    """Yield where the totals know calls of the person."""
    days = ExtensionDay.objects.filter(user_id=person.pk, extension__in=numbers).order_by()
    found = days.annotate(month=TruncMonth("day")).values_list("phone_system_id", "extension", "month").distinct()
    return (Month(*key) for key in sorted(found))


@bulk_transaction()
def forget_month(person: User, month: Month, erased: Erased) -> None:
    """Take the person out of one month's calls, their legs and totals, under the lock of the importer."""
    phone_system = PhoneSystem.objects.select_for_update().get(pk=month.phone_system_id)
    records = CallRecord.objects.filter(
        phone_system_id=phone_system.pk, extension=month.extension, user_id=person.pk
    ).in_period(midnight(month.first), midnight(month.after))
    calls = list(records.order_by().values_list("call_id", flat=True).distinct())
    for start in range(0, len(calls), 1000):
        erased.legs += blank_legs(CallLeg.objects.filter(call_id__in=calls[start : start + 1000]))
    erased.records += anonymise(records, phone_system)
    as_value = connection.ops.adapt_datefield_value
    days = take_days(
        "extension = %s AND phone_system_id = %s AND user_id = %s AND day >= %s AND day < %s",
        [month.extension, phone_system.pk, person.pk, as_value(month.first), as_value(month.after)],
    )
    put_anonymous_days(days)
