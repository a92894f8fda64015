"""Refused calls as one person may see them: numbers masked as everywhere, reasons in words."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.functional import Promise

from accounting.models import CallType, Direction, Kind, Office, Purpose, User
from accounting.services.masking import PRIVATE_KEY, Masker, Numbered, ShownNumber, mask_for
from phonelock.models import Reason, RefusedCall

LABELS: dict[str, str | Promise] = {one.value: one.label for one in Reason}


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """One refused call with what is shown of it."""

    call: RefusedCall
    number: ShownNumber
    reasons: str


def refused_rows(calls: Iterable[RefusedCall], reader: User) -> list[RefusedRow]:
    """Return what a person sees of refused calls; the scope is the caller's."""
    masker, prefixes = mask_for(reader), private_prefixes()
    return [RefusedRow(one, called_number(one, masker, prefixes), reasons_in_words(one)) for one in calls]


def called_number(call: RefusedCall, masker: Masker, prefixes: dict[int, str]) -> ShownNumber:
    """Return the called number; whom somebody else wanted to call privately is nobody's business.

    Nobody has analysed it: of the rules for outgoing calls the strictest holds, whichever call type it is for.
    """
    prefix = prefixes.get(call.office_id or 0)
    if prefix and call.called.startswith(prefix) and call.user_id != masker.viewer.pk:
        return masker.of_others(PRIVATE_KEY)
    facts = Numbered(Kind.PUBLIC, CallType.UNKNOWN, Direction.OUTGOING, call.user_id, "", "", Purpose.BUSINESS)
    return masker.number(facts, call.called)


def private_prefixes() -> dict[int, str]:
    """Return what people dial before private calls, by office."""
    return dict(Office.objects.exclude(private_prefix="").values_list("pk", "private_prefix"))


def reasons_in_words(call: RefusedCall) -> str:
    """Return the reasons that held."""
    return ", ".join(str(LABELS.get(one, one)) for one in call.reasons)
