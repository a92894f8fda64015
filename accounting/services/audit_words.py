"""The audit log in words: names of what was changed, labels of fields and choices in the reader's language."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounting.models import AuditEntry, ChangeJournal, Correction, DirectoryRun, SheetImport
from accounting.services.auditing import AUDITED
from accounting.services.jobs import KINDS
from accounting.services.journals import reversal
from accounting.services.row_changes import Words
from accounting.services.selecting import Selection

MODELS: dict[str, type[models.Model]] = {model._meta.model_name or "": model for model in AUDITED}
"""Whose labels name the fields of an entry; an app above enters its own ones at the start."""
OTHER_SUBJECTS: dict[str, str | Promise] = {
    "audit_log": gettext_lazy("audit log"),
    "calls": gettext_lazy("list of calls"),
    "call": gettext_lazy("call"),
    "person_data": gettext_lazy("data of a person"),
    "report": gettext_lazy("report"),
    "rejected_rows": gettext_lazy("rejected rows"),
    "set_aside_file": gettext_lazy("file set aside"),
    "upload": gettext_lazy("upload of call files"),
    "retention": gettext_lazy("retention"),
    "people": gettext_lazy("people"),
    "rates": gettext_lazy("rates"),
    "correction": gettext_lazy("correction"),
    "correction_journal": gettext_lazy("journal of a correction"),
    "departments": gettext_lazy("departments"),
    "cost_centres": gettext_lazy("cost centres"),
    "offices": gettext_lazy("offices"),
    "extensions": gettext_lazy("extensions"),
    "supervision": gettext_lazy("supervision"),
    "adoption": gettext_lazy("adoption of extensions"),
    "unknown_extensions": gettext_lazy("unknown extensions"),
    "sign_in": gettext_lazy("sign-in"),
    "synchronisation": gettext_lazy("synchronisation"),
    "mail": gettext_lazy("mail"),
    "private_calls": gettext_lazy("private calls"),
}
"""Kinds of subjects that are no settings; whoever records a new one may name it here."""
DETAILS: dict[str, str | Promise] = {
    "rows": gettext_lazy("Rows"),
    "file": gettext_lazy("File"),
    "files": gettext_lazy("Files"),
    "reason": gettext_lazy("Reason"),
    "filters": gettext_lazy("Filters"),
    "records": gettext_lazy("Call records"),
    "legs": gettext_lazy("Call legs"),
    "qualities": gettext_lazy("Quality reports"),
    "rejected": gettext_lazy("Rejected rows"),
    "before": gettext_lazy("Before"),
    "added": gettext_lazy("Added"),
    "changed": gettext_lazy("Changed"),
    "removed": gettext_lazy("Removed"),
    "closed": gettext_lazy("Closed"),
    "line": gettext_lazy("Line"),
    "lines": gettext_lazy("Lines"),
    "memberships": gettext_lazy("Memberships"),
    "phone_system": gettext_lazy("Phone system"),
    "person": gettext_lazy("Person"),
    "schedule": gettext_lazy("Scheduled report"),
    "recipients": gettext_lazy("Recipients"),
    "mail": gettext_lazy("Subject"),
    "mails": gettext_lazy("Mails"),
    "answer": gettext_lazy("Answer of the mail server"),
    "report": gettext_lazy("Report"),
    "unchanged": gettext_lazy("Unchanged"),
    "errors": gettext_lazy("Rows with errors"),
    "calls": gettext_lazy("Calls"),
    "private": gettext_lazy("Private"),
    "looked_at": gettext_lazy("Calls looked at"),
    "selection": gettext_lazy("Which calls"),
    "restored": gettext_lazy("Went back to what it was"),
    "left": gettext_lazy("Left as it is"),
    "changed_meanwhile": gettext_lazy("Changed meanwhile"),
    "vanished": gettext_lazy("No longer there"),
    "copy_of": gettext_lazy("Copy of"),
    "rates": gettext_lazy("Rates"),
    "percent": gettext_lazy("Prices changed by (%)"),
    "extensions": gettext_lazy("Extensions"),
    "user_name": gettext_lazy("User name"),
    "by": gettext_lazy("With"),
    "job": gettext_lazy("Background work"),
    "content": gettext_lazy("Content"),
}
MOST_LEFT = 100
LINKS = frozenset({"sheet_import", "run", "undone_entry"})
"""Details that are shown as a link, if at all."""
SIGN_IN_REASONS: dict[str, str | Promise] = {
    "wrong_password": gettext_lazy("Wrong password"),
    "unknown_name": gettext_lazy("Unknown user name"),
    "closed": gettext_lazy("The account is closed"),
    "directory": gettext_lazy("The directory was not reachable"),
    "too_many": gettext_lazy("Too many wrong passwords"),
}
BY: dict[str, str | Promise] = {
    "local": gettext_lazy("Local password"),
    "directory": gettext_lazy("Directory"),
}


LED_TO: dict[str, Any] = {
    "sheet_import": SheetImport, "run": DirectoryRun, "undone_entry": AuditEntry, "correction": Correction,
}  # fmt: skip
PAGES = {
    "sheet_import": "sheet_import", "run": "directory_run", "undone_entry": "audit_entry", "correction": "correction",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ToldChange:
    """One changed field in words."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class ToldEntry:
    """One entry of the audit log as a reader sees it."""

    entry: AuditEntry
    kind: str
    changes: list[ToldChange]
    details: list[tuple[str, str]]
    page: str = ""
    """The address of what the entry is about: an import, a synchronisation, a correction."""
    rows: bool = False
    """Whether entries of single rows belong to it."""
    undo: bool = False
    """Whether it can still be undone."""


