"""What became of one row of the set-up, told from the audit log in the reader's words."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model, Q, QuerySet
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from accounting.models import AuditEntry

SHOWN = 200
TRUTHS = {"True": True, "False": False}


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


def entries_of(row: Model, parts: Iterable[type[Model]] = ()) -> tuple[list[HistoryEntry], bool]:
    """Return the latest entries of a row and of the rows of other tables that belong to it, and whether more exist."""
    wanted = _about(type(row), [row.pk])
    models: dict[str, type[Model]] = {str(row._meta.model_name): type(row)}
    for model in parts:
        models[str(model._meta.model_name)] = model
        wanted |= _about(model, _belonging(model, row))
    found = list(AuditEntry.objects.filter(wanted)[: SHOWN + 1])
    own = str(row._meta.model_name)
    return [_entry(entry, models[entry.subject_type], own) for entry in found[:SHOWN]], len(found) > SHOWN


def _about(model: type[Model], ids: Iterable[int]) -> Q:
    return Q(subject_type=model._meta.model_name, subject_id__in=[str(pk) for pk in ids])


def _belonging(model: type[Model], row: Model) -> list[int]:
    """Return the ids of another table's rows that point at a row."""
    links = [field.name for field in model._meta.concrete_fields if field.related_model is type(row)]
    return list(QuerySet(model).filter(**{links[0]: row}).values_list("pk", flat=True)) if links else []


def _entry(entry: AuditEntry, model: type[Model], own: str) -> HistoryEntry:
    changes = [Change(*_in_words(model, name, values)) for name, values in entry.changes.items()]
    part = "" if entry.subject_type == own else capfirst(str(model._meta.verbose_name))
    return HistoryEntry(entry.at, entry.actor, entry.get_action_display(), part, entry.subject, changes)


def _in_words(model: type[Model], name: str, values: list[str]) -> tuple[str, str, str]:
    """Return the label of a field and its two values as people say them."""
    try:
        field: Any = model._meta.get_field(name)
    except FieldDoesNotExist:
        return name, values[0], values[1]
    choices = {str(key): str(label) for key, label in field.flatchoices}
    before, after = (choices.get(value, _truth(value)) for value in values)
    return str(capfirst(str(field.verbose_name))), before, after


def _truth(value: str) -> str:
    """Return yes or no for what the audit log keeps as a word of Python."""
    if value in TRUTHS:
        return _("Yes") if TRUTHS[value] else _("No")
    return value
