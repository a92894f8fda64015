"""How Phone Lock stands with each phone system: one line of the set-up's list."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, F, Q
from django.utils.translation import gettext as _

from accounting.models import PhoneSystem
from phonelock.models import EngineKind, LineState, LockSetUp
from phonelock.services.findings import Light


@dataclass(frozen=True, slots=True)
class SystemState:
    """One phone system with what is shown of its locks."""

    system: PhoneSystem
    set_up: LockSetUp | None
    locked: int
    waiting: int
    """Lines that the phone system has not confirmed as they should be."""
    light: Light | None
    text: str

    @property
    def last(self) -> datetime | None:
        """When UCM has last asked, or was last compared."""
        if self.set_up is None:
            return None
        return self.set_up.asked_at if self.set_up.engine == EngineKind.CALL_CONTROL else self.set_up.reconciled_at


def states() -> list[SystemState]:
    """Return all phone systems; three queries."""
    set_ups = {one.phone_system_id: one for one in LockSetUp.objects.all()}
    open_work = Q(applied=None, wanted=True) | ~Q(applied=None) & ~Q(applied=F("wanted"))
    rows = LineState.objects.order_by().values_list("phone_system_id")
    counts = {
        system: (locked, waiting)
        for system, locked, waiting in rows.annotate(
            locked=Count("pk", filter=Q(wanted=True)), waiting=Count("pk", filter=open_work)
        )
    }
    return [state_of(one, set_ups.get(one.pk), *counts.get(one.pk, (0, 0))) for one in PhoneSystem.objects.all()]


def state_of(system: PhoneSystem, set_up: LockSetUp | None, locked: int, waiting: int) -> SystemState:
    """Return one phone system with its traffic light."""
    light, text = light_of(set_up, waiting)
    return SystemState(system, set_up, locked, waiting if light else 0, light, text)


def light_of(set_up: LockSetUp | None, waiting: int) -> tuple[Light | None, str]:
    """Return the traffic light of a set-up, and what it says."""
    if set_up is None or set_up.engine == EngineKind.NONE:
        return None, _("Not set up: locks bar nothing")
    if set_up.fault:
        return Light.BAD, set_up.fault
    if set_up.engine == EngineKind.CALL_CONTROL:
        return light_of_questions(set_up)
    if set_up.reconciled_at is None:
        return Light.WARNING, _("Not compared yet")
    if set_up.is_overdue:
        return Light.WARNING, _("The latest comparison is long ago")
    return (Light.WARNING, _("Lines wait for the phone system")) if waiting else (Light.GOOD, _("In order"))


def light_of_questions(set_up: LockSetUp) -> tuple[Light, str]:
    """Return the traffic light of call control."""
    if set_up.asked_at is None:
        return Light.BAD, _("UCM has never asked: locked lines can still call")
    if set_up.is_silent:
        return Light.WARNING, _("UCM has not asked for more than an hour")
    return Light.GOOD, _("In order")
