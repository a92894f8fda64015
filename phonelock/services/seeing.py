"""The state of lines as people see it: reasons, until when, and whether the phone system has confirmed it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from accounting.models import Extension, User
from phonelock.models import EngineKind, LineState, LineStatus, Lock, LockSetUp, Reason
from phonelock.models.engines import is_exchanged
from phonelock.services.locking import lines_of


@dataclass(slots=True)
class LineView:
    """One line with everything that is shown of its lock."""

    extension: Extension
    engine: str
    status: LineStatus
    reasons: list[Lock] = field(default_factory=list)
    """Those that hold, in the order of Reason."""
    error: str = ""
    """Why the phone system has not confirmed it yet."""

    @property
    def is_locked(self) -> bool:
        """Whether any reason holds."""
        return bool(self.reasons)

    def reason(self, reason: Reason) -> Lock | None:
        """Return the reason if it holds."""
        return next((one for one in self.reasons if one.reason == reason), None)

    @property
    def own(self) -> Lock | None:
        """The person's own lock."""
        return self.reason(Reason.SELF)

    @property
    def administration(self) -> Lock | None:
        """The administration's lock."""
        return self.reason(Reason.ADMINISTRATION)

    @property
    def until(self) -> datetime | None:
        """When the last reason ends by itself; None when one of them does not, or none holds."""
        ends = [one.until for one in self.reasons]
        return max(one for one in ends if one) if ends and all(ends) else None


def lines_held_by(person: User) -> list[LineView]:
    """Return what is shown of the lines that a person holds now; some queries."""
    return views_of(Extension.objects.filter(pk__in=lines_of([person.pk])).order_by("number", "pk"))


def views_of(extensions: Iterable[Extension]) -> list[LineView]:
    """Return what is shown of each of these lines; three queries for any number of them."""
    lines = list(extensions)
    ids = [line.pk for line in lines]
    # Not the secrets: each would be decrypted.
    set_ups = LockSetUp.objects.only("phone_system_id", "engine", "asked_at")
    engines = {one.phone_system_id: one.barring_engine for one in set_ups}
    states = {one.extension_id: one for one in LineState.objects.filter(extension__in=ids)}
    order = {reason: place for place, reason in enumerate(Reason.values)}
    reasons: dict[int, list[Lock]] = {}
    for one in Lock.objects.in_force().filter(extension__in=ids):
        reasons.setdefault(one.extension_id, []).append(one)
    return [
        view_of(
            line,
            engines.get(line.phone_system_id, EngineKind.NONE),
            states.get(line.pk),
            sorted(reasons.get(line.pk, []), key=lambda one: order[one.reason]),
        )
        for line in lines
    ]


def view_of(line: Extension, engine: str, state: LineState | None, reasons: list[Lock]) -> LineView:
    """Return what is shown of one line."""
    status = LineStatus.OPEN
    if state and state.wanted and not reasons:
        # Over, and nobody has cleared it away yet: call control lets calls pass from that moment on.
        status = LineStatus.OPENING if engine == EngineKind.AXL or is_exchanged(state.former) else LineStatus.OPEN
    elif state:
        status = state.status(engine)
    return LineView(line, engine, status, reasons, state.error if state else "")
