"""The one place that hides numbers: on pages, in links, filters, exports and mails (HOME-5, EX-9).

Rules hide the last digits of public numbers from a role; the other party of a private call is hidden whole from
everybody but its person.
"""

import base64
import binascii
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db.models import Case, CharField, F, Q, Value, When
from django.db.models.functions import Greatest, Least, Length, Substr
from django.db.models.lookups import LessThan
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from accounting.models import PRIVATE, CallRecord, CallType, Kind, MaskingRule, Office, Role, User
from accounting.querysets.calls import CallRecordQuerySet
from callanalytics.lib.folding import folded, search_for
from callanalytics.lib.phone_numbers import hide_last_digits, spaced

PRIVATE_KEY = "~private"
"""Stands in groups and addresses for the other party of others' private calls."""
SEEN = {
    "seen_number": "other_number",
    "seen_digits": "other_number",
    "seen_prefix": "other_number",
    "seen_country": "country",
    "seen_destination": "destination",
}
"""What tells the other party of a call, as the viewer may see it, and the columns that hold it.

Of hidden digits the prefix and the digits, by which calls are sorted, tell nothing; the number tells groups apart.
"""
PREFIX = 7
"""Characters of a prefix, the plus sign among them."""
TOKEN_MARK = "~"  # noqa: S105  (begins a token in an address; no number begins with it)
DEFAULT_EXTENSION_DIGITS = 6
RANKS: dict[str, int] = {Role.USER: 0, Role.SUPERVISOR: 1, Role.ADMINISTRATOR: 2}


@dataclass(frozen=True, slots=True)
class ShownNumber:
    """A number as one person may see it."""

    text: str
    """For the eye: spaced, with asterisks for hidden digits."""
    key: str
    """For addresses: the number, or a token that only this person's session can turn back."""
    hidden: bool
    private: bool = False
    """Whether it is hidden whole, as the other party of somebody else's private call."""

    def __str__(self) -> str:
        return self.text


NO_NUMBER = ShownNumber("", "", hidden=False)


class Numbered(NamedTuple):
    """What decides which digits of a call are hidden, for lists that do without whole call records."""

    kind: int
    call_type: int
    direction: int
    user_id: int | None
    other_number: str
    dialled_number: str
    purpose: int


