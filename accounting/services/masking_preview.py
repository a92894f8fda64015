"""Masking rules in words, and what each role would see of sample calls under them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounting.models import PRIVATE, CallRecord, CallType, Direction, Kind, MaskingRule, Role, User
from accounting.services.masking import Masker, mask_for

SAMPLES = 10
LOOKED_THROUGH = 300
NOBODY = 0
"""No person has this id: a call of another one."""
EXAMPLES = (
    (Direction.OUTGOING, CallType.MOBILE, "+4915112345678"),
    (Direction.OUTGOING, CallType.NATIONAL, "+493022334455"),
    (Direction.OUTGOING, CallType.LOCAL, "+493099887766"),
    (Direction.OUTGOING, CallType.INTERNATIONAL, "+442079460123"),
    (Direction.OUTGOING, CallType.PREMIUM, "+499001234567"),
    (Direction.OUTGOING, CallType.TOLL_FREE, "+498001234567"),
    (Direction.INCOMING, CallType.MOBILE, "+4917098765432"),
    (Direction.INCOMING, CallType.NATIONAL, "+498955667788"),
    (Direction.INCOMING, CallType.INTERNATIONAL, "+33142685300"),
    (Direction.INCOMING, CallType.UNKNOWN, "sales@partner.example"),
)


@dataclass(frozen=True, slots=True)
class SampleCall:
    """One sample call, in full and as each column of the preview shows it."""

    record: CallRecord
    number: str
    shown: tuple[tuple[str, bool], ...]
    """Text, and whether it differs from the column before it."""


def in_words(rule: MaskingRule) -> str:
    """Return a rule as a sentence."""
    words = ngettext(
        "%(role)s: the last %(count)s digit is hidden (%(calls)s; %(whose)s).",
        "%(role)s: the last %(count)s digits are hidden (%(calls)s; %(whose)s).",
        rule.digits,
    )
    whose = _("in the calls of others and in the own ones") if rule.own_calls else _("in the calls of others")
    return words % {
        "role": rule.get_role_display(), "count": rule.digits, "calls": calls_in_words(rule), "whose": whose
    }  # fmt: skip


def calls_in_words(rule: MaskingRule) -> str:
    """Return which calls a rule concerns."""
    direction = rule.get_direction_display() if rule.direction else _("Outgoing and incoming")
    call_type = rule.get_call_type_display() if rule.call_type else _("all call types")
    return f"{direction}, {call_type}"


def sample_calls(reader: User) -> list[CallRecord]:
    """Return calls for the preview: the latest ones, of as many kinds as there are; else built examples.

    A reader from whom numbers are hidden sees built examples: a preview must be no way around the rules.
    """
    if mask_for(reader).rules:
        return examples()
    public = CallRecord.objects.filter(kind=Kind.PUBLIC).exclude(purpose__in=PRIVATE)
    latest = public.exclude(other_number="").newest_first()[:LOOKED_THROUGH]
    first_of_kind: dict[tuple[int, int], CallRecord] = {}
    others: list[CallRecord] = []
    for record in latest:
        key = (record.direction, record.call_type)
        if key in first_of_kind:
            others.append(record)
        else:
            first_of_kind[key] = record
    return [*first_of_kind.values(), *others][:SAMPLES] or examples()


def examples() -> list[CallRecord]:
    """Return built calls of many kinds, unsaved."""
    now = timezone.now()
    return [
        CallRecord(
            pk=number, started_at=now - timedelta(minutes=number), direction=direction, call_type=call_type,
            kind=Kind.PUBLIC, other_number=other, user_id=NOBODY,
        )
        for number, (direction, call_type, other) in enumerate(EXAMPLES, start=1)
    ]  # fmt: skip


def by_role(records: Sequence[CallRecord], rules: Iterable[MaskingRule]) -> list[SampleCall]:
    """Return the calls as users, supervisors and administrators see those of others."""
    rules = list(rules)
    maskers = [(masker_of(role, rules), False) for role in Role]
    return [shown(record, maskers) for record in records]


def before_and_after(
    records: Sequence[CallRecord], role: str, before: Iterable[MaskingRule], after: Iterable[MaskingRule]
) -> list[SampleCall]:
    """Return the calls as one role sees them under two sets of rules: those of others, then the own ones."""
    old, new = masker_of(role, before), masker_of(role, after)
    columns = [(old, False), (new, False), (old, True), (new, True)]
    return [shown(record, columns) for record in records]


def masker_of(role: str, rules: Iterable[MaskingRule]) -> Masker:
    """Return what a person of this role sees who is in no call."""
    return Masker(User(pk=-1, role=role), [rule for rule in rules if rule.role == role])


def shown(record: CallRecord, columns: Sequence[tuple[Masker, bool]]) -> SampleCall:
    """Return a call as the columns show it; a column is a masker, and whether the call is the viewer's own."""
    owner, texts = record.user_id, []
    for masker, own in columns:
        record.user_id = masker.viewer.pk if own else NOBODY
        texts.append(masker.text(record))
    record.user_id = owner
    full = Masker(User(pk=-1), ()).text(record)
    before = [full, *texts[:-1]]
    return SampleCall(record, full, tuple((text, text != old) for text, old in zip(texts, before, strict=True)))
