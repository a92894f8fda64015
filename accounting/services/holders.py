"""Who has held an extension from when until when, and how that became known."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from accounting.models import AuditedAction, AuditEntry, Extension, LineAssignment, User
from accounting.services.history import causes_of


@dataclass(frozen=True, slots=True)
class Holding:
    """One spell of an extension with a person."""

    person: User
    since: datetime | None
    """None: since ever."""
    until: datetime | None
    """None: until further notice."""
    state: str
    """"past", "now" or "later"."""
    source: str
    """What entered it, in words; '' when nothing tells."""
    page: str
    """The address of the source, '' for none."""


def holders_of(extension: Extension) -> list[Holding]:
    """Return everybody who has held an extension or will, newest first; a handful of queries."""
    spells = list(extension.assignments.select_related("user"))
    sources = sources_of(spells)
    found = [
        Holding(spell.user, spell.valid_from, spell.valid_to, state_of(spell), *source_of(spell, sources))
        for spell in spells
        if spell.valid_to is None or spell.valid_to != spell.valid_from
    ]
    return sorted(found, key=lambda one: one.since.timestamp() if one.since else 0, reverse=True)


def state_of(spell: LineAssignment) -> str:
    """Return whether a spell is past, holds now or begins later."""
    now = timezone.now()
    if spell.valid_to is not None and spell.valid_to <= now:
        return "past"
    return "later" if spell.valid_from is not None and spell.valid_from > now else "now"


def sources_of(spells: Iterable[LineAssignment]) -> dict[str, tuple[str, str]]:
    """Return by the spells' ids what the audit log says about their entry: words and a page."""
    ids = [str(spell.pk) for spell in spells]
    entries = list(
        AuditEntry.objects.filter(subject_type="lineassignment", subject_id__in=ids, action=AuditedAction.ADDED)
    )
    causes = causes_of(entries)
    by_hand = _("Entered by %(person)s")
    return {
        entry.subject_id: causes.get(entry.whole_id) or (by_hand % {"person": entry.actor} if entry.actor else "", "")
        for entry in entries
    }


def source_of(spell: LineAssignment, sources: dict[str, tuple[str, str]]) -> tuple[str, str]:
    """Return words and page of what has entered a spell."""
    return sources.get(str(spell.pk)) or (_("Directory") if spell.from_directory else "", "")
