"""What a piece of bulk work changes, row by row: seen by comparing tables, entered in the audit log below its whole."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_interface
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db import connection, models

from accounting.models import AuditedAction, AuditEntry, Tariff, TariffBand
from accounting.services.auditing import LONGEST_VALUE, SECRET_FIELDS, SILENT_FIELDS
from callanalytics.lib.bulk import insert_rows
from callanalytics.lib.secrets import EncryptedField

IDS_AT_ONCE = 2000
EPOCH_2000 = datetime(2000, 1, 1, tzinfo=UTC)
PASSING_FIELDS = frozenset({"id", "last_login", "date_joined"})
"""Fields that no bulk work sets."""
COLUMNS = (
    "at", "actor_id", "actor", "address", "action", "subject_type", "subject_id", "subject", "changes", "details",
    "whole_id",
)  # fmt: skip

Values = dict[str, Any]
"""Values of a row by column, as Django reads them."""
Tables = Sequence[models.QuerySet[Any]]


@dataclass(frozen=True, slots=True)
class RowChange:
    """One row before (None: it was not there) and after (None: it is gone), all columns that matter."""

    model: type[models.Model]
    pk: int
    before: Values | None
    after: Values | None

    @property
    def action(self) -> AuditedAction:
        """What became of the row."""
        if self.before is None:
            return AuditedAction.ADDED
        return AuditedAction.CHANGED if self.after is not None else AuditedAction.DELETED

    def differing(self) -> list[str]:
        """Return the columns that hold something else than before; of a row that comes or goes, all."""
        if self.before is None or self.after is None:
            return list(self.after or self.before or {})
        return [name for name, value in self.after.items() if value != self.before[name]]

    def reversed(self) -> "RowChange":
        """Return the change that takes this one back."""
        return RowChange(self.model, self.pk, self.after, self.before)


class Watch:
    """Sees which rows of some tables change between its making and `changes()`, however they are written."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self.before = [stored(table) for table in tables]

    def changes(self) -> list[RowChange]:
        """Return the rows that hold something else by now, table by table."""
        return [
            change
            for table, before in zip(self.tables, self.before, strict=True)
            for change in compared(table.model, before, stored(table))
        ]


def stored(table: models.QuerySet[Any]) -> dict[int, tuple[Any, ...]]:
    """Return the rows of a table by primary key, in the order of columns()."""
    rows = table.order_by().values_list("pk", *columns(table.model))
    return {row[0]: row[1:] for row in rows.iterator(chunk_size=5000)}


def rows_in(table: models.QuerySet[Any]) -> list[RowChange]:
    """Return every row of a table as one that has been added."""
    return list(compared(table.model, {}, stored(table)))


def columns(model: type[models.Model]) -> list[str]:
    """Return the columns that tell a row: secrets and what nobody sets are left out."""
    return [
        field.attname
        for field in model._meta.concrete_fields
        if field.name not in PASSING_FIELDS | SECRET_FIELDS and not isinstance(field, EncryptedField)
    ]


def compared(
    model: type[models.Model], before: Mapping[int, tuple[Any, ...]], after: Mapping[int, tuple[Any, ...]]
) -> Iterator[RowChange]:
    """Yield the rows in which two readings of a table differ."""
    names = columns(model)
    for pk, values in after.items():
        old = before.get(pk)
        if old != values:
            yield RowChange(model, pk, named(names, old) if old else None, named(names, values))
    for pk in before.keys() - after.keys():
        yield RowChange(model, pk, named(names, before[pk]), None)


def named(names: Sequence[str], values: Sequence[Any]) -> Values:
    """Return values by column."""
    return dict(zip(names, values, strict=True))


def record_rows(whole: AuditEntry, changes: Sequence[RowChange]) -> None:
    """Enter each changed row in the audit log, below the entry of the whole work and with its actor and moment."""
    # All of them first: a name may need a query, and none is possible while PostgreSQL takes in rows.
    insert_rows(AuditEntry, COLUMNS, list(entries(whole, changes)))


def entries(whole: AuditEntry, changes: Sequence[RowChange]) -> Iterator[tuple[Any, ...]]:
    """Yield the entries of rows as insert_rows takes them, without what tells an auditor nothing."""
    words = Words(changes)
    head = (moment_value(whole.at), whole.actor_id, whole.actor, address_value(whole.address))
    as_json = json_writer()
    no_details = as_json({})
    for change in changes:
        told, action = words.changes(change), change.action
        if told or action != AuditedAction.CHANGED:
            subject = (change.model._meta.model_name, str(change.pk), words.subject(change))
            yield (*head, action.value, *subject, as_json(told), no_details, whole.pk)


