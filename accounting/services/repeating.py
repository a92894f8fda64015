"""What is done alike with scheduled reports and alarm rules: how many one has, copies, what auditors are told."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from django.db import models, transaction
from django.utils.translation import gettext as _

from accounting.models import MailServer, Recurring, User
from accounting.services.auditing import differences
from callanalytics.templatetags.ui import number

Row = TypeVar("Row", bound=Recurring)
NAME_LENGTH = 80
STATE = frozenset({"paused_because", "failures", "next_run", "changed_at"})
"""Fields that pausing and resuming change: what somebody else edits meanwhile is kept."""
BOOKKEEPING = frozenset({"id", "next_run", "failures", "created_at", "changed_at", "deleted_at"})
"""Fields that copies do not take over, and that say nothing to an auditor."""


class CannotOwn(Exception):  # noqa: N818  (what people read)
    """Somebody may not have what is handed over; the text says why, in the reader's language."""


class NoRoom(Exception):  # noqa: N818  (what people read)
    """A person has as many as may be; the text says so, in the reader's language."""


@dataclass(frozen=True, slots=True)
class Room:
    """How many a person has, and may have."""

    used: int
    most: int

    @property
    def is_full(self) -> bool:
        """Whether there is no room for another one."""
        return self.used >= self.most


def room_of(own: models.QuerySet[Recurring]) -> Room:
    """Return how many a person has, paused ones too, and may have."""
    return Room(own.count(), MailServer.current().most_schedules)


@contextmanager
def room_kept(person: User, own: models.QuerySet[Recurring], refusal: Callable[[int], str]) -> Iterator[None]:
    """Hold the work of adding another one to the limit, also when it is done twice at once.

    Raises NoRoom with the refusal for so many, which names %(person)s and %(most)s.
    """
    with transaction.atomic():
        User.objects.select_for_update().get(pk=person.pk)
        room = room_of(own)
        if room.is_full:
            raise NoRoom(refusal(room.most) % {"person": person, "most": number(room.most)})
        yield


def paused_copy(row: Row, owner: User, without: frozenset[str] = frozenset()) -> Row:
    """Return a copy for a person, not stored, that is paused so that nothing is done twice; some fields begin anew."""
    left_out = BOOKKEEPING | {"owner_id"} | without
    fields = [field.attname for field in row._meta.concrete_fields if field.attname not in left_out]
    copy = type(row)(**{name: getattr(row, name) for name in fields}, owner=owner)
    copy.name = (_("Copy of %(name)s") % {"name": row.name})[:NAME_LENGTH]
    copy.paused_because = row.ASKED
    return copy


def told_changes(
    before: Row | None, row: Row, said: Mapping[str, Callable[[Row], str]], untold: frozenset[str],
    only: frozenset[str] | None = None,
) -> dict[str, list[str]]:  # fmt: skip
    """Return what an auditor is told of a change, or only of some fields; values that say little are put in words."""
    found = differences(before, row)
    changes = {name: found[name] for name in found if name not in untold and (only is None or name in only)}
    for name in said.keys() & changes.keys():
        changes[name] = [said[name](before) if before else "", said[name](row)]
    return changes
