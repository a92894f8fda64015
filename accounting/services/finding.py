"""Finding people by what somebody types: a name, a user name or an extension, within what the reader may see."""

import re
from typing import Any

from django.db.models import Prefetch, Q, QuerySet

from accounting.models import LineAssignment, Membership, User
from accounting.querysets.calls import supervised_by
from accounting.querysets.validity import held_now

MOST_FOUND = 20
MOST_WORDS = 5
MOST_NAMED = 5


class SeveralPeopleError(LookupError):
    """More than one person is meant; names some of them so that the reader can choose."""

    def __init__(self, people: list[User]) -> None:
        super().__init__(people)
        self.people = people


def people_seen_by(reader: User) -> QuerySet[User]:
    """Return the people whose calls this reader may see: all, or those who are or were in the supervised units."""
    if reader.is_administrator:
        return User.objects.all()
    own = Q(pk=reader.pk)
    if not reader.is_supervisor:
        return User.objects.filter(own)
    members = Membership.objects.filter(supervised_by(reader)).values("user_id")
    return User.objects.filter(own | Q(pk__in=members))


def people_matching(reader: User, typed: str) -> QuerySet[User]:
    """Return the people in the reader's scope whose names begin with the typed words, or who hold that extension.

    Each word must begin a first name, a last name or the user name; an extension must be whole.
    """
    term = typed.strip()
    if not term or "\0" in term:
        return User.objects.none()
    words = [word for word in re.split(r"[\s,]+", term) if word][:MOST_WORDS]
    by_words = Q(pk__isnull=False)
    for word in words:
        by_words &= _begins(word)
    return people_seen_by(reader).filter(by_words | _begins(term) | Q(pk__in=_holders(term)))


def find_person(reader: User, typed: str) -> User | None:
    """Return the one person in the reader's scope who is meant, None when nobody is.

    A whole user name decides, then an extension, then names. Raises SeveralPeopleError when more match.
    """
    term = typed.strip()
    if not term or "\0" in term:
        return None
    seen = people_seen_by(reader)
    choices = (
        seen.filter(username=term),
        seen.filter(username__iexact=term),
        seen.filter(pk__in=_holders(term)),
        people_matching(reader, term),
    )
    for choice in choices:
        found = list(choice[:MOST_NAMED])
        if len(found) > 1:
            raise SeveralPeopleError(found)
        if found:
            return found[0]
    return None


def with_extensions(people: QuerySet[User]) -> QuerySet[User]:
    """Return the people with the lines that they hold now as `current_lines`."""
    lines = Prefetch("lines", held_now().select_related("extension").order_by("extension"), to_attr="current_lines")
    return people.prefetch_related(lines)


def _begins(word: str) -> Q:
    return Q(last_name__istartswith=word) | Q(first_name__istartswith=word) | Q(username__istartswith=word)


def _holders(number: str) -> QuerySet[LineAssignment, Any]:
    return held_now().filter(extension__number=number).values("user_id")
