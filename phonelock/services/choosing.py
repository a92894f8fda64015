"""Whose lines are meant: people whom the reader leads, narrowed by name, number, state, department and office."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounting.models import Department, LineAssignment, Office, User
from accounting.querysets.organization import subtree
from accounting.querysets.validity import held_now, member_rows
from accounting.services.finding import people_matching
from phonelock.models import LineState, Lock, Reason
from phonelock.querysets import people_led_by

LOCKED, UNLOCKED, WAITING = "locked", "open", "waiting"
STATES = (
    ("", gettext_lazy("All states")),
    (LOCKED, gettext_lazy("Locked for any reason")),
    *((one.value, one.label) for one in Reason),
    (UNLOCKED, gettext_lazy("Unlocked")),
    (WAITING, gettext_lazy("Not yet confirmed by the phone system")),
)


@dataclass(frozen=True, slots=True)
class Choice:
    """What the list of people is narrowed to."""

    search: str = ""
    state: str = ""
    department: int | None = None
    office: int | None = None

    @property
    def query(self) -> str:
        """As it stands in an address."""
        return urlencode({name: value for name, value in asdict(self).items() if value})

    @property
    def in_words(self) -> str:
        """As the audit log keeps it."""
        department = Department.objects.filter(pk=self.department or 0).first()
        office = Office.objects.filter(pk=self.office or 0).first()
        state = str(dict(STATES)[self.state]) if self.state else ""
        return ", ".join(str(one) for one in (self.search, state, department, office) if one) or str(_("everybody"))


def people_chosen(reader: User, choice: Choice) -> QuerySet[User]:
    """Return the people whom the reader leads and who are meant, by name."""
    people = people_led_by(reader)
    if choice.search:
        people = people.filter(Q(pk__in=named(reader, choice.search)) | Q(pk__in=numbered(choice.search)))
    for members in members_of(department=choice.department, office=choice.office):
        people = people.filter(pk__in=members)
    if choice.state:
        people = people.filter(pk__in=in_state(held_now(), choice.state).values("user_id"))
    return people.order_by("last_name", "first_name", "username", "pk")


def named(reader: User, typed: str) -> QuerySet[User, Any]:
    """Return the ids of the people whose names begin so."""
    return people_matching(reader, typed).values("pk")


def numbered(typed: str) -> QuerySet[Any, Any]:
    """Return the ids of the people whose extensions begin so."""
    return held_now().filter(extension__number__startswith=typed).values("user_id")


def members_of(
    *, department: int | None = None, cost_centre: int | None = None, office: int | None = None
) -> list[QuerySet[Any, Any]]:
    """Return for each unit that is named the ids of its present members; a department has all below it."""
    rows, found = member_rows(), []
    if department:
        found.append(rows.filter(department_id__in=subtree([department])))
    if cost_centre:
        found.append(rows.filter(cost_centre_id=cost_centre))
    if office:
        found.append(rows.filter(office_id=office))
    return [members.values("user_id") for members in found]


def in_state(held: QuerySet[LineAssignment], state: str) -> QuerySet[LineAssignment]:
    """Keep the assignments of lines in a state."""
    locks = Lock.objects.in_force()
    if state == WAITING:
        return held.filter(extension__in=LineState.objects.exclude(due_at=None).values("extension"))
    if state == UNLOCKED:
        return held.exclude(extension__in=locks.values("extension"))
    if state != LOCKED:
        locks = locks.filter(reason=state)
    return held.filter(extension__in=locks.values("extension"))


def lines_chosen(reader: User, choice: Choice) -> QuerySet[Any, Any]:
    """Return the ids of the lines of the people who are meant, in the state that is meant, each once."""
    rows = held_now().filter(user__in=people_chosen(reader, choice).order_by())
    if choice.state:
        rows = in_state(rows, choice.state)
    if not reader.is_administrator:
        rows = rows.exclude(extension__in=own_lines(reader))
    return rows.values_list("extension_id", flat=True).distinct().order_by("extension_id")


def own_lines(reader: User) -> QuerySet[Any, Any]:
    """Return the ids of the reader's own lines: their administration's lock is others' to set and to lift."""
    return held_now().filter(user=reader).values("extension_id")


def liftable(reader: User, lines: Iterable[int] | QuerySet[Any, Any]) -> QuerySet[Lock]:
    """Return the administration's locks on these lines that the reader may lift."""
    locks = Lock.objects.in_force().filter(extension__in=lines, reason=Reason.ADMINISTRATION)
    return locks if reader.is_administrator else locks.filter(by_administrator=False)


def departments_offered(reader: User) -> QuerySet[Department]:
    """Return the departments by which the reader can narrow: those that people in scope belong to."""
    if reader.is_administrator:
        return Department.objects.all()
    rows = member_rows().filter(user__in=people_led_by(reader))
    return Department.objects.filter(pk__in=rows.values("department_id"))


def offices_offered(reader: User) -> QuerySet[Office]:
    """Return the offices by which the reader can narrow."""
    if reader.is_administrator:
        return Office.objects.all()
    rows = member_rows().filter(user__in=people_led_by(reader))
    return Office.objects.filter(pk__in=rows.values("office_id"))
