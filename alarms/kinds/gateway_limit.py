"""Gateways at their limit: simultaneous calls against channels (EX-4, EX-7)."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from django import forms
from django.db.models import BigIntegerField, F, Func
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounting.models import Gateway
from alarms.kinds.base import CannotLook, Finding, Kind, Parameters, ParametersForm, Subject
from alarms.kinds.lines import named_units
from alarms.kinds.looking import Look
from alarms.kinds.occasions import DAY, HOUR, QUARTER, Occasion, Occasions, merged
from alarms.kinds.reasons import NO_RIGHTS, WRONG_PARAMETERS
from alarms.models import Alarm
from callanalytics.templatetags.ui import number
from callanalytics.web.fields import RowsField

LONGEST_CALL = timedelta(hours=12)
"""UCM ends calls after so long by itself (Maximum Call Duration Timer)."""


class GatewayLimitForm(ParametersForm):
    """Asks which gateways are watched, and from which share of their channels on it is told."""

    percent = forms.IntegerField(
        label=gettext_lazy("From percent of the channels"), min_value=1, max_value=100, initial=90
    )
    within = forms.ChoiceField(
        label=gettext_lazy("Tell of a gateway"), initial=HOUR,
        choices=[(HOUR, gettext_lazy("once an hour")), (DAY, gettext_lazy("once a day"))],
    )  # fmt: skip
    gateways = RowsField(label=gettext_lazy("Gateways"), required=False, queryset=Gateway.objects.none())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        without = Gateway.objects.filter(channels=None).count()
        texts = [_("None chosen: all with a number of channels.")]
        if without:
            text = ngettext(
                "%(number)s gateway has no number of channels in the set-up and cannot be watched.",
                "%(number)s gateways have no number of channels in the set-up and cannot be watched.",
                without,
            )
            texts.append(text % {"number": number(without)})
        self.fields["gateways"].help_text = " ".join(texts)
        self.fields["gateways"].queryset = Gateway.objects.filter(channels__gt=0)  # type: ignore[attr-defined]


Taken = npt.NDArray[np.int64]
"""From when until just before when calls take a channel, in epoch seconds, one row each."""


class Epoch(Func):
    """A moment as whole epoch seconds: read in a fifth of the time that moments take."""

    arity, output_field = 1, BigIntegerField()
    template = "CAST(EXTRACT(EPOCH FROM %(expressions)s) AS bigint)"

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """Return the same for SQLite."""
        return self.as_sql(
            compiler, connection, template="CAST(strftime('%%%%s', %(expressions)s) AS integer)", **context
        )


class Peak(NamedTuple):
    """The load of a gateway in an hour or day in which it reached a level."""

    first: int
    """When, in epoch seconds."""
    most: int


class GatewayLimit(Kind):
    """Gateways whose channels are nearly or all taken, exact to the second from the records of calls."""

    slug = "gateway_limit"
    label = gettext_lazy("Gateway at its limit")
    description = gettext_lazy(
        "Tells when as many calls at the same time as a share of its channels go through a gateway."
    )
    icon = "gauge"
    form = GatewayLimitForm
    for_administrators = True

    def find(self, parameters: Parameters, look: Look) -> Iterator[Finding]:
        """Return a finding for each gateway and hour or day that arrivals touch and that reached the share."""
        if not look.owner.is_administrator:
            raise CannotLook(NO_RIGHTS)
        limits = limits_of(parameters)
        occasions = Occasions(str(parameters.get("within", HOUR)), look.zone)
        touched = None if look.is_trial else touched_by(look, limits, occasions)
        gateways = limits.keys() if touched is None else {gateway for some in touched.values() for gateway in some}
        for begin, end in [(look.since, look.now)] if touched is None else merged(touched):
            for gateway, calls in calls_in(look, gateways, begin, end).items():
                channels, level = limits[gateway]
                for occasion, peak in peaks(calls, level, occasions).items():
                    if touched is None or gateway in touched.get(occasion, ()):
                        first = datetime.fromtimestamp(peak.first, UTC)
                        yield Finding(
                            f"{gateway}:{occasion.name}", occasion.start, Subject(gateway_id=gateway),
                            until=occasion.end, known_at=first,
                            facts={"channels": channels, "most": peak.most, "reached": first.isoformat()},
                            query=hour_of(occasion, occasions),
                        )  # fmt: skip

    def sentence(self, alarm: Alarm) -> str:
        """Return how many of how many channels were taken, and since when."""
        most, channels = int(alarm.facts.get("most", 0)), int(alarm.facts.get("channels", 0))
        text = ngettext(
            "%(number)s call at the same time on %(channels)s channels",
            "%(number)s calls at the same time on %(channels)s channels",
            most,
        )
        return text % {"number": number(most), "channels": number(channels)}

    def in_words(self, parameters: Parameters) -> list[str]:
        """Return the share, and which gateways."""
        share = _("from %(percent)s %% of the channels on") % {"percent": number(int(parameters.get("percent", 0)))}
        chosen = list(parameters.get("gateways") or [])
        return [share, named_units(Gateway, chosen) if chosen else _("all gateways")]


def hour_of(occasion: Occasion, occasions: Occasions) -> str:
    """Return what narrows the report of calls of the day to the hour; '' where the occasion is the day."""
    return f"hour={occasion.start.astimezone(occasions.zone).hour}" if occasions.length == HOUR else ""


def limits_of(parameters: Parameters) -> dict[int, tuple[int, int]]:
    """Return the channels of each watched gateway, and how many calls are told; raises CannotLook."""
    watched, chosen = Gateway.objects.filter(channels__gt=0), set(parameters.get("gateways") or [])
    if chosen:
        watched = watched.filter(pk__in=chosen)
    channels = dict(watched.values_list("pk", "channels"))
    if chosen - channels.keys():
        raise CannotLook(WRONG_PARAMETERS)
    percent = int(parameters.get("percent", 90))
    return {pk: (count, -(-count * percent // 100)) for pk, count in channels.items() if count}


def touched_by(look: Look, limits: Collection[int], occasions: Occasions) -> dict[Occasion, set[int]]:
    """Return the hours or days in which calls that have arrived took channels, and of which gateways."""
    found: dict[Occasion, set[int]] = defaultdict(set)
    arrivals = look.arrivals().filter(carries_trunk=True, gateway_id__in=list(limits), ended_at__gt=F("started_at"))
    quarters = arrivals.order_by().values_list(
        "gateway_id", Epoch("started_at") / QUARTER, (Epoch("ended_at") - 1) / QUARTER
    )
    for gateway, first, last in look.rows(quarters.distinct()):
        for quarter in range(first, last + 1):
            found[occasions.of(datetime.fromtimestamp(quarter * QUARTER, UTC))].add(gateway)
    return found


def calls_in(look: Look, gateways: Collection[int], begin: datetime, end: datetime) -> dict[int, Taken]:
    """Return when channels of gateways were taken by calls that touch a time."""
    on_trunks = look.records().filter(carries_trunk=True, gateway_id__in=list(gateways), ended_at__gt=begin)
    rows = on_trunks.in_period(begin - LONGEST_CALL, end).order_by()
    found = look.rows(rows.values_list("gateway_id", Epoch("started_at"), Epoch("ended_at")))
    calls = np.fromiter(chain.from_iterable(found), np.int64).reshape(-1, 3)
    calls[:, 1:] = calls[:, 1:].clip(int(begin.timestamp()), int(end.timestamp()))
    return {int(gateway): calls[calls[:, 0] == gateway, 1:] for gateway in np.unique(calls[:, 0])}


def peaks(calls: Taken, level: int, occasions: Occasions) -> dict[Occasion, Peak]:
    """Return the hours or days in which at least so many calls went on at the same time."""
    # With these moments among them nothing lasts from one occasion into the next.
    quarters = np.arange(calls.min() // QUARTER, calls.max() // QUARTER + 1) * QUARTER
    moments = np.union1d(calls, quarters)
    began, ended = (np.bincount(np.searchsorted(moments, calls[:, side]), minlength=len(moments)) for side in (0, 1))
    going_on = np.cumsum(began - ended)
    moments, going_on = moments[going_on >= level], going_on[going_on >= level]
    found: dict[Occasion, Peak] = {}
    if not len(moments):
        return found
    _, firsts = np.unique(moments // QUARTER, return_index=True)
    for since, most in zip(moments[firsts], np.maximum.reduceat(going_on, firsts), strict=True):
        occasion = occasions.of(datetime.fromtimestamp(int(since), UTC))
        known = found.get(occasion, Peak(int(since), 0))
        found[occasion] = Peak(known.first, max(known.most, int(most)))
    return found
