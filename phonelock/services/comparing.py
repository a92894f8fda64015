"""Compares the lines of phone systems with what they should be, and lets differences be put right both ways."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from phonelock.engines.base import EngineFault
from phonelock.models import EngineKind, EngineTurn, Happened, LineState, LockSetUp
from phonelock.services.telling import engine_for, enter

log = structlog.get_logger(__name__)
AFTER_FAULT = timedelta(minutes=1)
NAMED = 5


@dataclass(slots=True)
class Comparison:
    """What a comparison has found."""

    open_there: int = 0
    """Locked here, open on the phone system: being locked again."""
    locked_there: int = 0
    """Open here, barred on the phone system: being put back."""
    strange: tuple[str, ...] = ()
    """Numbers that are barred on the phone system without having been locked here."""


def compare_due() -> int:
    """Compare the phone systems whose time has come; return how many lines are to be put right."""
    now, found = timezone.now(), 0
    for set_up in LockSetUp.objects.select_related("phone_system").filter(engine=EngineKind.AXL):
        if claim(set_up, now):
            try:
                comparison = compare(set_up)
            except EngineFault:
                continue
            found += comparison.open_there + comparison.locked_there
    mend_call_control()
    return found


def claim(set_up: LockSetUp, now: datetime) -> bool:
    """Take the comparison that is due, and set the time of the next one; False when it is not due or another's."""
    EngineTurn.objects.get_or_create(phone_system=set_up.phone_system)
    due = EngineTurn.objects.filter(Q(compare_at=None) | Q(compare_at__lte=now), phone_system=set_up.phone_system)
    return bool(due.update(compare_at=now + timedelta(minutes=set_up.reconcile_minutes)))


def compare(set_up: LockSetUp) -> Comparison:
    """Compare all lines of a phone system; raises EngineFault, after having noted it in the set-up."""
    started = timezone.now()
    engine = engine_for(set_up.phone_system, set_up)
    mine = LockSetUp.objects.filter(pk=set_up.pk)
    try:
        barred = set(engine.locked_numbers()) if set_up.locked_css else set()
    except EngineFault as fault:
        log.warning("lines_not_compared", phone_system=set_up.phone_system_id, reason=str(fault))
        mine.update(fault=str(fault)[:300])
        turn = EngineTurn.objects.filter(phone_system=set_up.phone_system_id)
        turn.update(compare_at=timezone.now() + AFTER_FAULT)
        raise
    finally:
        engine.close()
    found = put_right(set_up, barred, started)
    mine.update(fault=strangers(found)[:300], reconciled_at=started)
    return found


def put_right(set_up: LockSetUp, barred: set[str], started: datetime) -> Comparison:
    """Let lines be worked on that are not as they should be; those that changed since then are left alone."""
    found = Comparison()
    rows = LineState.objects.filter(phone_system=set_up.phone_system_id).select_related("extension")
    known = set()
    for row in rows.iterator(2000):
        number = row.extension.number
        known.add(number)
        if row.due_at is not None or max(row.changed_at, row.confirmed_at or row.changed_at) >= started:
            continue
        if row.wanted and not (number in barred and row.applied):
            is_open = number not in barred
            found.open_there += make_due(row, applied=False, note=_("Found unlocked.") if is_open else "")
        elif not row.wanted and number in barred and "css" in (row.former or {}):
            found.locked_there += make_due(row, applied=True, note=_("Found locked."))
        elif not row.wanted:
            known.discard(number)
    found.strange = tuple(sorted(barred - known))
    return found


def make_due(row: LineState, *, applied: bool, note: str) -> int:
    """Let a line be worked on again, unless it was changed meanwhile; return 1 or 0."""
    former = {name: value for name, value in (row.former or {}).items() if name != "back"}
    with transaction.atomic():
        same = LineState.objects.filter(
            pk=row.pk, due_at=None, wanted=row.wanted, changed_at=row.changed_at, confirmed_at=row.confirmed_at
        )  # fmt: skip
        changed = same.update(applied=applied, due_at=timezone.now(), former=former or None, attempts=0)
        if changed and note:
            enter(row, Happened.RECONCILED, note)
    return changed


def strangers(found: Comparison) -> str:
    """Return a sentence on lines that somebody else has barred, '' for none."""
    if not found.strange:
        return ""
    return _(
        "These lines have the calling search space of locked lines, but were not locked here: %(numbers)s."
    ) % {"numbers": ", ".join(found.strange[:NAMED]) + (" …" if len(found.strange) > NAMED else "")}  # fmt: skip


def mend_call_control() -> None:
    """Let lines under call control be what is wanted: UCM asks, so nothing has to be told."""
    systems = LockSetUp.objects.filter(engine=EngineKind.CALL_CONTROL).values("phone_system")
    rows = LineState.objects.filter(phone_system__in=systems, due_at=None)
    rows.filter(wanted=True).exclude(applied=True).update(applied=True, confirmed_at=timezone.now())
    rows.filter(wanted=False, applied=True).update(applied=False, confirmed_at=timezone.now())
