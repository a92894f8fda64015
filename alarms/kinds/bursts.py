"""Bursts of short calls: fraud, faulty equipment, or one ring and gone (EX-7)."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta

from django import forms
from django.db.models import DateTimeField, F, Max, Min, Q, Window
from django.db.models.functions import Lag
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounting.models import CallRecord, Direction
from accounting.models import Kind as Network
from accounting.querysets.calls import CallRecordQuerySet
from alarms.kinds.base import FIELDS, Finding, Kind, Parameters, ParametersForm, Subject, subject_of
from alarms.kinds.looking import Look
from alarms.kinds.occasions import DAY, Occasions
from alarms.models import Alarm
from callanalytics.templatetags.ui import number

PAIR, CALLER = "pair", "caller"
PATTERNS = {
    PAIR: gettext_lazy("between the same extension and number"),
    CALLER: gettext_lazy("from one outside number to different extensions"),
}
AT_ONCE = 500
"""Numbers that are asked for in one question."""


class BurstsForm(ParametersForm):
    """Asks how many calls of which length in which time are a burst."""

    pattern = forms.ChoiceField(label=gettext_lazy("Calls"), choices=list(PATTERNS.items()), initial=PAIR)
    calls = forms.IntegerField(
        label=gettext_lazy("Number of calls"), min_value=2, max_value=10_000, initial=5,
        help_text=gettext_lazy("At least. From one outside number: the number of extensions."),
    )  # fmt: skip
    minutes = forms.IntegerField(label=gettext_lazy("Within minutes"), min_value=1, max_value=1440, initial=10)
    seconds = forms.IntegerField(
        label=gettext_lazy("Seconds of each call"), min_value=0, max_value=3600, initial=15,
        help_text=gettext_lazy("At most: the talk time; of calls from one outside number, ringing and talk time."),
    )  # fmt: skip


class Bursts(Kind):
    """Many short calls in a short time, by the same two parties or from one number that rings many."""

    slug = "bursts"
    label = gettext_lazy("Bursts of short calls")
    description = gettext_lazy(
        "Tells of many short calls within minutes: between the same two numbers, or from one outside number that rings "
        "many extensions only briefly so that somebody calls back at a high price."
    )
    icon = "zap"
    form = BurstsForm

    def condition(self, parameters: Parameters, look: Look) -> Q:
        """Return the test for short calls; private calls of others are left out."""
        seconds, test = int(parameters["seconds"]), ~look.hidden & ~Q(other_number="")
        if parameters.get("pattern", PAIR) == PAIR:
            return test & Q(talk_seconds__lte=seconds) & ~Q(extension="")
        incoming = Q(direction=Direction.INCOMING, kind=Network.PUBLIC)
        return test & incoming & Q(talk_seconds__lte=seconds, ring_seconds__lte=seconds)

    def find(self, parameters: Parameters, look: Look) -> Iterator[Finding]:
        """Return a finding for each pair or number and day with a burst to which an arrival belongs."""
        condition, within = self.condition(parameters, look), timedelta(minutes=int(parameters["minutes"]))
        pair, least = parameters.get("pattern", PAIR) == PAIR, int(parameters["calls"])
        days = Occasions(DAY, look.zone)
        for calls in self.candidates(condition, within, look, least, pair=pair):
            for burst in bursts_in(calls, within, least, pair=pair):
                day, first = days.of(burst[0].started_at), burst[0]
                # Numbers do not stand in alarms, not even so that they could be tried out.
                who = f"{first.phone_system_id}:{first.extension}" if pair else ""
                digest = salted_hmac("alarms.bursts", first.other_number).hexdigest()[:20]
                yield Finding(
                    f"{who}:{digest}:{day.name}", first.started_at, subject_of(first) if pair else Subject(),
                    until=max(one.ended_at for one in burst), calls=len(burst),
                    facts={"pattern": PAIR if pair else CALLER}, records=tuple(burst),
                    known_at=burst[least - 1].ended_at,
                )  # fmt: skip

    def candidates(
        self, condition: Q, within: timedelta, look: Look, least: int, *, pair: bool
    ) -> Iterator[list[CallRecord]]:
        """Yield the short calls of each pair or number that has enough of them close to each other, in order."""
        names = ["phone_system_id", "extension", "other_number"] if pair else ["other_number"]
        before = Window(
            Lag("started_at", least - 1), partition_by=names, order_by="started_at", output_field=DateTimeField()
        )
        for near in self.around_arrivals(condition, within, look):
            close = near.annotate(before=before).filter(before__gte=F("started_at") - within)
            found = sorted(set(look.rows(close.values_list("other_number", flat=True))))
            for start in range(0, len(found), AT_ONCE):
                calls = near.filter(other_number__in=found[start : start + AT_ONCE])
                together: dict[tuple[object, ...], list[CallRecord]] = {}
                for record in look.rows(calls.order_by("started_at", "pk").only(*FIELDS)):
                    together.setdefault(tuple(getattr(record, name) for name in names), []).append(record)
                yield from together.values()

    def around_arrivals(self, condition: Q, within: timedelta, look: Look) -> Iterator[CallRecordQuerySet]:
        """Yield short calls among which are all that may form a burst with one that has arrived."""
        arrivals = look.arrivals().filter(condition).order_by()
        if look.is_trial:
            yield arrivals
            return
        rows = arrivals.values_list("other_number").annotate(first=Min("started_at"), last=Max("started_at"))
        spans = {other: (first, last) for other, first, last in look.rows(rows)}
        numbers = sorted(spans)
        for start in range(0, len(numbers), AT_ONCE):
            some = numbers[start : start + AT_ONCE]
            first, last = min(spans[one][0] for one in some), max(spans[one][1] for one in some)
            yield look.records().filter(
                condition, other_number__in=some, started_at__gte=first - within, started_at__lte=last + within
            )

    def sentence(self, alarm: Alarm) -> str:
        """Return how many calls there were."""
        if alarm.facts.get("pattern") == CALLER:
            text = ngettext(
                "One outside number rang briefly %(number)s time",
                "One outside number rang briefly %(number)s times",
                alarm.calls,
            )
        else:
            text = ngettext(
                "%(number)s short call with the same number", "%(number)s short calls with the same number", alarm.calls
            )
        return text % {"number": number(alarm.calls)}

    def in_words(self, parameters: Parameters) -> list[str]:
        """Return what is a burst."""
        words = {name: number(int(parameters.get(name, 0))) for name in ("calls", "minutes", "seconds")}
        least = _("at least %(calls)s calls of at most %(seconds)s s within %(minutes)s min") % words
        return [least, str(PATTERNS.get(str(parameters.get("pattern", PAIR)), ""))]


def bursts_in(calls: Sequence[CallRecord], within: timedelta, least: int, *, pair: bool) -> Iterator[list[CallRecord]]:
    """Yield the calls of each burst: so many, or to so many extensions, follow each other so quickly."""
    start, begun = 0, -1
    near: Counter[str] = Counter()
    for place, call in enumerate(calls):
        near[call.extension] += 1
        while call.started_at - calls[start].started_at > within:
            near -= Counter({calls[start].extension: 1})
            start += 1
        if begun < 0 and (near.total() if pair else len(near)) >= least:
            begun = start
        last = place + 1 == len(calls) or calls[place + 1].started_at - call.started_at > within
        if begun >= 0 and last:
            yield list(calls[begun : place + 1])
            begun = -1
