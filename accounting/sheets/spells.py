"""Who held what from when to when, read once and changed in memory, so that the past stays as it was."""

from collections.abc import Iterable
from datetime import datetime

from accounting.models import LineAssignment, Membership

UNITS = ("department_id", "cost_centre_id", "office_id")
Units = tuple[int | None, int | None, int | None]
BATCH = 1000


def holds(row: Membership | LineAssignment, moment: datetime) -> bool:
    """Return whether a spell holds at a moment."""
    return (row.valid_from is None or row.valid_from <= moment) and (row.valid_to is None or moment < row.valid_to)


def close(row: Membership | LineAssignment, moment: datetime) -> None:
    """End a spell; one that has not begun by then never holds."""
    row.valid_to = moment if row.valid_from is None else max(moment, row.valid_from)


def next_start(rows: Iterable[Membership | LineAssignment], moment: datetime) -> datetime | None:
    """Return when the next stored spell after a moment begins."""
    starts = [
        row.valid_from for row in rows if row.valid_from and row.valid_from > moment and row.valid_to != row.valid_from
    ]
    return min(starts, default=None)


class Memberships:
    """Units of all people through time."""

    def __init__(self) -> None:
        self.of: dict[int, list[Membership]] = {}
        for row in Membership.objects.order_by("pk"):
            self.of.setdefault(row.user_id, []).append(row)
        self.touched: dict[int, Membership] = {}

    def at(self, user_id: int, moment: datetime) -> Units:
        """Return a person's units; of two of one kind the later entry wins, as in services.attributing."""
        found: list[int | None] = [None, None, None]
        for row in self.of.get(user_id, ()):
            if holds(row, moment):
                for place, name in enumerate(UNITS):
                    found[place] = getattr(row, name) or found[place]
        return (found[0], found[1], found[2])

    def move(self, user_id: int, units: Units, moment: datetime, since_ever: bool) -> None:
        """Give a person other units from a moment on, until a change that is already stored.

        `since_ever`: where nothing is stored yet, they hold for the past, too.
        """
        rows = self.of.setdefault(user_id, [])
        ended = [row for row in rows if holds(row, moment)]
        upto = (
            None
            if not ended or any(row.valid_to is None for row in ended)
            else max(r.valid_to for r in ended if r.valid_to)
        )
        new = Membership(
            user_id=user_id, department_id=units[0], cost_centre_id=units[1], office_id=units[2],
            valid_from=None if since_ever and not rows else moment,
            valid_to=next_start(rows, moment) or upto,
        )  # fmt: skip
        for row in ended:
            self.touch(row, moment)
        if any(units):
            rows.append(new)
            self.touched[id(new)] = new

    def leave(self, user_id: int, moment: datetime) -> None:
        """End everything that holds at or begins after a moment."""
        for row in self.of.get(user_id, ()):
            if row.valid_to is None or row.valid_to > moment:
                self.touch(row, moment)

    def touch(self, row: Membership, moment: datetime) -> None:
        """End a spell and remember that it changed."""
        close(row, moment)
        self.touched[id(row)] = row

    def save(self) -> None:
        """Write what has changed."""
        rows = list(self.touched.values())
        Membership.objects.bulk_update([row for row in rows if row.pk], ["valid_to"], batch_size=BATCH)
        Membership.objects.bulk_create([row for row in rows if not row.pk], batch_size=BATCH)


class Lines:
    """Holders of all extensions through time."""

    def __init__(self) -> None:
        self.of_person: dict[int, list[LineAssignment]] = {}
        self.of_extension: dict[int, list[LineAssignment]] = {}
        for row in LineAssignment.objects.order_by("pk"):
            self.enter(row)
        self.touched: dict[int, LineAssignment] = {}

    def enter(self, row: LineAssignment) -> None:
        """Add a spell to both views."""
        self.of_person.setdefault(row.user_id, []).append(row)
        self.of_extension.setdefault(row.extension_id, []).append(row)

    def held_by(self, user_id: int, moment: datetime) -> set[int]:
        """Return the extensions that a person holds."""
        return {row.extension_id for row in self.of_person.get(user_id, ()) if holds(row, moment)}

    def holding(self, extension_id: int, moment: datetime) -> LineAssignment | None:
        """Return the spell of an extension's holder; of several the later entry wins."""
        return next((row for row in reversed(self.of_extension.get(extension_id, ())) if holds(row, moment)), None)

    def give(
        self, extension_id: int, user_id: int | None, moment: datetime, since_ever: bool, until: datetime | None = None
    ) -> None:
        """Let an extension pass to a person (None: to nobody) from a moment on, until a change already stored."""
        rows = self.of_extension.setdefault(extension_id, [])
        first = not rows
        upto = until or next_start(rows, moment)
        for row in rows:
            if holds(row, moment):
                self.touch(row, moment)
        if user_id is not None:
            start = None if since_ever and first else moment
            new = LineAssignment(extension_id=extension_id, user_id=user_id, valid_from=start, valid_to=upto)
            self.enter(new)
            self.touched[id(new)] = new

    def drop(self, user_id: int, extension_id: int, moment: datetime) -> None:
        """Take an extension from a person."""
        for row in self.of_person.get(user_id, ()):
            if row.extension_id == extension_id and holds(row, moment):
                self.touch(row, moment)

    def leave(self, user_id: int, moment: datetime) -> None:
        """End every line that a person holds at, or gets after, a moment."""
        for row in self.of_person.get(user_id, ()):
            if row.valid_to is None or row.valid_to > moment:
                self.touch(row, moment)

    def touch(self, row: LineAssignment, moment: datetime) -> None:
        """End a spell and remember that it changed."""
        close(row, moment)
        self.touched[id(row)] = row

    def save(self) -> None:
        """Write what has changed."""
        rows = list(self.touched.values())
        stored = [row for row in rows if row.pk]
        LineAssignment.objects.bulk_update(stored, ["valid_from", "valid_to"], batch_size=BATCH)
        LineAssignment.objects.bulk_create([row for row in rows if not row.pk], batch_size=BATCH)
