"""The course of a call as a drawing: for each leg what happened when, all on one axis of clock times."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language_bidi
from django.utils.translation import gettext_lazy as _

from accounting.models import CallLeg

CONTINUED = {126, 393216}
"""Causes of legs that ended because their parties went on talking in another leg."""
PHASES: dict[str, str | Promise] = {
    "wait": _("In the queue"),
    "ring": _("Ringing"),
    "talk": _("Conversation"),
    "fail": _("No connection"),
}
STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200)
MOST_TICKS = 4
NARROWEST = 0.5
"""Per cent of the axis that the shortest phase is given, so that it is seen."""
EDGE = 9.0
"""Per cent at both ends of the axis where no clock time fits."""


@dataclass(frozen=True, slots=True)
class Phase:
    """A part of a leg: what happened, from when until when, and its place on the axis as per cent."""

    kind: str
    begins: datetime
    ends: datetime
    x: str
    width: str

    @property
    def label(self) -> str | Promise:
        """What happened."""
        return PHASES[self.kind]

    @property
    def seconds(self) -> int:
        """How long it took."""
        return round((self.ends - self.begins).total_seconds())


@dataclass(frozen=True, slots=True)
class Tick:
    """A clock time on the axis; without a label where it would be cut off."""

    x: str
    label: str


@dataclass(frozen=True, slots=True)
class Course:
    """One leg on the time line."""

    phases: list[Phase]
    continued: str
    """Where the leg ended by a transfer or conference, as per cent; '' when it did not."""


@dataclass(frozen=True, slots=True)
class TimeLine:
    """The axis that all legs of a call share."""

    start: datetime
    seconds: float
    rtl: bool

    @classmethod
    def of(cls, legs: Sequence[CallLeg]) -> "TimeLine":
        """Return the axis of these legs, from the first ringing to the last hanging up."""
        start = min(leg.originated_at for leg in legs)
        end = max(leg.disconnected_at for leg in legs)
        return cls(start, max(1.0, (end - start).total_seconds()), get_language_bidi())

    def course(self, leg: CallLeg) -> Course:
        """Return what happened in a leg."""
        split = {leg.orig_cause, leg.dest_cause} & CONTINUED
        return Course(
            [self._phase(kind, begins, ends) for kind, begins, ends in phases_of(leg)],
            self._x(self._share(leg.disconnected_at)) if split else "",
        )

    def ticks(self) -> list[Tick]:
        """Return round clock times of the reader's zone, at most a handful."""
        step = next((step for step in STEPS if self.seconds / step <= MOST_TICKS), STEPS[-1])
        local = timezone.localtime(self.start)
        midnight = local.hour * 3600 + local.minute * 60 + local.second + local.microsecond / 1e6
        first = -midnight % step
        clock = "%H:%M:%S" if step % 60 or self.seconds < 3600 else "%H:%M"
        found = []
        while first <= self.seconds:
            share = first / self.seconds * 100
            moment = timezone.localtime(self.start + timedelta(seconds=first))
            fits = EDGE <= share <= 100 - EDGE
            found.append(Tick(self._x(share), moment.strftime(clock) if fits else ""))
            first += step
        return found

    def _phase(self, kind: str, begins: datetime, ends: datetime) -> Phase:
        first = min(self._share(begins), 100 - NARROWEST)
        width = min(max(self._share(ends) - first, NARROWEST), 100 - first)
        return Phase(kind, begins, ends, self._x(first, width), f"{width:.2f}%")

    def _share(self, moment: datetime) -> float:
        return (moment - self.start).total_seconds() / self.seconds * 100

    def _x(self, share: float, width: float = 0) -> str:
        return f"{100 - share - width if self.rtl else share:.2f}%"


def phases_of(leg: CallLeg) -> list[tuple[str, datetime, datetime]]:
    """Return waiting, ringing and talking of a leg in their order; of a leg without a connection that it had none."""
    ringing_ends = leg.connected_at or leg.disconnected_at
    waited = min(leg.originated_at + timedelta(seconds=leg.queue_seconds), ringing_ends)
    found = [
        ("wait", leg.originated_at, waited),
        ("ring" if leg.connected_at else "fail", waited, ringing_ends),
        ("talk", ringing_ends, leg.disconnected_at),
    ]
    lasting = [phase for phase in found if phase[1] < phase[2]]
    return lasting or [("talk" if leg.connected_at else "fail", leg.originated_at, leg.disconnected_at)]


def kinds_in(courses: Sequence[Course]) -> list[tuple[str, str | Promise]]:
    """Return the kinds of phases that a drawing shows with their words, for its legend."""
    seen = {phase.kind for course in courses for phase in course.phases}
    return [(kind, label) for kind, label in PHASES.items() if kind in seen]
