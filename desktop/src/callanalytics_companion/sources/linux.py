"""Linux: systemd's logind tells of locking, sign-out and shutdown; screen savers tell of locking where it does not."""

import logging
import os
import time
from collections import deque
from pathlib import Path
from threading import Event as Flag
from threading import Lock, Thread
from typing import Any

from jeepney import DBusAddress, DBusErrorResponse, MatchRule, Message, MessageType, message_bus, new_method_call
from jeepney.io.blocking import DBusConnection, Proxy, open_dbus_connection
from jeepney.low_level import HeaderFields

from callanalytics_companion.events import Event, Tell

log = logging.getLogger("callanalytics_companion")
LOGIND = "org.freedesktop.login1"
MANAGER = f"{LOGIND}.Manager"
SESSION = f"{LOGIND}.Session"
PROPERTIES = "org.freedesktop.DBus.Properties"
MANAGER_PATH = "/org/freedesktop/login1"
SAVERS = {
    "org.freedesktop.ScreenSaver", "org.gnome.ScreenSaver", "org.cinnamon.ScreenSaver", "org.mate.ScreenSaver",
}  # fmt: skip
SECONDS = 5.0
RETRY_SECONDS = 5.0


class LinuxSource:
    """Listens on the system's bus to logind, and on the session's bus to screen savers."""

    def __init__(self) -> None:
        self.ended = Flag()
        self.guard = Lock()
        self.is_locked: bool | None = None
        self.inhibitor: Any = None
        self.tell: Tell = lambda event: None

    def run(self, tell: Tell) -> None:
        """Tell events until stop()."""
        self.tell = tell
        for name, listen in (("logind", self.hear_logind), ("screen saver", self.hear_savers)):
            Thread(target=self.keep, args=(name, listen), name=name, daemon=True).start()
        self.ended.wait()

    def stop(self) -> None:
        """Let run() return."""
        self.ended.set()
        self.settled()

    def settled(self) -> None:
        """Let a shutdown go on."""
        with self.guard:
            if self.inhibitor is not None:
                self.inhibitor.close()
                self.inhibitor = None

    def session_key(self) -> str:
        """Return the boot and logind's name of the session."""
        try:
            boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
            with open_dbus_connection("SYSTEM") as bus:
                return f"{boot}:{session_path(bus)}"
        except (OSError, DBusErrorResponse, KeyError, TimeoutError):
            return ""

    def is_ending(self) -> bool:
        """Return whether the session is closing or gone, or the system goes down."""
        try:
            with open_dbus_connection("SYSTEM") as bus:
                if get(bus, MANAGER_PATH, MANAGER, "PreparingForShutdown"):
                    return True
                path = session_path(bus)
                return path is None or get(bus, path, SESSION, "State") == "closing"
        except DBusErrorResponse as error:
            return "NoSuch" in error.name or "UnknownObject" in error.name
        except (OSError, KeyError, TimeoutError):
            return False

    def keep(self, name: str, listen: Any) -> None:
        """Listen, and again when the bus was away."""
        while not self.ended.is_set():
            try:
                listen()
            except (OSError, KeyError, TimeoutError, DBusErrorResponse) as error:
                log.debug("No word from %s: %s", name, error)
            time.sleep(RETRY_SECONDS)

    def hear_logind(self) -> None:
        """Listen to logind until the bus goes away."""
        with open_dbus_connection("SYSTEM", enable_fds=True) as bus:
            path = session_path(bus)
            rules = [
                MatchRule(type="signal", interface=MANAGER, member="PrepareForShutdown"),
                MatchRule(type="signal", interface=MANAGER, member="SessionRemoved"),
                MatchRule(type="signal", interface=PROPERTIES, member="PropertiesChanged", path_namespace=MANAGER_PATH),
            ]
            with listening(bus, rules) as heard:
                self.hold_shutdown(bus)
                if path is not None:
                    self.locked(bool(get(bus, path, SESSION, "LockedHint")), is_first=True)
                while True:
                    self.take(bus, bus.recv_until_filtered(heard), path)

    def take(self, bus: DBusConnection, signal: Message, path: str | None) -> None:
        """Tell what a signal of logind means for the own session."""
        member, body = signal.header.fields[HeaderFields.member], signal.body
        if member == "PrepareForShutdown":
            if body[0]:
                self.tell(Event.SHUTDOWN)
            else:  # it was called off
                self.hold_shutdown(bus)
                self.tell(Event.SIGN_IN)
        elif member == "SessionRemoved" and body[1] == path:
            self.tell(Event.SIGN_OUT)
        elif member == "PropertiesChanged" and signal.header.fields[HeaderFields.path] == path:
            if "LockedHint" in body[1]:
                self.locked(bool(body[1]["LockedHint"][1]))
            elif "LockedHint" in body[2] and path is not None:
                self.locked(bool(get(bus, path, SESSION, "LockedHint")))

    def hear_savers(self) -> None:
        """Listen to screen savers until the bus goes away."""
        with open_dbus_connection("SESSION") as bus:
            rule = MatchRule(type="signal", member="ActiveChanged")
            with listening(bus, [rule]) as heard:
                while True:
                    signal = bus.recv_until_filtered(heard)
                    if signal.header.fields.get(HeaderFields.interface) in SAVERS:
                        self.locked(bool(signal.body[0]))

    def locked(self, is_locked: bool, *, is_first: bool = False) -> None:
        """Tell that the session is locked or unlocked; each change once, whoever told it."""
        with self.guard:
            before, self.is_locked = self.is_locked, is_locked
        if before == is_locked or (is_first and not is_locked):
            return
        self.tell(Event.SESSION_LOCK if is_locked else Event.SESSION_UNLOCK)

    def hold_shutdown(self, bus: DBusConnection) -> None:
        """Ask logind to wait a little before a shutdown, so that the portal can be told."""
        words = ("shutdown", "Call Analytics", "Locks the extension before the computer goes down.", "delay")
        try:
            (held,) = call(bus, MANAGER_PATH, MANAGER, "Inhibit", "ssss", *words)
        except DBusErrorResponse as error:
            log.warning("A shutdown will not wait: %s", error.name)
            return
        with self.guard:
            self.inhibitor = held


