"""Tells phone systems which lines to bar, and believes only what they confirm; continues wherever it was cut off.

The rows of LineState are the queue: what is due is done, whoever was killed doing it. A line counts as open before
it is opened, and as locked after it was seen to be.
"""

import time
from datetime import timedelta
from functools import partial

import structlog
from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounting.models import PhoneSystem, User
from accounting.services.axl import Publisher
from phonelock.engines.axl import AxlEngine
from phonelock.engines.axl_client import AxlClient
from phonelock.engines.base import Engine, EngineFault, LineWork, wears_text
from phonelock.models import EngineKind, EngineTurn, Happened, LineState, LockEvent, LockSetUp
from phonelock.models.engines import Former, is_exchanged
from phonelock.services.locking import holders_of, settle
from phonelock.services.turns import Turn, TurnLostError, pause_after, take_turn
from phonelock.signals import lines_confirmed

log = structlog.get_logger(__name__)
LONGEST_RUN = 20.0
"""Seconds after which a worker makes room for other work and asks for another one."""
LINE_PAUSE = 1800.0
"""Seconds at most until a line is tried again that the phone system refuses."""
LONGEST_TEXT = 30


def tell_due() -> bool:
    """Work on all phone systems with lines that are due; return whether more is left to do at once."""
    due = LineState.objects.filter(due_at__lte=timezone.now())
    systems = list(due.order_by().values_list("phone_system_id", flat=True).distinct())
    left = [tell_safely(system) for system in systems]
    return any(left)


def tell_safely(phone_system: int) -> bool:
    """As `tell`; a fault of the product at one phone system must not stop the others."""
    try:
        return tell(phone_system)
    except DatabaseError:
        raise
    except Exception:
        log.exception("phone_system_not_told", phone_system=phone_system)
        return False


def tell(phone_system: int) -> bool:
    """Work on the lines of one phone system that are due, for some time; return whether more is left to do at once."""
    turn = take_turn(phone_system)
    if turn is None:
        pass_on_fault(phone_system)
        return False
    set_up = LockSetUp.objects.select_related("phone_system").filter(phone_system=phone_system).first()
    engine = engine_for(PhoneSystem.objects.get(pk=phone_system), set_up)
    try:
        return Teller(turn, engine, set_up).run()
    except TurnLostError:
        log.warning("turn_lost", phone_system=phone_system)
        return True
    finally:
        engine.close()
        turn.end()


def engine_for(system: PhoneSystem, set_up: LockSetUp | None) -> Engine:
    """Return what exchanges calling search spaces; where the set-up has another engine now, it only puts back."""
    publisher = Publisher.of(system)
    if set_up is None:
        return AxlEngine(AxlClient(publisher, LockSetUp._meta.get_field("axl_schema").default), "", "")
    client = AxlClient(publisher, set_up.axl_schema)
    return AxlEngine(client, set_up.route_partition, set_up.locked_css)


def pass_on_fault(phone_system: int) -> None:
    """Let lines that wait for a phone system say why."""
    turn = EngineTurn.objects.filter(phone_system=phone_system, paused_until__gt=timezone.now()).first()
    if turn is not None and turn.fault:
        explain(phone_system, turn.fault)


def explain(phone_system: int, text: str) -> None:
    """Note on all lines that are due why nothing has happened yet."""
    due = LineState.objects.filter(phone_system=phone_system, due_at__lte=timezone.now())
    due.exclude(error=text).update(error=text)


