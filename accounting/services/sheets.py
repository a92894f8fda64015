"""From a file, or another source of rows, to a plan of changes, its preview, and its application."""

import hashlib
import json
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import translation
from django.utils.translation import gettext as _

from accounting.models import AuditedAction, AuditEntry
from accounting.services.auditing import record, unrecorded
from accounting.services.row_changes import RowChange, Watch, record_rows
from accounting.sheets.base import MOST_SPLIT, CellErrors, Change, ChangeKind, Plan, Row, RowError, Sheet
from accounting.signals import reference_changed
from callanalytics.lib.spreadsheets import Spreadsheet
from callanalytics.lib.turns import bulk_transaction

Tell = Callable[[int, int], None]
"""Hears how many rows of how many are done."""
TOLD_ROWS = 500
PART = 500
"""Changes that are stored together, so that a page reads what it shows."""
ORDER = {ChangeKind.REMOVED: 0, ChangeKind.CHANGED: 1, ChangeKind.ADDED: 2}
"""What deserves a look comes first."""


class SheetError(Exception):
    """The file's header does not fit; the text says why, in the reader's language."""


REMARK = "what_is_wrong"
"""The column of faulty lines that tells their errors; it may stay when they are uploaded again."""


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row as it was written: the line of the file (other sources number their rows) and texts by column name."""

    line: int
    values: Row = field(default_factory=dict)


def rows_of(sheet: Sheet, file: Spreadsheet) -> list[SheetRow]:
    """Return a file's rows by column; raise SheetError for a header that does not fit."""
    names = columns_of(sheet, file.header)
    found = []
    for line, cells in file.rows:
        texts = [*cells[: len(names)], *[""] * (len(names) - len(cells))]
        values = dict(zip(names, texts, strict=True))
        values.pop(REMARK, None)
        if any(cells[len(names) :]):
            values[""] = next(cell for cell in cells[len(names) :] if cell)
        if any(values.values()):
            found.append(SheetRow(line, values))
    return found


def columns_of(sheet: Sheet, header: Sequence[str]) -> list[str]:
    """Return the column names of a header, which may be written in any of the portal's languages."""
    known = names_of_columns(sheet)
    found = [REMARK if tidy(text) == tidy(REMARK) else known.get(tidy(text), "") for text in header]
    unknown = [text or "–" for text, name in zip(header, found, strict=True) if not name]
    if unknown:
        raise SheetError(
            _("Unknown columns: %(unknown)s. Known are: %(known)s.")
            % {"unknown": ", ".join(unknown), "known": ", ".join(column.name for column in sheet.shown())}
        )
    twice = [name for name, times in Counter(found).items() if times > 1]
    if twice:
        raise SheetError(_("Columns that stand twice in the file: %(columns)s.") % {"columns": ", ".join(twice)})
    needed = [c.name for c in sheet.shown() if c.name in sheet.key_columns and c.required and c.name not in found]
    if needed:
        raise SheetError(_("Columns that the file lacks: %(columns)s.") % {"columns": ", ".join(needed)})
    return found


def names_of_columns(sheet: Sheet) -> dict[str, str]:
    """Return the columns by every way to write their names; the stable names come first."""
    known: dict[str, str] = {}
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            known |= {tidy(str(column.label)): column.name for column in sheet.shown()}
    return known | {tidy(column.name): column.name for column in sheet.shown()}


def tidy(text: str) -> str:
    """Return a header as it is compared: neither case nor kind of blank matters."""
    return " ".join(text.replace("_", " ").replace("-", " ").replace("\u00ad", "").casefold().split())


def silent(_done: int, _total: int) -> None:
    """Hear nothing."""


def plan(sheet: Sheet, rows: Sequence[SheetRow], *, remove_missing: bool = False, tell: Tell = silent) -> Plan:
    """Return what rows would change, with an error for each line that cannot be taken; nothing is written.

    Raises SheetError when the lines stand for too many rows.
    """
    columns = tuple(dict.fromkeys(name for row in rows for name in row.values if name))
    made = Plan(columns)
    rows = split(sheet, rows)
    sheet.begin([row.values for row in rows])
    seen: dict[str, int] = {}
    whole = True
    for number, row in enumerate(rows):
        if number % TOLD_ROWS == 0:
            tell(number, len(rows))
        whole &= add_row(sheet, row, made, seen)
    if remove_missing and whole:
        add_missing(sheet, made, seen)
    elif remove_missing:
        made.notes.append(_("Nothing is removed as long as there are rows of which nobody knows whom they mean."))
    take_out(made, sheet.check(made))
    made.errors.sort(key=lambda error: error.line)
    tell(len(rows), len(rows))
    return made


