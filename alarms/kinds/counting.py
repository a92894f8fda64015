"""Kinds that count calls within whole hours or days, of each line or of all together."""

from abc import abstractmethod
from collections import Counter
from collections.abc import Collection, Iterator
from typing import ClassVar

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy

from accounting.models import CallRecord
from accounting.querysets.calls import CallRecordQuerySet
from alarms.kinds.base import FIELDS, Finding, Kind, Parameters, ParametersForm, Subject, subject_of
from alarms.kinds.looking import Look
from alarms.kinds.occasions import DAY, HOUR, Occasion, Occasions, merged

EACH, ALL = "each", "all"
MOST_LINES = 2_000
"""Lines that a question names; it asks for more by their time only."""
Line = tuple[int, str]
"""Phone system and extension; (0, "") stands for all together."""
EVERY: Line = (0, "")
Place = tuple[Occasion, Line]


class CountingForm(ParametersForm):
    """Asks how many are too many, and within which time."""

    limit = forms.IntegerField(label=gettext_lazy("How many are too many"), min_value=1, max_value=100_000, initial=5)
    within = forms.ChoiceField(
        label=gettext_lazy("Within"), initial=DAY,
        choices=[(HOUR, gettext_lazy("the same hour")), (DAY, gettext_lazy("the same day"))],
    )  # fmt: skip
    counted = forms.ChoiceField(
        label=gettext_lazy("Counted"), initial=EACH,
        choices=[(EACH, gettext_lazy("each extension by itself")), (ALL, gettext_lazy("all extensions together"))],
    )  # fmt: skip


class CountingKind(Kind):
    """A kind that tells when so many calls have come together; the calls of an occasion are told with it."""

    query: ClassVar[str] = ""
    """Filters of the report that shows such calls."""

    @abstractmethod
    def condition(self, parameters: Parameters, look: Look) -> Q:
        """Return which calls count."""

    def find(self, parameters: Parameters, look: Look) -> Iterator[Finding]:
        """Return a finding for each line and time that arrivals touch and that has too many calls."""
        condition, occasions = self.condition(parameters, look), Occasions(parameters.get("within", DAY), look.zone)
        each, limit = parameters.get("counted", EACH) == EACH, int(parameters["limit"])
        records = look.records().filter(condition)
        sums = counted(look.arrivals().filter(condition), look, occasions, each=each)
        if not look.is_trial:
            sums = all_of(sums, records, look, occasions, each=each)
        many = {place for place, calls in sums.items() if calls >= limit}
        for some in on(records, many):
            for (occasion, line), calls in together(some, look, occasions, many, each=each).items():
                yield self.finding(occasion, line, calls, parameters)

    def finding(self, occasion: Occasion, line: Line, calls: list[CallRecord], parameters: Parameters) -> Finding:
        """Return what is raised about too many calls."""
        limit = int(parameters["limit"])
        return Finding(
            f"{line[0]}:{line[1]}:{occasion.name}", calls[0].started_at,
            Subject() if line == EVERY else subject_of(calls[-1]), until=max(one.ended_at for one in calls),
            calls=len(calls), facts={"limit": limit, "within": parameters.get("within", DAY)}, query=self.query,
            records=tuple(calls), known_at=calls[limit - 1].ended_at,
        )  # fmt: skip


def counted(records: CallRecordQuerySet, look: Look, occasions: Occasions, *, each: bool) -> Counter[Place]:
    """Return how many calls there are by time and line."""
    rows = look.rows(records.order_by().values_list("phone_system_id", "extension", "started_at"))
    return Counter(
        (occasions.of(started), (system, extension) if each else EVERY) for system, extension, started in rows
    )


def all_of(
    touched: Counter[Place], records: CallRecordQuerySet, look: Look, occasions: Occasions, *, each: bool
) -> Counter[Place]:
    """Return how many calls there are in all of the times and lines that arrivals touch."""
    sums: Counter[Place] = Counter()
    for some in on(records, touched):
        for place, calls in counted(some, look, occasions, each=each).items():
            if place in touched:
                sums[place] += calls
    return sums


def on(records: CallRecordQuerySet, places: Collection[Place]) -> Iterator[CallRecordQuerySet]:
    """Yield the calls of these lines in each of the times."""
    lines = {line for _occasion, line in places}
    if EVERY not in lines and len(lines) <= MOST_LINES:
        records = records.filter(extension__in={extension for _system, extension in lines})
    for begin, end in merged(occasion for occasion, _line in places):
        yield records.in_period(begin, end)


def together(
    records: CallRecordQuerySet, look: Look, occasions: Occasions, wanted: Collection[Place], *, each: bool
) -> dict[Place, list[CallRecord]]:
    """Return the calls of each time and line that is wanted, in order."""
    found: dict[Place, list[CallRecord]] = {}
    for record in look.rows(records.order_by("started_at", "pk").only(*FIELDS)):
        line = (record.phone_system_id, record.extension) if each else EVERY
        place = (occasions.of(record.started_at), line)
        if place in wanted:
            found.setdefault(place, []).append(record)
    return found