def tell_entry(entry: AuditEntry, page: str = "", *, rows: bool = False, undo: bool = False) -> ToldEntry:
    """Return an entry in words."""
    details = [
        (str(DETAILS.get(name, name)), detail_in_words(entry, name, value))
        for name, value in entry.details.items()
        if name not in LINKS
    ]
    kind, changes = subject_in_words(entry.subject_type), list(changes_in_words(entry))
    return ToldEntry(entry, kind, changes, details, page, rows, undo)


def tell_entries(entries: Sequence[AuditEntry]) -> list[ToldEntry]:
    """Return entries in words, with what they lead to; a handful of queries for any number of them."""
    pages, wholes = pages_of(entries), with_rows(entries)
    journals = ChangeJournal.objects.filter(entry_id__in=wholes, undone_at=None).exclude(rows=b"")
    open_ = set(journals.values_list("entry_id", flat=True))
    return [
        tell_entry(entry, pages.get(entry.pk, ""), rows=entry.pk in wholes, undo=entry.pk in open_) for entry in entries
    ]


def with_rows(entries: Iterable[AuditEntry]) -> set[int]:
    """Return the ids of the entries to which entries of single rows belong."""
    ids = [entry.pk for entry in entries]
    has_rows = models.Exists(AuditEntry.objects.filter(whole_id=models.OuterRef("pk")))
    return set(AuditEntry.objects.filter(has_rows, pk__in=ids).values_list("pk", flat=True))


def pages_of(entries: Iterable[AuditEntry]) -> dict[int, str]:
    """Return by id the pages of what entries are about, as far as these are still there."""
    found: dict[int, tuple[str, int]] = {}
    for entry in entries:
        for name, value in entry.details.items():
            if name in LINKS and isinstance(value, int):
                found[entry.pk] = (name, value)
        if entry.subject_type == "correction" and entry.subject_id.isdigit():
            found[entry.pk] = ("correction", int(entry.subject_id))
    there: dict[str, set[int]] = {}
    for kind in {kind for kind, _pk in found.values()}:
        rows = LED_TO[kind].objects.filter(pk__in=[pk for one, pk in found.values() if one == kind])
        there[kind] = set(rows.values_list("pk", flat=True))
    return {entry: reverse(PAGES[name], args=[pk]) for entry, (name, pk) in found.items() if pk in there[name]}


