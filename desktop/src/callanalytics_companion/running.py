"""The companion at work: takes events, keeps what is wanted, and tells the portal until it has heard it."""

import logging
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread

from callanalytics_companion.configuration import ConfigurationError
from callanalytics_companion.events import ENDINGS, Event, Source
from callanalytics_companion.folders import write_privately
from callanalytics_companion.outbox import Outbox
from callanalytics_companion.portal import Portal, Refused, Unreachable
from callanalytics_companion.switches import Switches

log = logging.getLogger("callanalytics_companion")
LOOK_EVERY = 30.0
"""Seconds between two looks whether somebody has locked by hand while the portal was away."""
FIRST_PAUSE, LONGEST_PAUSE = 2.0, 300.0
TOKEN_PAUSE = 3600.0
"""Seconds until a token that the portal did not accept is tried again."""
LAST_SECONDS = 3.0
"""How long the portal may take while the system waits to end the session."""
Connect = Callable[[], Portal]
"""Makes the portal anew for each attempt: a token may have been replaced meanwhile."""


class Companion:
    """One run of the companion, for one session."""

    def __init__(self, source: Source, switches: Switches, outbox: Outbox, connect: Connect, memory: Path) -> None:
        self.source = source
        self.switches = switches
        self.outbox = outbox
        self.connect = connect
        self.memory = memory
        self.events: SimpleQueue[tuple[Event, datetime] | None] = SimpleQueue()
        self.attempts = 0
        self.next_attempt = 0.0

    def run(self) -> None:
        """Work until the session or the companion is ended."""
        worker = Thread(target=self.work, name="companion")
        self.greet()
        worker.start()
        try:
            self.source.run(self.happened)
        finally:
            self.events.put(None)
            worker.join()

    def end(self) -> None:
        """End the run; may be called from a signal handler."""
        self.events.put(None)

    def happened(self, event: Event) -> None:
        """Take an event with its moment."""
        self.events.put((event, datetime.now(UTC)))

    def greet(self) -> None:
        """Take the start for a sign-in, unless the companion was only started again within the same session."""
        key = self.source.session_key()
        known = self.memory.read_text(encoding="utf-8") if self.memory.exists() else ""
        if not key or key != known:
            write_privately(self.memory, key)
            self.happened(Event.SIGN_IN)

    def work(self) -> None:
        """Deal with events one after the other, and with what could not be told yet."""
        try:
            while (event := self.next_event()) is not None:
                self.deal_with(event)
            if self.source.is_ending():
                self.deal_with((Event.SIGN_OUT, datetime.now(UTC)))
        finally:
            self.source.stop()

    def next_event(self) -> tuple[Event, datetime] | None:
        """Return the next event, None when the run ends; meanwhile try again what is due."""
        while True:
            try:
                return self.events.get(timeout=self.pause())
            except Empty:
                self.deliver()

    def pause(self) -> float:
        """Return the seconds until there is something to do without an event."""
        return min(LOOK_EVERY, max(0.05, self.next_attempt - time.monotonic())) if self.attempts else LOOK_EVERY

    def deal_with(self, occurrence: tuple[Event, datetime]) -> None:
        """Do what an event means, at once."""
        event, at = occurrence
        wish = self.switches.wish(event)
        log.info("%s%s", event, "" if wish is not None else " (its switch is off)")
        try:
            if wish is not None:
                self.outbox.put(locked=wish, at=at)
                self.next_attempt = 0
                self.deliver(LAST_SECONDS if event in ENDINGS else None)
        except OSError:
            log.exception("What is wanted could not be kept")
        if event in ENDINGS:
            self.source.settled()

    def deliver(self, timeout: float | None = None) -> None:
        """Tell the portal the newest wish, if one waits and it is time."""
        wish = self.outbox.pending()
        if wish is None:
            self.attempts = 0
            return
        if time.monotonic() < self.next_attempt:
            return
        try:
            applied = self.connect().say(wish, timeout)
        except (Unreachable, ConfigurationError) as why:
            self.attempts += 1
            self.put_off(max(getattr(why, "retry_after", 0), pause_after(self.attempts)))
            log.warning("The portal could not be told, it is tried again: %s", why)
        except Refused as why:
            self.refused(why)
            if why.status != 401:
                self.outbox.done(wish)
        else:
            self.attempts = 0
            self.outbox.done(wish)
            done = "locked" if wish.locked else "released"
            log.info("%s", f"Own lock: {done}." if applied else "The portal knows something newer; nothing changed.")

    def refused(self, why: Refused) -> None:
        """Say why the portal does not want to; only a dead token is worth another try."""
        log.error("The portal refuses: %s", why)
        self.attempts += 1
        self.put_off(TOKEN_PAUSE if why.status == 401 else 0)

    def put_off(self, seconds: float) -> None:
        """Try again later."""
        self.next_attempt = time.monotonic() + seconds


def pause_after(attempts: int) -> float:
    """Return the seconds until the next attempt: twice as many each time, scattered, five minutes at the most."""
    longest = min(FIRST_PAUSE * 2.0 ** min(attempts - 1, 10), LONGEST_PAUSE)
    return longest * random.uniform(0.5, 1)  # noqa: S311  (no secret)