class listening:  # noqa: N801  (reads as a word)
    """The signals that meet some rules, while the block lasts; none is lost while an answer is waited for."""

    def __init__(self, bus: DBusConnection, rules: list[MatchRule]) -> None:
        self.bus = bus
        self.rules = rules
        self.heard: deque[Message] = deque()
        self.filters = [bus.filter(rule, queue=self.heard) for rule in rules]

    def __enter__(self) -> deque[Message]:
        """Ask the bus for the signals."""
        for rule, one in zip(self.rules, self.filters, strict=True):
            one.__enter__()
            Proxy(message_bus, self.bus, timeout=SECONDS).AddMatch(rule)
        return self.heard

    def __exit__(self, *_error: object) -> None:
        """Listen no more."""
        for one in self.filters:
            one.__exit__(None, None, None)


def session_path(bus: DBusConnection) -> str | None:
    """Return the own session: the named one, else the person's graphical one, else any of the person's."""
    name = os.environ.get("XDG_SESSION_ID")
    if name:
        return str(call(bus, MANAGER_PATH, MANAGER, "GetSession", "s", name)[0])
    uid = os.getuid()
    try:
        user = call(bus, MANAGER_PATH, MANAGER, "GetUser", "u", uid)[0]
        display = get(bus, user, f"{LOGIND}.User", "Display")
        if display[0]:
            return str(display[1])
    except DBusErrorResponse:
        pass
    sessions = call(bus, MANAGER_PATH, MANAGER, "ListSessions")[0]
    return next((str(path) for _name, owner, _user, _seat, path in sessions if owner == uid), None)


def get(bus: DBusConnection, path: str, interface: str, name: str) -> Any:
    """Return a property of an object of logind."""
    return call(bus, path, PROPERTIES, "Get", "ss", interface, name)[0][1]


def call(bus: DBusConnection, path: str, interface: str, method: str, signature: str = "", *words: Any) -> Any:
    """Call a method of logind; raises DBusErrorResponse and TimeoutError."""
    address = DBusAddress(path, bus_name=LOGIND, interface=interface)
    answer = bus.send_and_get_reply(new_method_call(address, method, signature or None, words), timeout=SECONDS)
    if answer.header.message_type == MessageType.error:
        raise DBusErrorResponse(answer)
    return answer.body
