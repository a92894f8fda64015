"""An extension's traffic far above its own history (EX-7)."""

from collections.abc import Collection, Iterator
from datetime import date, timedelta
from decimal import Decimal
from statistics import median
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.db.models import BigIntegerField, ExpressionWrapper, F, Q, QuerySet, Sum
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounting.models import Direction, ExtensionDay, Outcome
from accounting.models import Kind as Network
from alarms.kinds.base import CannotLook, Finding, Kind, Parameters, ParametersForm, Subject
from alarms.kinds.looking import Look
from alarms.kinds.occasions import midnight
from alarms.kinds.reasons import WRONG_PARAMETERS
from alarms.kinds.spending import in_scope
from alarms.models import Alarm
from callanalytics.templatetags.ui import money_as_text, number

CALLS, MINUTES, COST = "calls", "minutes", "cost"
MEASURES: dict[str, str | Promise] = {
    CALLS: gettext_lazy("calls"), MINUTES: gettext_lazy("minutes of talk time"), COST: gettext_lazy("cost"),
}  # fmt: skip
SUMS = {
    CALLS: Sum("calls"),
    MINUTES: Sum("talk_seconds"),
    COST: Sum(ExpressionWrapper(F("cost"), output_field=BigIntegerField())),
}
UNITS = {CALLS: 1, MINUTES: 60, COST: 1_000_000}
"""How much of what the totals have is one of what people read."""
HISTORY = timedelta(weeks=8)
SPREADS, NORMAL = 3, 1.4826
"""A value is far off from three median deviations on, scaled as the standard one of a bell curve."""
MOST_LINES = 5_000
A_DAY = timedelta(days=1)


class UnusualForm(ParametersForm):
    """Asks what is compared, and from which factor on it is unusual."""

    measure = forms.ChoiceField(label=gettext_lazy("Compare"), choices=list(MEASURES.items()), initial=CALLS)
    factor = forms.DecimalField(
        label=gettext_lazy("Unusual from"), min_value=Decimal("1.5"), max_value=1000, decimal_places=1,
        initial=Decimal(4),
        help_text=gettext_lazy(
            "Times what is usual for the extension: the middle of its days with calls in the last eight weeks. "
            "Extensions whose days differ much need more."
        ),
    )  # fmt: skip
    minimum = forms.DecimalField(
        label=gettext_lazy("But only from"), min_value=1, max_value=1_000_000, decimal_places=2, initial=Decimal(40),
        help_text=gettext_lazy("Calls, minutes or units of the currency in a day; below, nothing is told."),
    )  # fmt: skip


class Line(NamedTuple):
    """One extension, of costs those in one currency."""

    system: int
    extension: str
    currency: str


class Unusual(Kind):
    """Extensions whose outgoing calls to the public network on a day are far above their own history."""

    slug = "unusual"
    label = gettext_lazy("Unusual traffic")
    description = gettext_lazy(
        "Tells when an extension has far more outgoing calls, minutes or costs on a day than it usually has, "
        "as after a break-in into its voicemail or phone."
    )
    icon = "trending-up"
    form = UnusualForm

    def find(self, parameters: Parameters, look: Look) -> Iterator[Finding]:
        """Return a finding for each extension and day that arrivals touch and that is unusual so far."""
        try:
            measure, factor = str(parameters["measure"]), float(parameters["factor"])
            minimum = int(Decimal(parameters["minimum"]) * UNITS[measure])
        except (KeyError, ValueError, ArithmeticError) as error:
            raise CannotLook(WRONG_PARAMETERS) from error
        touched = touched_days(look)
        days = {day for _system, _extension, day in touched} if touched is not None else trial_days(look)
        if not days:
            return
        lines = {extension for _system, extension, _day in touched} if touched is not None else None
        high = values_of(look, measure, lines, min(days), max(days) + A_DAY, minimum)
        found = {
            (line, day) for line, values in high.items() for day in values
            if touched is None or (line.system, line.extension, day) in touched
        }  # fmt: skip
        history = values_of(
            look, measure, {line.extension for line, _day in found}, min(days) - HISTORY, max(days) + A_DAY
        )
        for line, day in sorted(found, key=lambda pair: (pair[1], pair[0])):
            before = [value for one, value in history.get(line, {}).items() if day - HISTORY <= one < day and value > 0]
            usual, value = (median(before) if before else 0), high[line][day]
            if value >= usual * factor and value >= usual + SPREADS * NORMAL * spread(before, usual):
                yield finding(look, line, day, measure, value, usual)

    def sentence(self, alarm: Alarm) -> str:
        """Return what the day had, and what is usual."""
        facts, usual = alarm.facts, Decimal(str(alarm.facts.get("usual", 0)))
        value, measure = Decimal(str(facts.get("value", 0))), str(facts.get("measure", CALLS))
        words = {"value": amount_in_words(value, measure, alarm.currency)}
        if not usual:
            return _("%(value)s on one day, without any in the eight weeks before") % words
        return _("%(value)s on one day, usual are %(usual)s") % {
            **words, "usual": amount_in_words(usual, measure, alarm.currency, bare=True),
        }  # fmt: skip

    def in_words(self, parameters: Parameters) -> list[str]:
        """Return what is compared, and from when on it is unusual."""
        words = {
            "factor": number(Decimal(str(parameters.get("factor", 0)))),
            "minimum": number(Decimal(str(parameters.get("minimum", 0)))),
        }
        measure = MEASURES.get(str(parameters.get("measure", CALLS)), "")
        return [str(measure), _("%(factor)s times the usual, from %(minimum)s a day on") % words]