def split(sheet: Sheet, rows: Iterable[SheetRow]) -> list[SheetRow]:
    """Return the rows for which the lines stand; raise SheetError for more than anybody can look at."""
    found: list[SheetRow] = []
    for row in rows:
        found += [SheetRow(row.line, part) for part in sheet.split(row.values)]
        if len(found) > MOST_SPLIT:
            text = _("With line %(line)s the file stands for more than %(limit)s rows. Use shorter ranges.")
            raise SheetError(text % {"line": row.line, "limit": MOST_SPLIT})
    return found


def add_row(sheet: Sheet, row: SheetRow, made: Plan, seen: dict[str, int]) -> bool:
    """Add what a row changes, or what is wrong with it, to a plan; return whether it is known which one it means."""
    key = ""
    try:
        if "" in row.values:
            raise CellErrors({"": _("There are more cells than columns: “%(cell)s”.") % {"cell": row.values[""]}})
        key = key_of(sheet, row)
        first = seen.setdefault(key, row.line)
        if first != row.line:
            raise CellErrors({"": _("Line %(line)s is about the same.") % {"line": first}})
        add_change(sheet, key, sheet.parse(row.values), row.line, made)
    except CellErrors as error:
        made.errors += [
            RowError(row.line, name, text, row.values.get(name, "") if name else "")
            for name, text in error.errors.items()
        ]
    return bool(key)


def key_of(sheet: Sheet, row: SheetRow) -> str:
    """Return which one a row means; raise CellErrors when that cannot be told."""
    return sheet.key(sheet.parse({name: row.values[name] for name in sheet.key_columns if name in row.values}))


def add_change(sheet: Sheet, key: str, values: Row, line: int, made: Plan) -> None:
    """Compare a row with what is there and add the difference to a plan."""
    before = sheet.before(key, values)
    if before is None:
        filled = {column.name: values.get(column.name, column.default) for column in sheet.columns}
        change = Change(ChangeKind.ADDED, key, sheet.complete(filled, None), line=line)
        needed = {
            column.name: _("This must not be empty.")
            for column in sheet.columns
            if column.required and not change.values.get(column.name)
        }
        if needed:
            raise CellErrors(needed)
    else:
        values = sheet.complete(values, before)
        directives = {column.name for column in sheet.columns if column.directive}
        differing = {
            name: before.get(name, "")
            for name, value in values.items()
            if name not in directives and value != before.get(name, "")
        }
        if not differing:
            made.unchanged += 1
            return
        change = Change(ChangeKind.CHANGED, key, {**before, **values}, differing, line)
    change.notes, change.facts, change.closes = sheet.notes(change), sheet.facts(change), sheet.is_closing(change)
    made.changes.append(change)


def add_missing(sheet: Sheet, made: Plan, seen: Mapping[str, int]) -> None:
    """Add the removal of what the file lacks."""
    for key, row in sheet.rows.items():
        if key in seen:
            continue
        reason = sheet.kept(key, row)
        if reason is None:
            made.changes.append(Change(ChangeKind.REMOVED, key, dict(row)))
        elif reason:
            made.notes.append(reason)


def take_out(made: Plan, errors: Iterable[RowError]) -> None:
    """Add errors to a plan; their lines no longer change anything."""
    found = list(errors)
    lines = {error.line for error in found}
    made.errors += found
    made.changes = [change for change in made.changes if change.line not in lines or not change.line]


def counts(made: Plan) -> dict[str, int]:
    """Return the number of rows by kind of change."""
    kinds = Counter(change.told for change in made.changes)
    return {
        **{str(kind): kinds[kind] for kind in ChangeKind},
        "unchanged": made.unchanged,
        "errors": len({error.line for error in made.errors}),
    }


def told_counts(sheet: Sheet, made: Plan) -> dict[str, Any]:
    """Return the numbers of counts() as the audit log names them: people are closed, never removed."""
    found = counts(made)
    return {"closed" if name == ChangeKind.REMOVED and sheet.closes else name: n for name, n in found.items()}