def detail_in_words(entry: AuditEntry, name: str, value: Any) -> str:
    """Return a fact of an entry as people say it."""
    if name == "selection" and isinstance(value, dict):
        return "; ".join(f"{label}: {text}" for label, text in Selection.stored(value).in_words())
    if entry.subject_type == "sign_in":
        value = {"reason": SIGN_IN_REASONS, "by": BY}.get(name, {}).get(value, value)
    return moment_in_words(value) if isinstance(value, str) and name == "before" else text_of(value)


@dataclass(frozen=True, slots=True)
class ToldReversal:
    """What undoing work would do, in words."""

    back: int
    kinds: list[tuple[str, int]]
    """Rows that go back, by kind."""
    left: int
    reasons: list[tuple[str, str, str]]
    """Some of the rows that stay as they are: kind, name and reason."""


def reversal_in_words(journal: ChangeJournal) -> ToldReversal:
    """Return what undoing work would do now."""
    found = reversal(journal)
    kinds = Counter(str(one.model._meta.verbose_name_plural) for one in found.back)
    left = found.left[:MOST_LEFT]
    words = Words([change for change, _reason in left])
    reasons = [(str(one.model._meta.verbose_name), words.subject(one), reason) for one, reason in left]
    return ToldReversal(len(found.back), sorted(kinds.items()), len(found.left), reasons)


def subject_kinds() -> list[tuple[str, str]]:
    """Return every kind of subject that has a name, with the name, in its order."""
    names = {*MODELS, *OTHER_SUBJECTS, *KINDS}
    return sorted(((name, subject_in_words(name)) for name in names), key=lambda pair: pair[1].casefold())


def subject_in_words(subject_type: str) -> str:
    """Return what kind of thing an entry is about; the recorded word for kinds without a name."""
    model = MODELS.get(subject_type)
    if model:
        return str(model._meta.verbose_name)
    job = KINDS.get(subject_type)
    return str(OTHER_SUBJECTS.get(subject_type) or (job.label if job else subject_type))


def changes_in_words(entry: AuditEntry) -> Iterator[ToldChange]:
    """Yield the changed fields of an entry with their labels and values in words."""
    model = MODELS.get(entry.subject_type)
    for name, values in entry.changes.items():
        field = field_of(model, name)
        before, after = (value_in_words(field, value) for value in values)
        yield ToldChange(str(getattr(field, "verbose_name", name)), before, after)


def field_of(model: type[models.Model] | None, name: str) -> object | None:
    """Return a model's field, None for one that this version does not have."""
    try:
        return model._meta.get_field(name) if model else None
    except FieldDoesNotExist:
        return None


def value_in_words(field: object | None, value: str) -> str:
    """Return a recorded value as people say it: the label of a choice, yes or no, a moment in the reader's zone."""
    if isinstance(field, models.BooleanField) and value in ("True", "False"):
        return _("yes") if value == "True" else _("no")
    if isinstance(field, models.DateTimeField):
        return moment_in_words(value)
    if isinstance(field, models.Field) and field.flatchoices:
        return str({str(key): label for key, label in field.flatchoices}.get(value, value))
    return value


def moment_in_words(value: str) -> str:
    """Return a recorded moment in the reader's zone and format, other texts as they are."""
    try:
        when = datetime.fromisoformat(value)
    except ValueError:
        return value
    return formats.date_format(timezone.localtime(when) if when.tzinfo else when, "SHORT_DATETIME_FORMAT")


def text_of(value: object) -> str:
    """Return a fact of an entry as text; lists with commas between."""
    if isinstance(value, (list, tuple)):
        return ", ".join(text_of(one) for one in value)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, dict):
        return ", ".join(f"{DETAILS.get(name, name)}: {text_of(one)}" for name, one in value.items())
    if isinstance(value, int):
        return formats.number_format(value, force_grouping=True)
    return "" if value is None else str(value)
