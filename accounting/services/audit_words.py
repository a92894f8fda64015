"""The audit log in words: names of what was changed, labels of fields and choices in the reader's language."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils import formats, timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounting.models import AuditEntry
from accounting.services.auditing import AUDITED
from accounting.services.jobs import KINDS

MODELS: Mapping[str, type[models.Model]] = {model._meta.model_name or "": model for model in AUDITED}
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
    "synchronisation": gettext_lazy("synchronisation"),
    "mail": gettext_lazy("mail"),
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
    "line": gettext_lazy("Line"),
    "lines": gettext_lazy("Lines"),
    "memberships": gettext_lazy("Memberships"),
    "phone_system": gettext_lazy("Phone system"),
    "person": gettext_lazy("Person"),
    "recipients": gettext_lazy("Recipients"),
    "mail": gettext_lazy("Subject"),
    "mails": gettext_lazy("Mails"),
    "answer": gettext_lazy("Answer of the mail server"),
    "report": gettext_lazy("Report"),
}


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


def tell_entry(entry: AuditEntry) -> ToldEntry:
    """Return an entry in words."""
    details = [(str(DETAILS.get(name, name)), text_of(value)) for name, value in entry.details.items()]
    return ToldEntry(entry, subject_in_words(entry.subject_type), list(changes_in_words(entry)), details)


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
    if isinstance(value, dict):
        return ", ".join(f"{DETAILS.get(name, name)}: {text_of(one)}" for name, one in value.items())
    return "" if value is None else str(value)