class Words:
    """Changed rows as the audit log tells them; the names of related rows are read at once for all."""

    def __init__(self, changes: Sequence[RowChange]) -> None:
        kinds = {change.model for change in changes}
        self.rows = {model: model() for model in kinds}
        """One row of each kind lends its name to all: making one for each would take as long as storing it."""
        self.fields = {model: told_fields(model) for model in kinds}
        self.links = {model: [one for one in found.values() if one.is_relation] for model, found in self.fields.items()}
        wanted: dict[type[models.Model], set[int]] = {}
        for change in changes:
            for field in self.links[change.model]:
                ids = wanted.setdefault(field.related_model, set())
                ids.update(side[field.attname] for side in (change.before, change.after) if side)
        self.related = {model: by_id(model, ids - {None}) for model, ids in wanted.items()}
        for change in changes:
            if change.after is None and change.pk in wanted.get(change.model, ()):
                self.related[change.model].setdefault(change.pk, change.model(pk=change.pk, **(change.before or {})))

    def subject(self, change: RowChange) -> str:
        """Return what people call a row."""
        values = change.after or change.before or {}
        row = self.rows[change.model]
        vars(row).update(values, id=change.pk)
        for field in self.links[change.model]:
            field.set_cached_value(row, self.related[field.related_model].get(values[field.attname]))
        try:
            return str(row)[:255]
        except ObjectDoesNotExist:
            # What the name tells of is gone by now.
            return f"{change.model._meta.verbose_name} {change.pk}"

    def changes(self, change: RowChange) -> dict[str, list[str]]:
        """Return by field name what a row held before and holds now."""
        names = change.differing()
        before, after = self.texts(change, change.before, names), self.texts(change, change.after, names)
        if change.action == AuditedAction.CHANGED:
            return {name: [before[name], text] for name, text in after.items()}
        return {
            name: [before.get(name, ""), after.get(name, "")]
            for name, text in (before | after).items()
            if text not in ("", "False")
        }

    def texts(self, change: RowChange, side: Values | None, names: Sequence[str]) -> dict[str, str]:
        """Return values as the audit log keeps them, by field name."""
        fields, found = self.fields[change.model], {}
        for name in names if side else ():
            field, value = fields.get(name), (side or {})[name]
            if field is not None:
                if field.is_relation:
                    value = self.related[field.related_model].get(value, value)
                found[field.name] = "" if value is None else str(value)[:LONGEST_VALUE]
        return found


def told_fields(model: type[models.Model]) -> dict[str, Any]:
    """Return the fields by column of which an auditor hears."""
    found = set(columns(model))
    return {
        field.attname: field
        for field in model._meta.concrete_fields
        if field.attname in found and field.name not in SILENT_FIELDS
    }


def by_id(model: type[models.Model], ids: set[int]) -> dict[int, models.Model]:
    """Return rows by primary key; those that are gone are left out."""
    found: dict[int, models.Model] = {}
    wanted = sorted(ids)
    for start in range(0, len(wanted), IDS_AT_ONCE):
        rows: models.QuerySet[Any] = models.QuerySet(model).filter(pk__in=wanted[start : start + IDS_AT_ONCE])
        found |= {row.pk: row for row in rows.select_related(*named_by(model))}
    return found


def named_by(model: type[models.Model]) -> list[str]:
    """Return the links that the name of a row of this kind follows."""
    return {Tariff: ["carrier"], TariffBand: ["tariff__carrier"]}.get(model, [])


def moment_value(moment: datetime) -> Any:
    """Return a moment to the microsecond as insert_rows takes it."""
    if connection.vendor != "postgresql":
        return connection.ops.adapt_datetimefield_value(moment)
    return (moment - EPOCH_2000) // timedelta(microseconds=1)


def address_value(address: str | None) -> Any:
    """Return an address as insert_rows takes it."""
    return ip_interface(address) if address and connection.vendor == "postgresql" else address


def json_writer() -> Callable[[object], Any]:
    """Return what turns JSON into what insert_rows takes; asking the connection for each row would take longer."""
    return (lambda value: value) if connection.vendor == "postgresql" else json.dumps
