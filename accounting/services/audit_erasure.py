"""Takes the names of an erased person out of the audit log: what was done, when and to which row stays."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from accounting.models import AuditedAction, AuditEntry, User
from accounting.services.auditing import record
from accounting.services.privacy import ABOUT_PEOPLE
from accounting.services.row_changes import address_value
from callanalytics.lib.updating import update_rows

COLUMNS = ("actor", "address", "subject", "changes", "details", "erasure_id")
OF_PERSON = ("username", "first_name", "last_name", "email", "employee_number", "directory_key")
"""Fields of a person that tell who it is."""
CODES = frozenset({"role", "language", "theme", "state", "kind"})
"""Fields whose words are the program's, even where somebody has such a user name."""
ERASED = "…"


@dataclass(frozen=True, slots=True)
class Names:
    """What a person is and was called."""

    neutral: str
    user_names: frozenset[str]
    phrases: re.Pattern[str] | None
    """Names of several words, names with user names, and addresses, wherever they stand."""

    def out_of(self, value: Any) -> Any:
        """Return a text, or JSON, without the person."""
        if isinstance(value, str):
            if value in self.user_names:
                return self.neutral
            return self.phrases.sub(self.neutral, value) if self.phrases else value
        if isinstance(value, list):
            return [self.out_of(one) for one in value]
        if isinstance(value, dict):
            return {name: one if name in CODES else self.out_of(one) for name, one in value.items()}
        return value


def erase_names(person: User, neutral: str) -> int:
    """Take the person, who still has the names, out of all entries, inside the caller's transaction; return how many.

    The entry of the erasure is named in each of them: without it, the database refuses any change.
    """
    about = Q(subject_type__in=ABOUT_PEOPLE, subject_id=str(person.pk))
    names, sought = names_of(person, neutral, AuditEntry.objects.filter(about))
    wanted = Q(actor_id=person.pk) | about
    for text in sought:
        wanted |= Q(subject__icontains=text) | Q(changes__icontains=text) | Q(details__icontains=text)
        wanted |= Q(actor__icontains=text)
    found = list(AuditEntry.objects.filter(wanted).order_by("pk"))
    erasure = record(AuditedAction.STARTED, "person_data", neutral, subject_id=person.pk)
    rows = [row for entry in found for row in rewritten(entry, person, names, erasure.pk)]
    update_rows(AuditEntry, COLUMNS, rows)
    return len(rows)


def names_of(person: User, neutral: str, entries: Iterable[AuditEntry]) -> tuple[Names, set[str]]:
    """Return what a person is and was called by the entries about it, and the texts to look for."""
    held: dict[str, set[str]] = {name: {getattr(person, name) or ""} for name in ("username", "email")}
    phrases = {str(person)}
    for entry in entries:
        phrases.add(entry.subject)
        for name, values in held.items():
            values.update(entry.changes.get(name, ()))
    user_names = held["username"] - {""}
    # The name of somebody else, too: it stays where no user name stands beside it.
    shared = {str(other) for other in User.objects.exclude(pk=person.pk).filter(last_name=person.last_name)}
    whole = {f"{name} ({user})" for name in phrases for user in user_names}
    alone = {name for name in phrases if " " in name} - shared
    texts = sorted(whole | alone | held["email"] - {""}, key=len, reverse=True)
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, texts))})(?!\w)") if texts else None
    return Names(neutral, frozenset(user_names), pattern), user_names | alone | held["email"] - {""}


def rewritten(entry: AuditEntry, person: User, names: Names, erasure: int) -> Iterator[tuple[Any, ...]]:
    """Yield the row of an entry that names the person, as update_rows takes it; nothing for one that does not."""
    own = entry.actor_id == person.pk
    about = entry.subject_type in ABOUT_PEOPLE and entry.subject_id == str(person.pk)
    # Who is refused at the door has not signed in: nobody is the actor then.
    at_door = about and entry.actor_id is None and entry.subject_type == "sign_in"
    actor = names.neutral if own else names.out_of(entry.actor)
    subject = names.neutral if about else names.out_of(entry.subject)
    changes, details = names.out_of(entry.changes), names.out_of(entry.details)
    if about:
        changes |= {name: [ERASED if text else "" for text in changes[name]] for name in OF_PERSON if name in changes}
    address = None if own or at_door else entry.address
    if (actor, subject, changes, details, address) != (
        entry.actor, entry.subject, entry.changes, entry.details, entry.address,
    ):  # fmt: skip
        yield (
            entry.pk, actor, address_value(address), subject, json.dumps(changes), json.dumps(details), erasure,
        )  # fmt: skip
