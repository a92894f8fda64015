"""What can be chosen for a filter, searched by what somebody types; people and units within the reader's scope."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any

from babel import Locale
from babel.core import get_global
from babel.dates import get_timezone_name
from django.db.models import Q
from django.utils.translation import get_language, to_locale

from accounting.models import Extension, LineAssignment
from accounting.services.finding import people_matching, people_seen_by, with_extensions
from callanalytics.lib.places import country_names
from reports.engine.business_hours import OWN
from reports.engine.conditions import ConditionError
from reports.engine.field_kinds import RowField
from reports.engine.fields import FIELDS, Asker
from reports.engine.question import ZONES

MOST_OFFERED = 20
"""Choices that are offered at once; one types on to see others."""
ZONE = "zone"


@dataclass(frozen=True, slots=True)
class Choice:
    """One value that can be chosen."""

    value: str
    """As it stands in a condition."""
    label: str
    hint: str = ""
    """What tells it from others of the same label."""


Search = Callable[[str, Asker], Iterable[Choice]]


def people(typed: str, asker: Asker) -> Iterator[Choice]:
    """Yield the people whose names begin so, with their extensions."""
    seen = people_matching(asker.reader, typed) if typed else people_seen_by(asker.reader)
    for person in with_extensions(seen.order_by("last_name", "first_name", "username"))[: MOST_OFFERED + 1]:
        lines = ", ".join(line.extension.number for line in person.current_lines)  # type: ignore[attr-defined]
        yield Choice(person.username, str(person), lines or person.username)


def extensions(typed: str, asker: Asker) -> Iterator[Choice]:
    """Yield the extensions that begin so or whose holders do, each number once."""
    held = LineAssignment.objects.filter(valid_to__isnull=True)
    known = Extension.objects.all()
    if not asker.reader.is_administrator:
        seen = LineAssignment.objects.filter(user__in=people_seen_by(asker.reader))
        known = known.filter(pk__in=seen.values("extension_id"))
    if typed:
        holders = held.filter(user__in=people_matching(asker.reader, typed)).values("extension_id")
        known = known.filter(Q(number__startswith=typed) | Q(pk__in=holders))
    numbers = list(known.order_by("number").values_list("number", flat=True).distinct()[: MOST_OFFERED + 1])
    names: dict[str, str] = {}
    for line in held.filter(extension__number__in=numbers, user__in=people_seen_by(asker.reader)).select_related(
        "user", "extension"
    ):
        names[line.extension.number] = str(line.user)
    return (Choice(number, number, names.get(number, "")) for number in numbers)


def rows_of(field: RowField) -> Search:
    """Return the search of a table's rows by a part of their names or codes."""
    named = {column.name for column in field.model._meta.get_fields()} & {"name", "code", "device_name"}

    def search(typed: str, asker: Asker) -> Iterator[Choice]:
        fitting = Q()
        for column in named:
            fitting |= Q(**{f"{column}__icontains": typed})
        return (Choice(str(row.pk), str(row)) for row in field.rows(asker).filter(fitting)[: MOST_OFFERED + 1])

    return search


def countries(typed: str, asker: Asker) -> Iterator[Choice]:
    """Yield the countries of which a word begins so, in the reader's language."""
    for code, name in sorted(country_names().items(), key=lambda pair: pair[1].casefold()):
        if fits(typed, f"{name} {code}"):
            yield Choice(code, name, code)


def hours(typed: str, asker: Asker) -> Iterator[Choice]:
    """Yield the hours of each call's office; others are typed."""
    own = Choice(OWN, str(FIELDS["business_hours"].said(OWN, asker)))
    if fits(typed, own.label):
        yield own


def zones(typed: str, asker: Asker) -> Iterator[Choice]:
    """Yield the time zones that are called so: first by place (New York), then by clock (Eastern Time).

    Of several that keep the same clock the one that stands for it comes first: New York before Cancún.
    """
    typed = in_words(typed)
    every = [(name, in_words(name), clock) for name, clock in clocks(get_language() or "en")]
    by_place = [name for name, place, _clock in every if fits(typed, place)]
    chief = get_global("windows_zone_mapping")
    standing = {chief.get(clock.replace(" Time", " Standard Time")) for _name, clock in clocks("en")}

    def order(one: tuple[str, str, str]) -> tuple[bool, bool, bool]:
        name, _place, clock = one
        return name not in by_place, clock.casefold() != typed.casefold(), name not in standing

    for name, place, clock in sorted(every, key=order):
        if name in by_place or fits(typed, f"{place} {clock}"):
            yield Choice(name, name, clock)


def in_words(name: str) -> str:
    """Return the words of a time zone's name: America/New_York as America New York."""
    return " ".join(re.split(r"[/_\s]+", name.strip()))


@lru_cache(maxsize=16)
def clocks(language: str) -> tuple[tuple[str, str], ...]:
    """Return every time zone with what its clock is called in a language."""
    locale = Locale.parse(to_locale(language))
    return tuple((name, get_timezone_name(name, width="long", locale=locale)) for name in sorted(ZONES))


def fits(typed: str, text: str) -> bool:
    """Return whether each typed word begins a word of a text."""
    words = text.casefold().split()
    return all(any(word.startswith(part) for word in words) for part in typed.casefold().split())


def searches() -> dict[str, Search]:
    """Return the search of each filter whose choices are too many for a list."""
    found: dict[str, Search] = {name: rows_of(one) for name, one in FIELDS.items() if isinstance(one, RowField)}
    return {
        **found,
        "person": people,
        "extension": extensions,
        "country": countries,
        "business_hours": hours,
        ZONE: zones,
    }


SEARCHES = searches()


def choices_for(name: str, typed: str, asker: Asker) -> tuple[list[Choice], bool]:
    """Return the first choices of a filter (or of the time zone) for what is typed, and whether there are more.

    Raises KeyError for a filter that the reader does not have, or that is not chosen by searching.
    """
    search = SEARCHES[name]
    if name != ZONE and not FIELDS[name].is_for(asker):
        raise KeyError(name)
    typed = " ".join(typed.replace("\0", "").split())
    found = list(islice(search(typed, asker), MOST_OFFERED + 1))
    return found[:MOST_OFFERED], len(found) > MOST_OFFERED


def said(name: str, text: str, operator: str, asker: Asker) -> str:
    """Return one value of a filter in words; a value that does not hold as it was typed."""
    field: Any = FIELDS.get(name)
    try:
        return str(field.said(field.read([text], operator, asker)[0], asker)) if field else text
    except ConditionError:
        return text
