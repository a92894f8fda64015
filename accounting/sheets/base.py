"""What a kind of sheet is: its columns, what stands in the database, and how changes are written.

A new kind is one module with a subclass of `Sheet`, entered in the dict of `accounting/sheets/__init__.py`. Every
value is text in one canonical form ("2026-11-30", "yes", "0.0315"), so that file and database can be compared, shown
and stored without knowing what it means. The order of work, by services.sheets:

    sheet = SHEETS[kind](Scope(...))     one instance for one plan; it may keep what it has read
    sheet.begin(rows)                    a look at all rows of the file
    sheet.parse(row)                     each row: canonical values, or CellErrors
    sheet.key(values)                    which one it is
    sheet.before(key, values)            what is there now, None: nothing
    sheet.complete(values, before)       values that depend on what is there; CellErrors
    sheet.check(plan)                    what only the whole shows
    sheet.apply(changes)                 in one transaction, in bulk
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounting.models import Tariff

Row = dict[str, str]
"""Canonical values by column name."""
MOST_SPLIT = 200_000
"""Rows that the lines of one file may stand for: a line of ranges stands for many."""


class CellErrors(Exception):  # noqa: N818  (several)
    """What is wrong with a row: column name, or "" for the row as a whole, and what people read."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("; ".join(errors.values()))
        self.errors = dict(errors)


class ChangeKind(StrEnum):
    """What becomes of one row."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


@dataclass(slots=True)
class Change:
    """One row of the database that is to be added, changed or removed."""

    kind: ChangeKind
    key: str
    values: Row
    """The row as it is to be, all columns; of a removed one, as it is."""
    before: Row = field(default_factory=dict)
    """What changed columns hold now."""
    line: int = 0
    """Line of the file; 0: not from a line."""
    notes: list[str] = field(default_factory=list)
    """What else happens, in words."""
    facts: list[str] = field(default_factory=list)
    """What that follows from, in no language: when it has changed, the change is no longer what was shown."""
    closes: bool = False
    """Whether a changed row is closed by that: people count it with the removed ones."""

    @property
    def told(self) -> ChangeKind:
        """How people count the change."""
        return ChangeKind.REMOVED if self.closes else self.kind


@dataclass(frozen=True, slots=True)
class RowError:
    """What is wrong with one line of the file."""

    line: int
    column: str
    """Empty: the line as a whole."""
    message: str
    value: str = ""


@dataclass(slots=True)
class Plan:
    """Everything that a sheet would change."""

    columns: tuple[str, ...]
    """Columns of the file; others stay as they are."""
    changes: list[Change] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)
    unchanged: int = 0
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Scope:
    """What a sheet is about beyond its kind, and the moment at which its changes take effect."""

    tariff: Tariff | None = None
    """Of rates only."""
    effective_on: date | None = None
    """Of rates only: the day on which old rates end and new ones begin."""
    moment: datetime = field(default_factory=lambda: timezone.now().replace(microsecond=0))


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a sheet."""

    name: str
    """The stable English name: the header of exports and templates."""
    label: str | Promise
    required: bool = False
    """A row without a value is an error; of a key column, also a file without the column."""
    help: str | Promise = ""
    example: str = ""
    default: str = ""
    """Of empty cells, and of added rows when the file has no such column."""
    choices: Mapping[str, str | Promise] = field(default_factory=dict)
    """Canonical values with what people call them."""
    read: Callable[[str], str] = str
    """Returns the canonical form of a text that is not empty; raises ValidationError."""
    directive: bool = False
    """Says how the row is to be changed and is not stored, so that it is never a change by itself."""
    hidden: bool = False
    """Not for files: only other doors (the directory) fill it."""


