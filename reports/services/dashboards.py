"""Looks after dashboards: which widgets somebody sees, and where; what a person changes is kept for that person."""

import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import Any

from django.db import transaction

from accounting.models import Role, User
from reports.models import Dashboard, SavedReport
from reports.widgets import WIDGETS
from reports.widgets.base import Widget

SAVED = "saved-report"
COLUMNS, MOST_ROWS, MOST_WIDGETS = 12, 24, 30
TOP, START, MIDDLE, END, BOTTOM = "top", "start", "middle", "end", "bottom"
ZONES = {TOP: (0, 12), START: (0, 4), MIDDLE: (4, 4), END: (8, 4), BOTTOM: (0, 12)}
"""Parts of the screen in which a widget can be placed: the first column, and how many there are."""


@dataclass(frozen=True, slots=True)
class Place:
    """One widget on the screen, which has twelve columns and as many rows as are needed."""

    id: str
    widget: str
    x: int = 0
    """From the side where the language begins."""
    y: int = 0
    w: int = 4
    h: int = 4
    folded: bool = False
    """Whether only its name is shown."""
    period: str = ""
    report: int | None = None

    @property
    def what(self) -> Widget:
        """The widget."""
        return WIDGETS[self.widget]

    @property
    def rows(self) -> int:
        """The rows that it takes at present."""
        return 1 if self.folded else self.h


class TooManyWidgets(Exception):  # noqa: N818  (what people read)
    """There is no room for more widgets."""


def placed(slugs: Iterable[tuple[str, int, int]]) -> list[Place]:
    """Return the places of widgets, each given with its first column and row, in their usual sizes."""
    return [
        Place(slug, slug, x, y, WIDGETS[slug].width, WIDGETS[slug].height, period=usual_period(WIDGETS[slug]))
        for slug, x, y in slugs
    ]


def usual_period(widget: Widget) -> str:
    """Return the period that a widget begins with."""
    return widget.periods[0] if widget.periods else ""


FIRST: dict[str, tuple[tuple[str, int, int], ...]] = {
    Role.USER: (
        ("key-figures", 0, 0), ("calls-per-day", 0, 2), ("my-line", 8, 2), ("my-budget", 8, 5), ("last-calls", 0, 7),
        ("favourites", 8, 8), ("calls-by-type", 0, 11), ("top-destinations", 4, 11),
    ),
    Role.SUPERVISOR: (
        ("key-figures", 0, 0), ("calls-per-day", 0, 2), ("missed-open", 8, 2), ("top-people", 0, 7),
        ("answered-in-time", 4, 7), ("budgets-near-limit", 8, 6), ("alarms", 4, 10), ("hour-by-weekday", 0, 14),
    ),
    Role.ADMINISTRATOR: (
        ("key-figures", 0, 0), ("calls-per-day", 0, 2), ("collection", 8, 2), ("cost-per-month", 0, 7),
        ("alarms", 8, 6), ("cost-by-type", 8, 10), ("top-departments", 0, 12), ("chores", 4, 12),
    ),
}  # fmt: skip
"""With what people of a role begin when their administrator has said nothing else."""


def dashboard_of(reader: User) -> list[Place]:
    """Return the places that a person sees: own ones, else those of the role, without widgets that are not allowed."""
    board = Dashboard.objects.filter(owner=reader).first()
    return allowed(read(board.places) if board else first_of(reader.role), reader)


def first_of(role: str) -> list[Place]:
    """Return with what people of a role begin."""
    board = Dashboard.objects.filter(role=role).first()
    return read(board.places) if board else placed(FIRST[role])


def is_own(reader: User) -> bool:
    """Return whether a person has a dashboard of the own."""
    return Dashboard.objects.filter(owner=reader).exists()


def allowed(places: Iterable[Place], reader: User) -> list[Place]:
    """Return the places of widgets that a person may see."""
    return [place for place in places if place.what.permission(reader)]


def read(stored: Iterable[Mapping[str, Any]]) -> list[Place]:
    """Return stored places; widgets that no longer exist are left out."""
    names = Place.__dataclass_fields__
    found = (Place(**{name: one[name] for name in one if name in names}) for one in stored)
    return [place for place in found if place.widget in WIDGETS]


def in_order(places: Iterable[Place]) -> list[Place]:
    """Return places as the eye goes: by rows, then from where the language begins."""
    return sorted(places, key=lambda place: (place.y, place.x))


