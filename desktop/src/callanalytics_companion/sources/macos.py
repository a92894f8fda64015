"""macOS: notifications of the login window and of the workspace, by PyObjC."""

import sys
from collections.abc import Callable
from threading import Event as Flag
from typing import Any, Protocol

from callanalytics_companion.events import Event, Tell

DISTRIBUTED = {
    "com.apple.screenIsLocked": Event.SESSION_LOCK,
    "com.apple.screenIsUnlocked": Event.SESSION_UNLOCK,
}
"""What the login window tells everybody."""
WORKSPACE = {
    "NSWorkspaceSessionDidResignActiveNotification": Event.SESSION_LOCK,
    "NSWorkspaceSessionDidBecomeActiveNotification": Event.SESSION_UNLOCK,
    "NSWorkspaceWillPowerOffNotification": Event.SIGN_OUT,
}
"""What the workspace tells: another person takes the screen, gives it back; the session or the computer ends."""
LONGEST_WAIT = 4.0


class Mac(Protocol):
    """What the source needs of macOS."""

    def run(self, distributed: list[str], workspace: list[str], hear: Callable[[str], None]) -> None:
        """Hand the names of these notifications to the callable, in the main thread, until stop()."""

    def stop(self) -> None:
        """Let run() return; may be called from any thread."""

    def session(self) -> str:
        """Return what only this session has."""


class MacSource:
    """Turns notifications of macOS into events."""

    def __init__(self, mac: Mac) -> None:
        self.mac = mac
        self.dealt_with = Flag()
        self.is_left = False
        self.is_locked = False
        self.tell: Tell = lambda event: None

    def run(self, tell: Tell) -> None:
        """Tell events until stop()."""
        self.tell = tell
        self.mac.run(list(DISTRIBUTED), list(WORKSPACE), self.hear)

    def stop(self) -> None:
        """Let run() return."""
        self.dealt_with.set()
        self.mac.stop()

    def settled(self) -> None:
        """Let the end of the session go on."""
        self.dealt_with.set()

    def session_key(self) -> str:
        """Return what only this session has."""
        return self.mac.session()

    def is_ending(self) -> bool:
        """Return False: the end of a session is told by a notification before the process is ended."""
        return False

    def hear(self, name: str) -> None:
        """Take one notification; locking is told once, whoever noticed it first."""
        event = DISTRIBUTED.get(name) or WORKSPACE.get(name)
        if event in (Event.SESSION_LOCK, Event.SESSION_UNLOCK):
            locked = event == Event.SESSION_LOCK
            if locked != self.is_locked:
                self.is_locked = locked
                self.tell(event)
        elif event is not None and not self.is_left:
            self.is_left = True
            self.dealt_with.clear()
            self.tell(event)
            self.dealt_with.wait(LONGEST_WAIT)


if sys.platform == "darwin":  # pragma: no cover
    import ctypes

    import objc
    from AppKit import NSWorkspace
    from Foundation import NSDate, NSDistributedNotificationCenter, NSObject, NSRunLoop

    class Observer(NSObject):  # type: ignore[misc]
        """Hands notifications to a callable."""

        def initWithHear_(self, hear: Callable[[str], None]) -> Any:  # noqa: N802  (as Objective-C calls it)
            """Keep the callable."""
            self = objc.super(Observer, self).init()  # noqa: PLW0642  (the idiom of Objective-C)
            self.hear = hear
            return self

        def take_(self, notification: Any) -> None:
            """Take one notification."""
            self.hear(str(notification.name()))

    class AuditSession(ctypes.Structure):
        """struct auditinfo_addr."""

        _fields_ = (
            ("user", ctypes.c_uint32), ("masks", ctypes.c_uint32 * 2), ("terminal", ctypes.c_uint32 * 6),
            ("session", ctypes.c_int32), ("flags", ctypes.c_uint64),
        )  # fmt: skip

    class Cocoa:
        """MacOS itself."""

        def __init__(self) -> None:
            self.ended = Flag()

        def run(self, distributed: list[str], workspace: list[str], hear: Callable[[str], None]) -> None:
            """Observe the notifications and turn the main thread's run loop."""
            observer = Observer.alloc().initWithHear_(hear)
            centers = (
                (NSDistributedNotificationCenter.defaultCenter(), distributed),
                (NSWorkspace.sharedWorkspace().notificationCenter(), workspace),
            )
            for center, names in centers:
                for name in names:
                    center.addObserver_selector_name_object_(observer, b"take:", name, None)
            while not self.ended.is_set():
                NSRunLoop.currentRunLoop().runUntilDate_(NSDate.dateWithTimeIntervalSinceNow_(1.0))

        def stop(self) -> None:
            """Let the run loop end within a second."""
            self.ended.set()

        def session(self) -> str:
            """Return the audit session, which each sign-in gets anew, and the boot."""
            library, told = ctypes.CDLL(None), AuditSession()
            library.getaudit_addr(ctypes.byref(told), ctypes.sizeof(told))
            boot = (ctypes.c_int64 * 2)()
            size = ctypes.c_size_t(ctypes.sizeof(boot))
            library.sysctlbyname(b"kern.boottime", ctypes.byref(boot), ctypes.byref(size), None, 0)
            return f"{boot[0]}:{told.session}"