class Sheet:
    """A kind of rows that people exchange as files."""

    kind: ClassVar[str]
    label: ClassVar[str | Promise]
    description: ClassVar[str | Promise]
    icon: ClassVar[str]
    columns: ClassVar[tuple[Column, ...]]
    key_columns: ClassVar[tuple[str, ...]]
    missing_text: ClassVar[str | Promise]
    """What happens to what is not in the file, when the person asks for it: the label of the tick box."""
    closes: ClassVar[bool] = False
    """Whether what is removed is closed and kept."""
    of_tariff: ClassVar[bool] = False
    """Whether the rows are those of one tariff, which the page's address names: ?tariff=<id>."""
    page: ClassVar[str] = ""
    """The url name of the table of these rows."""

    def __init__(self, scope: Scope | None = None) -> None:
        self.scope = scope or Scope()

    def begin(self, rows: Sequence[Row]) -> None:
        """Look at all rows of the file as they are written, before the first is parsed."""

    def split(self, row: Row) -> list[Row]:
        """Return the rows, as they are written, that one line of the file stands for."""
        return [row]

    def parse(self, row: Row) -> Row:
        """Return the canonical values of the columns that a row has; raise CellErrors."""
        found, errors = {}, {}
        for name, text in row.items():
            try:
                found[name] = self.cell(self.column(name), text)
            except ValidationError as error:
                errors[name] = " ".join(error.messages)
        if errors:
            raise CellErrors(errors)
        return found

    def cell(self, column: Column, text: str) -> str:
        """Return a cell's canonical form; raise ValidationError."""
        if not text:
            if column.required:
                raise ValidationError(_("This must not be empty."))
            return column.default
        if column.choices:
            return choice(column, text)
        return column.read(text)

    def key(self, values: Row) -> str:
        """Return what tells rows apart; columns may be missing."""
        return "\x1f".join(values.get(name, "").casefold() for name in self.key_columns)

    @classmethod
    def title(cls, values: Row) -> str:
        """Return what people call a row."""
        return " · ".join(value for name in cls.key_columns if (value := values.get(name, "")))

    def current(self) -> dict[str, Row]:
        """Return what the database holds, by key, with all columns that are not hidden or directives."""
        raise NotImplementedError

    def before(self, key: str, values: Row) -> Row | None:
        """Return the row that a line is compared with."""
        return self.rows.get(key)

    @property
    def rows(self) -> dict[str, Row]:
        """What the database holds, read once."""
        if not hasattr(self, "_rows"):
            self._rows = self.current()
        return self._rows

    def complete(self, values: Row, before: Row | None) -> Row:
        """Return the values (of an added row all columns) as they follow from what is there; raise CellErrors."""
        return values

    def notes(self, change: Change) -> list[str]:
        """Return what else a change does, in words."""
        return []

    def is_closing(self, change: Change) -> bool:
        """Whether a changed row ends what it stands for."""
        return False

    def facts(self, change: Change) -> list[str]:
        """Return what is stored elsewhere and decides what else a change does, in no language."""
        return []

    def kept(self, key: str, row: Row) -> str | None:
        """Return why a row that the file lacks is kept nevertheless, '' to say nothing; None: it is removed."""
        return None

    def check(self, plan: Plan) -> list[RowError]:
        """Return what is wrong with the plan as a whole; such lines are taken out of it."""
        return []

    def tables(self) -> list[QuerySet[Any]]:
        """Return the rows of all tables that apply() may write."""
        raise NotImplementedError

    def apply(self, changes: Sequence[Change]) -> None:
        """Write the changes, inside the caller's transaction."""
        raise NotImplementedError

    @classmethod
    def column(cls, name: str) -> Column:
        """Return a column by its stable name."""
        return next(column for column in cls.columns if column.name == name)

    @classmethod
    def shown(cls) -> list[Column]:
        """Return the columns of files."""
        return [column for column in cls.columns if not column.hidden]


def choice(column: Column, text: str) -> str:
    """Return the canonical value that a text names, by the value or by its label in the reader's language."""
    wanted = text.casefold()
    for value, label in column.choices.items():
        if wanted in (value.casefold(), str(label).casefold()):
            return value
    if column.choices is YES_NO and wanted in OTHER_YES_NO:
        return OTHER_YES_NO[wanted]
    known = ", ".join(column.choices)
    raise ValidationError(_("“%(value)s” is not one of: %(known)s."), params={"value": text, "known": known})


YES, NO = "yes", "no"
YES_NO: Mapping[str, str | Promise] = {YES: gettext_lazy("yes"), NO: gettext_lazy("no")}
OTHER_YES_NO = {
    **dict.fromkeys(("y", "1", "true", "x", "ja", "j", "wahr", "oui", "vrai", "sí", "si", "sì", "tak", "نعم"), YES),
    **dict.fromkeys(("n", "0", "false", "nein", "falsch", "non", "faux", "nie", "لا"), NO),
}
"""What spreadsheet programs and people of the portal's languages write for yes and no."""
DATE_FORMS = ("%Y-%m-%d", "%d.%m.%Y")
TIME_FORMS = ("", " %H:%M", " %H:%M:%S")


def yes_no(value: bool) -> str:
    """Return a flag's canonical form."""
    return YES if value else NO


def text_up_to(length: int) -> Callable[[str], str]:
    """Return a reader of texts of at most this many characters."""

    def read(text: str) -> str:
        if len(text) > length:
            raise ValidationError(
                _("This has %(found)s characters; at most %(limit)s are possible."),
                params={"found": len(text), "limit": length},
            )
        if not text.isprintable():
            raise ValidationError(_("This contains a line break or a character that cannot be shown."))
        return text

    return read


def whole_number(least: int, most: int) -> Callable[[str], str]:
    """Return a reader of whole numbers."""

    def read(text: str) -> str:
        if not (text.isascii() and text.isdigit() and len(text) < 19 and least <= int(text) <= most):
            raise ValidationError(
                _("“%(value)s” is not a whole number from %(least)s to %(most)s."),
                params={"value": text, "least": least, "most": most},
            )
        return str(int(text))

    return read


def moment_text(moment: datetime | None) -> str:
    """Return a moment in the reader's zone: 2026-11-30 for midnight, else with the time."""
    if moment is None:
        return ""
    local = timezone.localtime(moment).replace(microsecond=0)
    if local.time() == time.min:
        return local.date().isoformat()
    return local.strftime("%Y-%m-%d %H:%M:%S" if local.second else "%Y-%m-%d %H:%M")


def read_moment(text: str) -> str:
    """Return a date, or date and time, in its canonical form."""
    return moment_text(moment_of(text))


def moment_of(text: str) -> datetime:
    """Return the moment that a text names in the reader's zone; a date is its midnight."""
    tidy = " ".join(text.replace("T", " ").split())
    for form in (day + clock for day in DATE_FORMS for clock in TIME_FORMS):
        try:
            found = datetime.strptime(tidy, form)  # noqa: DTZ007  (the zone follows)
        except ValueError:
            continue
        if date(1970, 1, 2) <= found.date() <= date(2200, 1, 1):
            return timezone.make_aware(found).astimezone(UTC)
    raise ValidationError(
        _("“%(value)s” is not a date; write it like 2026-11-30 or 2026-11-30 14:00."), params={"value": text}
    )