def trial_days(look: Look) -> set[date]:
    """Return the first and the last whole day of a trial."""
    zone = ZoneInfo(settings.TIME_ZONE)
    return {look.since.astimezone(zone).date() + A_DAY, look.now.astimezone(zone).date()}


def touched_days(look: Look) -> set[tuple[int, str, date]] | None:
    """Return the lines and days of the organisation's zone of which outgoing calls have arrived; None: all."""
    if look.is_trial:
        return None
    zone = ZoneInfo(settings.TIME_ZONE)
    arrivals = look.arrivals().filter(direction=Direction.OUTGOING, kind=Network.PUBLIC).exclude(extension="")
    rows = look.rows(arrivals.order_by().values_list("phone_system_id", "extension", "started_at"))
    return {(system, extension, started.astimezone(zone).date()) for system, extension, started in rows}


def values_of(
    look: Look, measure: str, extensions: Collection[str] | None, first: date, end: date, minimum: int | None = None
) -> dict[Line, dict[date, int]]:
    """Return the sums of each line (None: of all) and day, only those from a minimum on if one is given."""
    rows: QuerySet[ExtensionDay, Any] = ExtensionDay.objects.filter(
        in_scope(look.owner), direction=Direction.OUTGOING, kind=Network.PUBLIC, outcome=Outcome.ANSWERED,
        day__gte=first, day__lt=end,
    )  # fmt: skip
    if extensions is not None and len(extensions) <= MOST_LINES:
        rows = rows.filter(extension__among=sorted(extensions))
    names = ["phone_system_id", "extension", "day", *(["currency"] if measure == COST else [])]
    sums = rows.order_by().values_list(*names).annotate(value=SUMS[measure])
    if minimum is not None:
        sums = sums.filter(value__gte=minimum)
    found: dict[Line, dict[date, int]] = {}
    for system, extension, day, *rest in look.rows(sums):
        currency = rest[0] if measure == COST else ""
        found.setdefault(Line(system, extension, currency), {})[day] = int(rest[-1])
    return found


def spread(values: Collection[int], middle: float) -> float:
    """Return the median distance from the middle."""
    return float(median(abs(value - middle) for value in values)) if values else 0.0


def finding(look: Look, line: Line, day: date, measure: str, value: int, usual: float) -> Finding:
    """Return what is raised about a day; the person is that of the day's last call."""
    zone = ZoneInfo(settings.TIME_ZONE)
    begin, end = midnight(day, zone), midnight(day + A_DAY, zone)
    owners = (
        look.records()
        .filter(Q(extension=line.extension, phone_system_id=line.system, direction=Direction.OUTGOING))
        .in_period(begin, end)
    )
    last = owners.order_by("-started_at").values_list("user_id", "department_id", "cost_centre_id", "office_id").first()
    units: Any = dict(zip(("user_id", "department_id", "cost_centre_id", "office_id"), last or (), strict=False))
    shown = [f"{round(Decimal(one) / UNITS[measure], 2).normalize():f}" for one in (value, usual)]
    return Finding(
        f"{line.system}:{line.extension}:{line.currency}:{day.isoformat()}", begin,
        Subject(line.system, line.extension, **units), until=end, calls=value if measure == CALLS else 0,
        amount=Decimal(value).scaleb(-6) if measure == COST else None, currency=line.currency,
        facts={"measure": measure, "value": shown[0], "usual": shown[1]},
        query="direction=outgoing&kind=public&outcome=answered", known_at=min(end, look.now),
    )  # fmt: skip


def amount_in_words(value: Decimal, measure: str, currency: str, *, bare: bool = False) -> str:
    """Return a number of calls or minutes, or an amount; bare without what is counted."""
    if measure == COST:
        return money_as_text(value, currency)
    shown = int(value) if value == int(value) else round(value, 1)
    if bare:
        return str(number(shown))
    text = (
        ngettext("%(number)s outgoing call", "%(number)s outgoing calls", int(value))
        if measure == CALLS
        else ngettext("%(number)s minute of outgoing calls", "%(number)s minutes of outgoing calls", int(value))
    )
    return text % {"number": number(shown)}