@contextmanager
def changing(reader: User) -> Iterator[dict[str, Place]]:
    """Give a person's places by their names, and keep them as they are left; one change after the other."""
    with transaction.atomic():
        User.objects.select_for_update().get(pk=reader.pk)
        places = {one.id: one for one in dashboard_of(reader)}
        yield places
        kept = [asdict(one) for one in in_order(places.values())]
        Dashboard.objects.update_or_create(owner=reader, defaults={"places": kept})


def add(reader: User, slugs: Sequence[str], zone: str, reports: Sequence[int] = ()) -> list[Place]:
    """Add widgets in a part of the screen, below what is there, at the top above everything; return them.

    Raises TooManyWidgets.
    """
    wanted = [Place(new_id(), slug) for slug in slugs if slug != SAVED]
    wanted += [Place(new_id(), SAVED, report=pk) for pk in visible_reports(reader, reports)]
    with changing(reader) as places:
        if len(places) + len(wanted) > MOST_WIDGETS:
            raise TooManyWidgets
        new = lined_up(allowed(wanted, reader), zone, list(places.values()))
        if zone == TOP:
            height = sum(one.h for one in new)
            places.update({one.id: replace(one, y=one.y + height) for one in places.values()})
        places.update({one.id: one for one in new})
    return new


def lined_up(new: Iterable[Place], zone: str, there: Sequence[Place]) -> list[Place]:
    """Return new places in a part of the screen, one below the other."""
    column, room = ZONES[zone]
    y, found = 0 if zone == TOP else below(there, column, room), []
    for one in new:
        widget = one.what
        width, period = min(room, widget.width), usual_period(widget)
        found.append(replace(one, x=column, y=y, w=width, h=widget.height, period=period))
        y += widget.height
    return found


def below(places: Iterable[Place], column: int, room: int) -> int:
    """Return the first row below everything in some columns."""
    there = [one.y + one.rows for one in places if one.x < column + room and one.x + one.w > column]
    return max(there, default=0)


def visible_reports(reader: User, reports: Sequence[int]) -> list[int]:
    """Return those saved reports that the person may run."""
    return list(SavedReport.objects.visible_to(reader).filter(pk__in=reports).values_list("pk", flat=True))


def new_id() -> str:
    """Return a name for a new place."""
    return secrets.token_hex(4)


def arrange(reader: User, wanted: Mapping[str, Mapping[str, Any]]) -> None:
    """Move and resize the person's widgets: what is not named stays; raises ValueError for what is no place."""
    with changing(reader) as places:
        places.update({name: moved(places[name], values) for name, values in wanted.items() if name in places})


def moved(place: Place, values: Mapping[str, Any]) -> Place:
    """Return a place with another position; raises ValueError."""
    x, y, w, h = (whole(values.get(name)) for name in "xywh")
    if not (0 <= x < COLUMNS and 0 < w <= COLUMNS - x and 0 <= y < 1000 and 0 < h <= MOST_ROWS):
        raise ValueError(dict(values))
    # The height of a folded widget is the one that it will have again.
    return replace(place, x=x, y=y, w=w, h=place.h if place.folded else h)


def whole(value: Any) -> int:
    """Return a whole number; raises ValueError for anything else."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError(value)
    return value


def change(reader: User, name: str, **values: Any) -> Place | None:
    """Change one of the person's widgets; return it, None when it is not there."""
    with changing(reader) as places:
        if name in places:
            places[name] = replace(places[name], **values)
        return places.get(name)


def close(reader: User, name: str) -> Place | None:
    """Take a widget away; return it, None when it is not there."""
    with changing(reader) as places:
        return places.pop(name, None)


def restore(reader: User, place: Place) -> None:
    """Put a widget back that was closed. Raises TooManyWidgets."""
    with changing(reader) as places:
        if place.id not in places and len(places) >= MOST_WIDGETS:
            raise TooManyWidgets
        places.setdefault(place.id, place)


def reset(reader: User) -> None:
    """Let a person see again what the role begins with."""
    Dashboard.objects.filter(owner=reader).delete()


def begin_with(role: str, places: Sequence[Place]) -> None:
    """Let people of a role begin with these widgets; saved reports belong to people and are left out."""
    kept = [asdict(one) for one in places if one.widget != SAVED]
    Dashboard.objects.update_or_create(role=role, defaults={"places": kept})