class Masker:
    """What one viewer sees of numbers, by the masking rules of the viewer's role."""

    def __init__(self, viewer: User, rules: Iterable[MaskingRule], lower: Iterable[MaskingRule] = ()) -> None:
        """`rules` are those of the viewer's role, `lower` those of the roles below it."""
        self.viewer = viewer
        self.rules = [rule for rule in rules if rule.digits]
        self.lower = [rule for rule in lower if rule.digits]

    def number(self, record: CallRecord | Numbered, number: str | None = None) -> ShownNumber:
        """Return a number of a call record, the other party's when none is named, as the viewer may see it."""
        value = record.other_number if number is None else number
        if self.hides(record.purpose, record.user_id):
            return self.of_others(PRIVATE_KEY if value else "")
        return self._shown(value, self._hidden_digits(record, value))

    def of_others(self, number: str) -> ShownNumber:
        """Return a number that belongs to no record of the viewer's scope: the strictest rule holds."""
        if number == PRIVATE_KEY:
            return ShownNumber(_("Private"), PRIVATE_KEY, hidden=True, private=True)
        return self._shown(number, self._strictest if self.is_public(number) else 0)

    def hides(self, purpose: int, user_id: int | None) -> bool:
        """Return whether the other party of a call of this purpose and person is nobody's business here."""
        return purpose in PRIVATE and user_id != self.viewer.pk

    def hidden_whole(self) -> Q:
        """Return the condition of the calls whose other party the viewer does not see at all."""
        return Q(purpose__in=PRIVATE) & ~Q(user_id=self.viewer.pk)

    @cached_property
    def masks_private(self) -> bool:
        """Whether there are private calls at all that the viewer may come across; the small index tells.

        Without any, questions over all calls are spared the look at each one's purpose.
        """
        return self.viewer.is_overseer and CallRecord.objects.filter(purpose__in=PRIVATE).exists()

    def telling(self, records: CallRecordQuerySet, names: Collection[str]) -> CallRecordQuerySet:
        """Return records that can be compared, grouped and sorted by these columns of SEEN, as the viewer sees them."""
        beginnings = {"seen_prefix": PREFIX, "seen_digits": None}
        columns = {name: self._beginning(beginnings[name]) if name in beginnings else F(SEEN[name]) for name in names}
        if not columns or not self.masks_private:
            return records.alias(**columns)
        hidden = When(self.hidden_whole(), then=Value(PRIVATE_KEY))
        return records.alias(
            **{name: Case(hidden, default=column, output_field=CharField()) for name, column in columns.items()}
        )

    def _beginning(self, most: int | None) -> Case | Substr | F:
        """Return with what a number begins, of one that is partly hidden no more than the viewer sees."""
        if not self.rules:
            return F("other_number") if most is None else Substr("other_number", 1, most)
        ranked = sorted(self.rules, key=lambda rule: -rule.digits)
        digits = Case(*(When(self._meets(rule), then=Value(rule.digits)) for rule in ranked), default=Value(0))
        seen = Greatest(Length("other_number") - digits, Value(0))
        # Of other characters one cannot tell which of them are hidden.
        unsure = When(other_number__regex=r"[^0-9+]", then=Value(""))
        shown = seen if most is None else Least(Value(most), seen)
        return Case(unsure, default=Substr("other_number", 1, shown), output_field=CharField())

    def reads_beyond_lower_roles(self, record: CallRecord) -> bool:
        """Return whether the viewer reads in full the number of somebody else's call that a lower role does not."""
        if not self.lower or record.user_id in (None, self.viewer.pk) or not record.other_number or record.is_private:
            return False
        hidden_below = self._digits_by(self.lower, record, record.other_number)
        return bool(hidden_below) and not self._hidden_digits(record, record.other_number)

    def text(self, record: CallRecord, number: str | None = None) -> str:
        """Return what is printed for a number of a call record."""
        return self.number(record, number).text

    def matching(self, records: CallRecordQuerySet, number: str, *, begins: bool) -> CallRecordQuerySet:
        """Keep the records with this other number; digits that the viewer does not see never decide.

        `number` is as typed, or the key of a ShownNumber. Raises ValueError for a token of somebody else.
        """
        return records.filter(self.condition(number, begins=begins))

    def condition(self, number: str, *, begins: bool) -> Q:
        """Return the test of matching(), to be joined with others."""
        if number == PRIVATE_KEY:
            return self.hidden_whole()
        if number.startswith(TOKEN_MARK):
            return Q(other_number=self.opened(number)) & ~self.hidden_whole()
        if begins:
            number = folded(number) or ""
        how = search_for(number, "startswith") if begins else "exact"
        found = Q(**{f"other_number__{how}": number}) & ~self.hidden_whole()
        for rule in self.rules:
            # A public number of n characters shows n - digits of them; more typed than shown would be a probe.
            # In an address with a domain the hidden characters are not the last ones, so it never matches.
            too_long = Q(LessThan(Length("other_number"), len(number) + rule.digits)) | Q(other_number__contains="@")
            found &= ~(self._meets(rule) & too_long)
        return found

    def opened(self, key: str) -> str:
        """Return the number behind a key; raises ValueError when the token was made for somebody else."""
        if not key.startswith(TOKEN_MARK) or key == PRIVATE_KEY:
            return key
        try:
            sealed = base64.urlsafe_b64decode(key[1:] + "=" * (-len(key[1:]) % 4))
            return _cipher().decrypt(sealed, self._bound_to).decode()
        except (InvalidTag, binascii.Error, ValueError) as error:
            raise ValueError("not a token of this viewer") from error

    def shown_key(self, key: str) -> str:
        """Return what a filter on this key says: the number, masked when the key is a token."""
        if key == PRIVATE_KEY:
            return self.of_others(key).text
        if not key.startswith(TOKEN_MARK):
            return spaced(key)
        # Only hidden numbers have tokens, whatever their form.
        return self._shown(self.opened(key), self._strictest).text

    @property
    def _strictest(self) -> int:
        return max((rule.digits for rule in self.rules), default=0)

    def is_public(self, number: str) -> bool:
        """Return whether a number is no own extension by its form."""
        digits = sum(character.isdigit() for character in number)
        return number.startswith("+") or "@" in number or digits > self._extension_digits

    @cached_property
    def _extension_digits(self) -> int:
        lengths = Office.objects.order_by("-extension_digits").values_list("extension_digits", flat=True)
        return lengths.first() or DEFAULT_EXTENSION_DIGITS

    @property
    def _bound_to(self) -> list[bytes]:
        return [b"call number", str(self.viewer.pk).encode()]

    def _shown(self, number: str, digits: int) -> ShownNumber:
        if not number:
            return NO_NUMBER
        if not digits:
            return ShownNumber(spaced(number), number, hidden=False)
        sealed = base64.urlsafe_b64encode(_cipher().encrypt(number.encode(), self._bound_to)).decode().rstrip("=")
        return ShownNumber(hide_last_digits(spaced(number), digits), TOKEN_MARK + sealed, hidden=True)

    def _hidden_digits(self, record: CallRecord | Numbered, number: str) -> int:
        return self._digits_by(self.rules, record, number)

    def _digits_by(self, rules: list[MaskingRule], record: CallRecord | Numbered, number: str) -> int:
        if not rules:
            return 0
        of_other_party = record.kind == Kind.PUBLIC and number in (record.other_number, record.dialled_number)
        if not of_other_party and not self.is_public(number):
            return 0
        own = record.user_id == self.viewer.pk
        types = (record.call_type,) if of_other_party else tuple(CallType)
        return max((rule.digits for rule in rules if _concerns(rule, record, types, own=own)), default=0)

    def _meets(self, rule: MaskingRule) -> Q:
        public = Q(kind=Kind.PUBLIC)
        if rule.call_type:
            public &= Q(call_type=rule.call_type)
        # Public by its form only: masked whatever the type of the call is.
        many_digits = Q(other_number__regex=rf"([0-9][^0-9]*){{{self._extension_digits + 1}}}")
        by_form = Q(other_number__startswith="+") | Q(other_number__contains="@") | many_digits
        met = public | (Q(kind=Kind.INTERNAL) & by_form)
        if rule.direction:
            met &= Q(direction=rule.direction)
        if not rule.own_calls:
            met &= Q(user_id__isnull=True) | ~Q(user_id=self.viewer.pk)
        return met


def mask_for(viewer: User) -> Masker:
    """Return what this person sees of numbers; one small query."""
    rank = RANKS.get(Role.ADMINISTRATOR if viewer.is_administrator else viewer.role, 0)
    rules = list(MaskingRule.objects.all())
    lower = [rule for rule in rules if RANKS.get(rule.role, 0) < rank]
    return Masker(viewer, [rule for rule in rules if rule.role == viewer.role], lower)


def _concerns(rule: MaskingRule, record: CallRecord | Numbered, types: Iterable[int], *, own: bool) -> bool:
    return (
        rule.direction in (None, record.direction)
        and (rule.call_type is None or rule.call_type in types)
        and (rule.own_calls or not own)
    )


def order_of_hidden(number: str) -> str:
    """Return by what numbers are sorted that look alike: always the same, and nothing of their hidden digits."""
    return salted_hmac("callanalytics order of hidden numbers", number).hexdigest()


@lru_cache(maxsize=1)
def _cipher() -> AESSIV:
    key = HKDF(hashes.SHA256(), 64, salt=None, info=b"callanalytics masked numbers")
    return AESSIV(key.derive(settings.SECRET_KEY.encode()))
