"""Saves a report as one's own: what is kept of a question, who may share with whom, and whether it still holds."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _

from accounting.filters import units_seen_by
from accounting.models import CostCentre, Department, Office, User
from accounting.querysets.repeating import UNDO_DAYS
from accounting.services.masking import TOKEN_MARK
from reports.catalogue import REPORTS
from reports.catalogue.base import Report
from reports.engine.conditions import Comparison, ConditionError, comparisons_in, read_condition, split_values, written
from reports.engine.fields import Asker
from reports.engine.question import Fault, Question, Reading, key_of, read_question
from reports.models import SavedReport
from reports.querysets import units_of

KINDS: dict[str, type[Department | CostCentre | Office]] = {
    "department": Department,
    "cost_centre": CostCentre,
    "office": Office,
}


@dataclass(frozen=True, slots=True)
class Sharing:
    """The unit with which a report is shared; kind is a field of SavedReport, '' for nobody."""

    kind: str = ""
    unit_id: int | None = None


def whole_address(question: Question, standard: Question) -> str:
    """Return the address that says everything of a question, so that it stays the same when the standard changes."""
    found = QueryDict(mutable=True)
    for name, text in (*question.settings().items(), *((key_of(test), "") for test in standard.tests)):
        found[name] = text
    for test in question.tests:
        found[key_of(test)] = ",".join(map(written, test.values))
    return found.urlencode()


def base_of(saved: SavedReport, reader: User) -> Report | None:
    """Return the public report that a saved one changes, None when the reader may not run it."""
    report = REPORTS.get(saved.slug)
    return report if report is not None and report.permission(reader) else None


def read_saved(saved: SavedReport, report: Report, asker: Asker) -> Reading:
    """Return the saved question as this reader asks it, and everything that does not hold for this reader."""
    params = QueryDict(saved.query)
    if saved.owner_id != asker.reader.pk or tokens_of(params):
        hidden = number_problems(params, asker, saved)
        if hidden:
            return Reading(report.standard, [Fault("", text) for text in hidden])
    return read_question(params, report.standard, asker)


def number_problems(params: QueryDict, asker: Asker, saved: SavedReport) -> list[str]:
    """Return what to say about numbers that the reader may not see; they are never shown."""
    for token in tokens_of(params):
        try:
            asker.masker.opened(token)
        except ValueError:
            text = _(
                "A filter of this report belongs to another person: it holds a number whose digits are hidden. "
                "Only the person who chose it can run the report with it."
            )
            return [text]
    if saved.owner_id != asker.reader.pk and any(is_hidden(test, asker) for test in number_tests(params)):
        text = _("A filter of this report holds a number whose digits are hidden from you. %(owner)s can run it.")
        return [text % {"owner": saved.owner}]
    return []


def is_hidden(test: Comparison, asker: Asker) -> bool:
    """Return whether a test names a public number in full, of which the reader does not see every digit."""
    plain = [value.replace(" ", "") for value in test.values if not value.startswith(TOKEN_MARK)]
    if test.operator in ("is", "not"):
        return any(asker.masker.of_others(value).hidden for value in plain)
    return any(asker.masker.of_others(value.lstrip("+")).hidden for value in plain)


def tokens_of(params: QueryDict) -> list[str]:
    """Return the sealed numbers in an address."""
    return [value for test in number_tests(params) for value in test.values if value.startswith(TOKEN_MARK)]


def number_tests(params: QueryDict) -> list[Comparison]:
    """Return the tests of numbers in an address, nested ones too; what cannot be read is left to read_question()."""
    found: list[Comparison] = []
    for key, text in params.items():
        name, _dot, operator = key.partition(".")
        try:
            if name == "number" and text:
                found.append(Comparison(name, operator or "is", split_values(str(text))))
            elif name == "where" and text:
                found.extend(test for test in comparisons_in(read_condition(str(text))) if test.field == "number")
        except ConditionError:
            continue
    return found


def units_to_share_with(owner: User) -> dict[str, QuerySet[Any]]:
    """Return the units with which a person may share, by kind: own and supervised ones, for administrators all."""
    belonging = units_of(owner)
    supervised = units_seen_by(owner) if owner.is_overseer else dict.fromkeys(KINDS)
    found: dict[str, QuerySet[Any]] = {}
    for kind, model in KINDS.items():
        seen = supervised[kind]
        allowed = Q(pk__in=belonging[kind])
        if seen is not None:
            allowed |= Q(pk__in=seen.values("pk"))
        every: QuerySet[Any] = QuerySet(model)
        found[kind] = every if owner.is_administrator else every.filter(allowed)
    return found


def share(saved: SavedReport, sharing: Sharing) -> None:
    """Share a report with one unit, or with nobody; the caller saves it."""
    for kind in KINDS:
        setattr(saved, f"{kind}_id", sharing.unit_id if kind == sharing.kind else None)


def sharing_of(saved: SavedReport) -> Sharing:
    """Return with which unit a report is shared."""
    for kind in KINDS:
        unit_id = getattr(saved, f"{kind}_id")
        if unit_id:
            return Sharing(kind, unit_id)
    return Sharing()


def duplicate(saved: SavedReport, owner: User, name: str) -> SavedReport:
    """Return a copy that belongs to a person and is shared with nobody."""
    return SavedReport.objects.create(
        owner=owner, slug=saved.slug, name=name, description=saved.description,
        group=saved.group if saved.owner_id == owner.pk else "", query=saved.query,
    )  # fmt: skip


def delete(saved: SavedReport) -> None:
    """Delete a report so that it can be brought back."""
    saved.deleted_at = timezone.now()
    saved.save(update_fields=["deleted_at"])


def restore(saved: SavedReport) -> None:
    """Bring a deleted report back."""
    saved.deleted_at = None
    saved.save(update_fields=["deleted_at"])


def forget_deleted() -> int:
    """Delete for good what was deleted too long ago to be brought back; return how many."""
    gone, _by_model = SavedReport.objects.deleted_before(timezone.now() - timedelta(days=UNDO_DAYS)).delete()
    return gone
