"""Finds the lines that programs name by unit, person or number, among those that their person may see or lock."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from accounting.models import CostCentre, Department, Extension, LineAssignment, Office, User
from accounting.querysets.validity import held_now
from phonelock.models import Lock
from phonelock.querysets import people_led_by
from phonelock.services.choosing import members_of, own_lines

UNITS: dict[str, type[Department | CostCentre | Office]] = {
    "department": Department,
    "cost_centre": CostCentre,
    "office": Office,
}


@dataclass(frozen=True, slots=True)
class Choice:
    """Which lines are meant; what is empty does not narrow."""

    department: int | None = None
    """With all departments below it."""
    cost_centre: int | None = None
    office: int | None = None
    search: str = ""
    """Words of names and user names, or the beginning of a number."""
    locked: bool | None = None
    extensions: Collection[int] | None = None

    def unknown_units(self) -> list[str]:
        """Return the names of units that do not exist."""
        asked = {name: getattr(self, name) for name in UNITS}
        return [name for name, pk in asked.items() if pk and not UNITS[name].objects.filter(pk=pk).exists()]


def visible_lines(user: User, choice: Choice) -> QuerySet[Extension]:
    """Return the chosen ones among a person's own lines and those of the people that this person oversees."""
    return chosen(held_now().filter(Q(user=user) | Q(user__in=people_led_by(user).values("pk"))), choice)


def led_lines(user: User, choice: Choice) -> QuerySet[Extension]:
    """Return the chosen ones among the lines that a person may lock for the administration."""
    lines = chosen(held_now().filter(user__in=people_led_by(user).values("pk")), choice)
    return lines if user.is_administrator else lines.exclude(pk__in=own_lines(user))


def chosen(held: QuerySet[LineAssignment], choice: Choice) -> QuerySet[Extension]:
    """Return the chosen lines among those of these assignments, in a stable order."""
    for members in members_of(department=choice.department, cost_centre=choice.cost_centre, office=choice.office):
        held = held.filter(user__in=members)
    for word in choice.search.split():
        named = Q(user__first_name__icontains=word) | Q(user__last_name__icontains=word)
        held = held.filter(named | Q(user__username__icontains=word) | Q(extension__number__startswith=word))
    lines = Extension.objects.filter(pk__in=held.values("extension_id"))
    if choice.extensions is not None:
        lines = lines.filter(pk__in=choice.extensions)
    if choice.locked is not None:
        locked = Lock.objects.in_force().values("extension_id")
        lines = lines.filter(pk__in=locked) if choice.locked else lines.exclude(pk__in=locked)
    return lines.order_by("pk")
