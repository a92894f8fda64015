"""Kinds that count calls within whole hours or days, of each line or of all together."""

from abc import abstractmethod
from collections.abc import Iterable, Iterator
from datetime import datetime
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
        touched = self.touched(look.arrivals().filter(condition), look, occasions, each=each)
        lines = {line for some in touched.values() for line in some}
        records = look.records().filter(condition)
        if each and len(lines) <= MOST_LINES:
            records = records.filter(extension__in={extension for _system, extension in lines})
        for begin, end in merged(touched):
            calls = self.together(records.in_period(begin, end), look, occasions, touched, each=each)
            for (occasion, line), found in calls.items():
                if len(found) >= limit:
                    yield self.finding(occasion, line, found, parameters)

    def touched(
        self, arrivals: CallRecordQuerySet, look: Look, occasions: Occasions, *, each: bool
    ) -> dict[Occasion, set[Line]]:
        """Return the times in which calls have arrived, and of which lines."""
        found: dict[Occasion, set[Line]] = {}
        rows: Iterable[tuple[int, str, datetime]] = look.rows(
            arrivals.order_by().values_list("phone_system_id", "extension", "started_at")
        )
        for system, extension, started in rows:
            found.setdefault(occasions.of(started), set()).add((system, extension) if each else EVERY)
        return found

    def together(
        self, records: CallRecordQuerySet, look: Look, occasions: Occasions, touched: dict[Occasion, set[Line]],
        *, each: bool,
    ) -> dict[tuple[Occasion, Line], list[CallRecord]]:  # fmt: skip
        """Return the calls of each time and line that arrivals touch, in order."""
        found: dict[tuple[Occasion, Line], list[CallRecord]] = {}
        for record in look.rows(records.order_by("started_at", "pk").only(*FIELDS)):
            occasion = occasions.of(record.started_at)
            line = (record.phone_system_id, record.extension) if each else EVERY
            if line in touched.get(occasion, ()):
                found.setdefault((occasion, line), []).append(record)
        return found

    def finding(self, occasion: Occasion, line: Line, calls: list[CallRecord], parameters: Parameters) -> Finding:
        """Return what is raised about too many calls."""
        limit = int(parameters["limit"])
        return Finding(
            f"{line[0]}:{line[1]}:{occasion.name}", calls[0].started_at,
            Subject() if line == EVERY else subject_of(calls[-1]), until=max(one.ended_at for one in calls),
            calls=len(calls), facts={"limit": limit, "within": parameters.get("within", DAY)}, query=self.query,
            records=tuple(calls), known_at=calls[limit - 1].ended_at,
        )  # fmt: skip