def packed(made: Plan) -> bytes:
    """Return a plan as it is stored: errors and notes in front, changes by kind in parts, each compressed by itself."""
    changes = sorted(made.changes, key=lambda change: ORDER[change.told])
    parts = [
        compressed(
            [
                [one.kind, one.key, one.values, one.before, one.line, one.notes, one.facts, one.closes]
                for one in changes[at : at + PART]
            ]
        )
        for at in range(0, len(changes), PART)
    ]
    head = {
        "columns": made.columns,
        "errors": [[one.line, one.column, one.message, one.value] for one in made.errors],
        "unchanged": made.unchanged,
        "notes": made.notes,
        "changes": Counter(change.told for change in changes),
        "sizes": [len(part) for part in parts],
    }
    front = compressed(head)
    return b"".join([len(front).to_bytes(4, "big"), front, *parts])


def compressed(value: object) -> bytes:
    """Return JSON, compressed."""
    return zlib.compress(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(), 6)


def unpacked(content: bytes) -> Plan:
    """Return a stored plan; changes of one kind stand together."""
    return excerpt(content, slice(None))[0]


def excerpt(content: bytes, rows: slice, kind: ChangeKind | None = None) -> tuple[Plan, int]:
    """Return a stored plan with some of its changes only (of all, or of one kind), and how many there are in all."""
    if not content:
        return Plan(()), 0
    start = 4 + int.from_bytes(content[:4], "big")
    head = json.loads(zlib.decompress(content[4:start]))
    made = Plan(
        tuple(head["columns"]), [], [RowError(*error) for error in head["errors"]], head["unchanged"], head["notes"]
    )
    numbers = {one: head["changes"].get(one, 0) for one in ORDER}
    first = sum(count for one, count in numbers.items() if kind is not None and ORDER[one] < ORDER[kind])
    total = sum(numbers.values()) if kind is None else numbers[kind]
    chosen = range(first, first + total)[rows]
    for number, size in enumerate(head["sizes"]):
        part = range(max(chosen.start, number * PART), min(chosen.stop, (number + 1) * PART))
        if part:
            held = json.loads(zlib.decompress(content[start : start + size]))
            made.changes += [Change(ChangeKind(held[at % PART][0]), *held[at % PART][1:]) for at in part]
        start += size
    return made, total


def mentions(content: bytes, text: str) -> bool:
    """Return whether a text stands in any row or error of a stored plan, in any case of letters."""
    made, wanted = unpacked(content), text.casefold()
    rows = ([change.key, change.values, change.before] for change in made.changes)
    errors = ([error.message, error.value] for error in made.errors)
    return any(wanted in json.dumps(told, ensure_ascii=False).casefold() for told in (*rows, *errors))


def digest(made: Plan) -> str:
    """Return what tells whether two plans would do the same."""
    changes = sorted(made.changes, key=lambda change: ORDER[change.kind])
    told = [[change.kind, change.key, change.values, change.before, change.facts] for change in changes]
    wrong = [[error.line, error.column] for error in made.errors]
    return hashlib.sha256(json.dumps([told, wrong], sort_keys=True).encode()).hexdigest()


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Open the transaction in which rows are planned and applied: what one changes, the next one has to see."""
    with bulk_transaction():
        # SQLite lets nobody else write meanwhile.
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", ["accounting.sheets"])
        yield


def apply(
    sheet: Sheet, made: Plan, *, source: str = "", despite_errors: bool = False, **details: Any
) -> tuple[AuditEntry | None, list[RowChange]]:
    """Write a plan in one transaction; return its entry in the audit log (None: nothing to do) and the changed rows.

    `source` is the file's name or what else the rows came from. Raises CellErrors when the plan has errors, unless the
    person wants the rows without errors.
    """
    if made.errors and not despite_errors:
        raise CellErrors({"": _("The file has errors; nothing was changed.")})
    if not made.changes:
        return None, []
    with bulk_transaction():
        watch = Watch(sheet.tables())
        with unrecorded():
            sheet.apply(made.changes)
        reference_changed()
        whole = record(AuditedAction.IMPORTED, sheet.kind, source, **{**told_counts(sheet, made), **details})
        changed = watch.changes()
        record_rows(whole, changed)
    return whole, changed
