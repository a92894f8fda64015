"""The contract of a kind of alarm: parameters with their form, and what it finds when it looks.

What a kind finds depends on the calls alone, never on when or how often it looks: kinds about single calls find each
call once; kinds that count do so within whole hours, days, weeks or months of the rule's zone that the arrivals touch,
and name what they find by its occasion. So a rule that looks every minute and one that looks once a day raise the same,
and so does one whose call records came late.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.db.models import Model, Q, QuerySet
from django.utils.functional import Promise

from accounting.models import CallRecord, User
from accounting.querysets.calls import CallRecordQuerySet
from alarms.kinds.looking import Look
from alarms.models import Alarm

FIELDS = (
    "phone_system_id", "started_at", "extension", "leg", "direction", "ended_at", "user_id", "department_id",
    "cost_centre_id", "office_id", "gateway_id", "cost", "currency", "other_number",
)  # fmt: skip
"""What is read of calls."""
Parameters = Mapping[str, Any]
"""What the form of a kind has accepted, as JSON."""


class CannotLook(Exception):  # noqa: N818  (what people read)
    """The look is not possible, or would not be right; `reason` is one of alarms.kinds.reasons."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Subject:
    """What an alarm is about; ids as of the calls."""

    phone_system_id: int | None = None
    extension: str = ""
    user_id: int | None = None
    department_id: int | None = None
    cost_centre_id: int | None = None
    office_id: int | None = None
    gateway_id: int | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to raise: an occasion, or without a key calls each of which one rule raises once."""

    key: str
    """The occasion: what was raised under it, under the same parameters, is not raised again. At most 120 characters.
    Empty where each of the `records` is raised once."""
    happened_at: datetime
    subject: Subject = field(default_factory=Subject)
    until: datetime | None = None
    calls: int = 0
    amount: Decimal | None = None
    currency: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What the sentence says beside that, as JSON; no numbers of calls and no names."""
    query: str = ""
    """Filters of the report of calls that shows them (person, number and so on are added from the subject)."""
    records: tuple[CallRecord, ...] = ()
    known_at: datetime | None = None
    """Of an occasion: when there was enough to raise it, for trials; None: when it ended."""


class ParametersForm(forms.Form):
    """What a kind asks for; `owner` limits what may be chosen. A kind without parameters uses this form itself."""

    def __init__(self, *args: Any, owner: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.owner = owner

    def parameters(self) -> dict[str, Any]:
        """Return what was accepted as JSON: to be given back as `initial` when it is changed."""
        return {name: as_json(value) for name, value in self.cleaned_data.items()}


def as_json(value: Any) -> Any:
    """Return what a field has accepted as JSON: rows by their ids, amounts as texts."""
    if isinstance(value, QuerySet):
        return [row.pk for row in value]
    if isinstance(value, Model):
        return value.pk
    return str(value) if isinstance(value, Decimal) else value


class Kind(ABC):
    """One kind of alarm."""

    slug: ClassVar[str]
    label: ClassVar[str | Promise]
    description: ClassVar[str | Promise]
    """What it is good for, in one or two sentences."""
    icon: ClassVar[str]
    form: ClassVar[type[ParametersForm]] = ParametersForm
    needs_arrivals: ClassVar[bool] = True
    """Whether there is nothing to look at without new calls; False for kinds that watch the clock."""
    for_administrators: ClassVar[bool] = False
    """Whether it looks at what is in nobody's scope, such as gateways: offered to administrators only."""

    @abstractmethod
    def find(self, parameters: Parameters, look: Look) -> Iterable[Finding]:
        """Return what there is to raise, known occasions included. Raises CannotLook."""

    @abstractmethod
    def sentence(self, alarm: Alarm) -> str:
        """Return what has happened, without who and when, in the active language: 12 international calls."""

    def in_words(self, parameters: Parameters) -> list[str]:
        """Return the parameters in words, for lists and mails; without any the kind says it all."""
        return []


class CallKind(Kind):
    """A kind that finds single calls; they are told together by line and day."""

    @abstractmethod
    def condition(self, parameters: Parameters, look: Look) -> Q:
        """Return which calls matter."""

    def calls(self, look: Look) -> CallRecordQuerySet:
        """Return the arrivals among which it looks; kinds that tell numbers leave out private calls of others."""
        return look.tellable()

    def found(self, parameters: Parameters, look: Look) -> Iterator[CallRecord]:
        """Yield the calls that matter in the order of their starts."""
        records = self.calls(look).filter(self.condition(parameters, look)).order_by("started_at", "pk")
        yield from look.rows(records.only(*FIELDS))

    def find(self, parameters: Parameters, look: Look) -> Iterator[Finding]:
        """Return a finding for each line and day with calls that matter."""
        days: dict[tuple[int, str, int | None, date], list[CallRecord]] = {}
        for record in self.found(parameters, look):
            day = record.started_at.astimezone(look.zone).date()
            days.setdefault((record.phone_system_id, record.extension, record.user_id, day), []).append(record)
        for found in days.values():
            yield finding_of(found)


def finding_of(records: list[CallRecord]) -> Finding:
    """Return the finding about calls of one line in the order of their starts; costs of one currency are added up."""
    first = records[0]
    priced = [record for record in records if record.cost is not None]
    currencies = {record.currency for record in priced if record.cost}
    one_currency = len(currencies) == 1
    return Finding(
        "", first.started_at, subject_of(first), until=max(record.ended_at for record in records), calls=len(records),
        amount=sum((record.cost for record in priced if record.cost), Decimal(0)) if one_currency else None,
        currency=next(iter(currencies)) if one_currency else "", records=tuple(records),
    )  # fmt: skip


def subject_of(record: CallRecord) -> Subject:
    """Return the line, person and units of a call."""
    return Subject(
        record.phone_system_id, record.extension, record.user_id, record.department_id, record.cost_centre_id,
        record.office_id, record.gateway_id,
    )  # fmt: skip
