"""The log of refused calls and the pulse of the phone systems that ask: written beside the answers, in batches."""

import atexit
import logging
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event, Thread
from threading import Lock as Mutex

from django.db import DatabaseError, InterfaceError, connection, transaction
from django.utils import timezone

from accounting.querysets.validity import member_rows
from phonelock.models import LockSetUp, RefusedCall
from phonelock.services.locking import holders_of

log = logging.getLogger(__name__)
MOST_WAITING = 20_000
"""Refused calls that a process keeps while the database is away; later ones are counted and told in the log."""
BATCH_SECONDS = 0.3
LONGEST_PAUSE = 5.0
LAST_SECONDS = 3.0
"""For writing what is left when the process ends."""
SAME_CALL = timedelta(seconds=1)
"""UCM may ask twice about one call, at two processes of the portal."""
PULSE_SECONDS = 30.0
Units = tuple[int | None, int | None, int | None]
Pulse = tuple[int, str]
"""A set-up, and the key in the address that was asked."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One refused call, as it is noted while UCM waits."""

    at: datetime
    phone_system_id: int
    extension_id: int
    number: str
    called: str
    device_name: str
    reasons: tuple[str, ...]

    @property
    def call(self) -> tuple[int, str]:
        """What tells two calls apart that are refused at the same time."""
        return self.extension_id, self.called


class RefusalLog:
    """Keeps what is noted until a thread of its own has written it."""

    def __init__(self) -> None:
        """Start no thread yet: a server may still divide into processes."""
        self._waiting: deque[Refusal] = deque()
        self._pulses: dict[Pulse, datetime] = {}
        self._pulsed: dict[Pulse, float] = {}
        self._dropped = 0
        self._news, self._ending = Event(), Event()
        self._thread: Thread | None = None
        self._starting = Mutex()

    def note(self, refusal: Refusal) -> None:
        """Keep a refused call to be written within half a second, or as soon as the database is there."""
        if len(self._waiting) >= MOST_WAITING:
            self._dropped += 1
            return
        self._waiting.append(refusal)
        self._wake()

    def asked(self, set_up_id: int, key: str) -> None:
        """Keep that a phone system has asked at the address with this key, once in half a minute."""
        now, pulse = time.monotonic(), (set_up_id, key)
        if now - self._pulsed.get(pulse, -PULSE_SECONDS) >= PULSE_SECONDS:
            self._pulsed[pulse] = now
            self._pulses[pulse] = timezone.now()
            self._wake()

    def finish(self) -> None:
        """Write what is left; what cannot be written in some seconds is told in the log."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._ending.set()
            self._news.set()
            thread.join(LAST_SECONDS)
            self._ending.clear()
        lost = len(self._waiting) + self._dropped
        if lost:
            log.error("%s refused calls could not be entered in the log: the database does not answer", lost)
        self._waiting.clear()
        self._pulses.clear()
        self._pulsed.clear()
        self._dropped = 0

    def _wake(self) -> None:
        if self._thread is None:
            with self._starting:
                if self._thread is None:
                    self._thread = Thread(target=self._work, name="refused-calls", daemon=True)
                    self._thread.start()
                    atexit.register(self.finish)
        self._news.set()

    def _work(self) -> None:
        pause = 0.0
        while not self._ending.is_set():
            self._news.wait()
            self._ending.wait(BATCH_SECONDS + pause)
            self._news.clear()
            pause = 0.0 if self._write() else min(LONGEST_PAUSE, pause * 2 + 0.5)
            if pause:
                self._news.set()
        connection.close()

    def _write(self) -> bool:
        batch, pulses = list(self._waiting), dict(self._pulses)
        try:
            write_refusals(batch)
            for pulse, moment in pulses.items():
                write_pulse(pulse, moment)
        except (DatabaseError, InterfaceError) as error:
            log.warning("%s refused calls wait for the database: %s", len(batch), type(error).__name__)
            connection.close()
            return False
        for _written in batch:
            self._waiting.popleft()
        for pulse in pulses:
            self._pulses.pop(pulse, None)
        if self._dropped:
            log.error(
                "%s refused calls were not entered in the log: too many while the database was away", self._dropped
            )
            self._dropped = 0
        return True


def write_pulse(pulse: Pulse, moment: datetime) -> None:
    """Enter when a phone system has asked; not at an address that is worthless by now."""
    set_up_id, key = pulse
    set_up = LockSetUp.objects.filter(pk=set_up_id).first()
    if set_up is not None and set_up.call_control_key == key:
        LockSetUp.objects.filter(pk=set_up_id).update(asked_at=moment)


def write_refusals(batch: Iterable[Refusal]) -> None:
    """Enter refused calls in the log with the holder and the units of this moment, each call once."""
    found = sorted(batch, key=lambda one: one.at)
    if not found:
        return
    with transaction.atomic():
        # Processes that were asked about the same call take turns.
        systems = {one.phone_system_id for one in found}
        list(LockSetUp.objects.select_for_update().filter(phone_system__in=systems).order_by("pk").values_list("pk"))
        fresh = without_repeats(found)
        holders = holders_of({one.extension_id for one in fresh})
        units = units_of(set(holders.values()))
        RefusedCall.objects.bulk_create([row_of(one, holders.get(one.extension_id), units) for one in fresh])


def without_repeats(batch: list[Refusal]) -> list[Refusal]:
    """Return the refusals, in order of time, that no other one or row names within a second."""
    rows = RefusedCall.objects.filter(
        at__gte=batch[0].at - SAME_CALL, at__lte=batch[-1].at + SAME_CALL,
        extension__in={one.extension_id for one in batch},
    )  # fmt: skip
    moments: dict[tuple[int | None, str], list[datetime]] = {}
    for extension, called, moment in rows.values_list("extension_id", "called", "at"):
        moments.setdefault((extension, called), []).append(moment)
    fresh = []
    for one in batch:
        known = moments.setdefault(one.call, [])
        if all(abs(one.at - moment) > SAME_CALL for moment in known[-10:]):
            known.append(one.at)
            fresh.append(one)
    return fresh


def units_of(people: set[int]) -> dict[int, Units]:
    """Return department, cost centre and office of these people at present."""
    rows = member_rows().filter(user_id__in=people).order_by("pk")
    found: dict[int, Units] = {}
    for user, *units in rows.values_list("user_id", "department_id", "cost_centre_id", "office_id"):
        known = found.get(user, (None, None, None))
        found[user] = (units[0] or known[0], units[1] or known[1], units[2] or known[2])
    return found


def row_of(one: Refusal, holder: int | None, units: dict[int, Units]) -> RefusedCall:
    """Return the row of a refused call."""
    department, cost_centre, office = units.get(holder or 0, (None, None, None))
    return RefusedCall(
        at=one.at, phone_system_id=one.phone_system_id, extension_id=one.extension_id, number=one.number,
        user_id=holder, department_id=department, cost_centre_id=cost_centre, office_id=office,
        called=one.called, device_name=one.device_name, reasons=list(one.reasons),
    )  # fmt: skip


REFUSALS = RefusalLog()