class Teller:
    """One worker's turn at one phone system."""

    def __init__(self, turn: Turn, engine: Engine, set_up: LockSetUp | None) -> None:
        """Take the turn, the engine, and the set-up as it is now."""
        self.turn, self.engine, self.set_up = turn, engine, set_up
        self.bars = set_up is not None and set_up.engine == EngineKind.AXL

    def run(self) -> bool:
        """Work on one line after the other; return whether there are more. Raises TurnLostError."""
        end, count = time.monotonic() + LONGEST_RUN, 0
        while (row := self.next_line(count)) is not None:
            if time.monotonic() > end:
                return True
            try:
                self.work_on(row)
            except EngineFault as fault:
                self.enter_fault(row, fault)
                if fault.concerns_all:
                    return False
            else:
                self.turn.succeed()
            count += 1
        return False

    def next_line(self, count: int) -> LineState | None:
        """Claim a line that is due: in turn the latest, so that nobody waits for a large change, and the oldest."""
        due = LineState.objects.filter(phone_system=self.turn.phone_system, due_at__lte=timezone.now())
        row = due.select_related("extension").order_by("due_at" if count % 2 else "-due_at", "pk").first()
        if row is not None:
            self.turn.renew()
            LineState.objects.filter(pk=row.pk).update(working_until=self.turn.until)
            row.refresh_from_db(fields=["wanted", "applied", "due_at", "former", "attempts"])
        return row

    def mine(self, row: LineState) -> QuerySet[LineState]:
        """Return the row while the turn is held."""
        return LineState.objects.filter(pk=row.pk, working_until=self.turn.until)

    def unchanged(self, row: LineState) -> QuerySet[LineState]:
        """Return the row while nobody has given the line, or its phone system, other orders: those make it due anew."""
        return self.mine(row).filter(due_at=row.due_at)

    def work_on(self, row: LineState) -> None:
        """Bring one line to what is wanted; raises EngineFault, TurnLostError."""
        line = LineWork(row.extension.number, row.former or {}, partial(self.keep, row))
        if self.bars and row.wanted:
            if not row.applied:
                self.engine.lock(line)
                self.confirm_lock(row)
        elif not self.bars or self.opens(row):
            was_barred = is_exchanged(line.former)
            as_it_was = self.engine.release(line)
            self.confirm_release(row, told=was_barred, as_it_was=as_it_was)
        self.write_text(row, line)
        self.unchanged(row).update(due_at=None, attempts=0, error="")

    def keep(self, row: LineState, former: Former) -> None:
        """Store what a line had, before its next change; raises TurnLostError."""
        before = self.turn.until
        self.turn.renew()
        mine = LineState.objects.filter(pk=row.pk, working_until=before)
        if not mine.update(former=former, working_until=self.turn.until):
            raise TurnLostError

    def opens(self, row: LineState) -> bool:
        """Let a line count as open from now on; False when it was locked anew meanwhile."""
        return bool(self.mine(row).filter(wanted=False).update(applied=None))

    def confirm_lock(self, row: LineState) -> None:
        """Store that the line is barred, unless that was asked for under another set-up; raises TurnLostError."""
        now = timezone.now()
        with transaction.atomic():
            barred = self.mine(row).filter(Q(due_at=row.due_at) | Q(wanted=False))
            barred.update(applied=True, confirmed_at=now)
            if not self.mine(row).exists():
                raise TurnLostError
            enter(row, Happened.TOLD)
        lines_confirmed.send_robust(sender=LineState, extensions=[row.extension_id])

    def confirm_release(self, row: LineState, *, told: bool, as_it_was: bool) -> None:
        """Store that this engine does not bar the line any more; raises TurnLostError."""
        now = timezone.now()
        with transaction.atomic():
            if self.bars:
                freed = self.mine(row).update(applied=False, confirmed_at=now)
            else:
                # Call control bars what is wanted, now that nothing else does.
                self.unchanged(row).update(applied=F("wanted"), confirmed_at=now)
                freed = self.mine(row).count()
            if not freed:
                raise TurnLostError
            if told and as_it_was:
                enter(row, Happened.TOLD)
            elif told:
                enter(row, Happened.RECONCILED, _("Somebody had changed its calling search space: that was kept."))
        lines_confirmed.send_robust(sender=LineState, extensions=[row.extension_id])

    def write_text(self, row: LineState, line: LineWork) -> None:
        """Let the phones of a line show that it is locked, or no longer; raises EngineFault, TurnLostError."""
        row.refresh_from_db(fields=["wanted", "applied"])
        shows = bool(self.bars and self.set_up and self.set_up.line_text)
        if shows and row.wanted and row.applied:
            self.engine.show(line, text_for(row))
        elif wears_text(line.former) and not (shows and row.wanted):
            self.engine.hide(line)

    def enter_fault(self, row: LineState, fault: EngineFault) -> None:
        """Note on the line, and where it concerns all on the phone system, why nothing came of it."""
        text = str(fault)[:300]
        log.warning("line_not_told", phone_system=self.turn.phone_system, line=row.extension_id, reason=text)
        later = 0.0
        if fault.concerns_all:
            self.turn.pause(fault)
            explain(self.turn.phone_system, text)
        else:
            later = pause_after(row.attempts, fault.wait, LINE_PAUSE)
        with transaction.atomic():
            due_at = timezone.now() + timedelta(seconds=later)
            self.mine(row).update(attempts=F("attempts") + 1, error=text, due_at=due_at)
            if not row.attempts:
                enter(row, Happened.FAILED, text)


def text_for(row: LineState) -> str:
    """Return what stands beside a locked line, in the language of who holds it."""
    holder = User.objects.filter(pk__in=holders_of([row.extension_id]).values()).first()
    with translation.override((holder and holder.language) or settings.LANGUAGE_CODE):
        return (_("%(number)s locked") % {"number": row.extension.number})[:LONGEST_TEXT]


def enter(row: LineState, kind: Happened, note: str = "") -> None:
    """Add a line to the history of the line."""
    LockEvent.objects.create(
        kind=kind, extension_id=row.extension_id, number=row.extension.number, locked=row.wanted, note=note[:200],
        person_id=holders_of([row.extension_id]).get(row.extension_id),
    )  # fmt: skip


def settle_anew(phone_system: int) -> None:
    """Begin anew with all lines of a phone system whose set-up was changed or taken away.

    Nothing counts as confirmed by an engine that was not asked; what another engine has exchanged is put back.
    """
    now = timezone.now()
    set_up = LockSetUp.objects.filter(phone_system=phone_system).first()
    engine = set_up.engine if set_up else EngineKind.NONE
    with transaction.atomic():
        rows = LineState.objects.filter(phone_system=phone_system).filter(Q(wanted=True) | Q(former__isnull=False))
        changed = list(rows.select_for_update().order_by("pk"))
        for row in changed:
            exchanged = is_exchanged(row.former)
            row.attempts, row.error = 0, ""
            if engine == EngineKind.AXL:
                row.applied = None if row.wanted else exchanged
                row.due_at = now if row.wanted or exchanged else None
            else:
                settle(row, engine, now)
        LineState.objects.bulk_update(
            changed, ["attempts", "error", "applied", "confirmed_at", "due_at"], batch_size=500
        )  # fmt: skip
