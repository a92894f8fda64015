"""How many things that repeat a person has and may have: scheduled reports, alarm rules."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import models, transaction

from accounting.models import MailServer, Recurring, User
from callanalytics.templatetags.ui import number


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
