"""What became of one row of the set-up, told from the audit log in the reader's words."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model, Q, QuerySet
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from accounting.models import AuditEntry
from accounting.services import audit_words

SHOWN = 200


@dataclass(frozen=True, slots=True)
class Change:
    """One value before and after, with its field's name."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One entry of a row's history."""

    at: datetime
    actor: str
    action: str
    part: str
    """The kind of a row that belongs to this one, for instance a line; '' for the row itself."""
    subject: str
    changes: list[Change]
    cause: str = ""
    """What caused it, in words, for instance “Imported: rates (list.csv)”; '' for a change by hand."""
    page: str = ""
    """The address of the cause."""


def entries_of(row: Model, parts: Iterable[type[Model]] = ()) -> tuple[list[HistoryEntry], bool]:
    """Return the latest entries of a row and of the rows of other tables that belong to it, and whether more exist."""
    wanted = _about(type(row), [row.pk])
    models: dict[str, type[Model]] = {str(row._meta.model_name): type(row)}
    for model in parts:
        models[str(model._meta.model_name)] = model
        wanted |= _about(model, _belonging(model, row))
    found = list(AuditEntry.objects.filter(wanted)[: SHOWN + 1])
    own = str(row._meta.model_name)
    causes = causes_of(found)
    told = [_entry(entry, models[entry.subject_type], own, causes) for entry in found[:SHOWN]]
    return told, len(found) > SHOWN


def causes_of(entries: Iterable[AuditEntry]) -> dict[int | None, tuple[str, str]]:
    """Return in words the works of which entries are rows, by the works' ids, each with its page."""
    wholes = list(AuditEntry.objects.filter(pk__in={entry.whole_id for entry in entries if entry.whole_id}))
    pages = audit_words.pages_of(wholes)
    return {one.pk: (_cause(one), pages.get(one.pk) or reverse("audit_entry", args=[one.pk])) for one in wholes}


def _cause(whole: AuditEntry) -> str:
    """Return what a piece of work was, in words."""
    words = {
        "action": whole.get_action_display(),
        "kind": audit_words.subject_in_words(whole.subject_type),
        "subject": whole.subject,
    }
    return _("%(action)s: %(kind)s (%(subject)s)") % words if whole.subject else _("%(action)s: %(kind)s") % words


def _about(model: type[Model], ids: Iterable[int]) -> Q:
    return Q(subject_type=model._meta.model_name, subject_id__in=[str(pk) for pk in ids])


def _belonging(model: type[Model], row: Model) -> list[int]:
    """Return the ids of another table's rows that point at a row."""
    links = [field.name for field in model._meta.concrete_fields if field.related_model is type(row)]
    return list(QuerySet(model).filter(**{links[0]: row}).values_list("pk", flat=True)) if links else []


def _entry(entry: AuditEntry, model: type[Model], own: str, causes: dict[int | None, tuple[str, str]]) -> HistoryEntry:
    changes = [Change(*_in_words(model, name, values)) for name, values in entry.changes.items()]
    part = "" if entry.subject_type == own else capfirst(str(model._meta.verbose_name))
    action, cause = entry.get_action_display(), causes.get(entry.whole_id, ("", ""))
    return HistoryEntry(entry.at, entry.actor, action, part, entry.subject, changes, *cause)


def _in_words(model: type[Model], name: str, values: list[str]) -> tuple[str, str, str]:
    """Return the label of a field and its two values as people say them."""
    try:
        field: Any = model._meta.get_field(name)
    except FieldDoesNotExist:
        return name, values[0], values[1]
    before, after = (audit_words.value_in_words(field, value) for value in values)
    return str(capfirst(str(field.verbose_name))), before, after
