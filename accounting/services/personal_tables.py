"""Tables of the data held about one person; applications above enter theirs, so that export and page hold them, too."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounting.models import OutgoingMail, User

AT_ONCE = 2000


@dataclass(frozen=True, slots=True)
class PersonalTable:
    """One file of the export of a person's data."""

    file: str
    label: str | Promise
    columns: tuple[str, ...]
    rows: QuerySet[Any, Any]
    """Gives what `told` takes, as it stands a row of the file."""
    told: Callable[[Any], Sequence[Any]] = tuple

    @property
    def count(self) -> int:
        """How many rows it has."""
        return self.rows.count()

    def lines(self) -> Iterator[Sequence[Any]]:
        """Yield the rows of the file."""
        return map(self.told, self.rows.iterator(chunk_size=AT_ONCE))


Tables = Callable[[User], Iterable[PersonalTable]]
ENTERED: list[Tables] = []


def also_held(tables: Tables) -> Tables:
    """Enter what an application holds about people; a decorator."""
    ENTERED.append(tables)
    return tables


def tables_of(person: User) -> list[PersonalTable]:
    """Return what applications hold about a person."""
    return [table for tables in ENTERED for table in tables(person)]


@also_held
def mails(person: User) -> Iterator[PersonalTable]:
    """Yield the mails by and to a person: when, to whom and what became of them, not what stood in them."""
    mine = Q(letter__sender=person)
    if person.email:
        mine |= Q(recipient__iexact=person.email)
    columns = ("created_at", "letter__purpose", "letter__subject", "recipient", "state", "fault", "ended_at")
    names = ("created_at", "purpose", "subject", "recipient", "state", "fault", "ended_at")
    rows = OutgoingMail.objects.filter(mine).order_by("pk").values_list(*columns)
    yield PersonalTable("mails.csv", _("Mails"), names, rows)
