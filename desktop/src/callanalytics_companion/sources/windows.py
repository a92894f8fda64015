"""Windows: a hidden window hears of the session by messages; only the system's own libraries, by ctypes."""

import sys
from collections.abc import Callable
from threading import Event as Flag
from typing import Protocol

from callanalytics_companion.events import Event, Tell

WM_CLOSE, WM_DESTROY = 0x0010, 0x0002
WM_QUERYENDSESSION, WM_ENDSESSION = 0x0011, 0x0016
WM_WTSSESSION_CHANGE = 0x02B1
ENDSESSION_LOGOFF = 0x80000000
CHANGES = {5: Event.SIGN_IN, 6: Event.SIGN_OUT, 7: Event.SESSION_LOCK, 8: Event.SESSION_UNLOCK}
"""Values of WTS_SESSION_…: logon, logoff, lock, unlock."""
LONGEST_WAIT = 4.0
"""Seconds that the end of a session waits for the portal; Windows itself waits five."""
Message = Callable[[int, int, int], int | None]


class Windows(Protocol):
    """What the source needs of Windows."""

    def pump(self, message: Message) -> None:
        """Hand every message of a hidden window to the callable, until close(); None: as Windows itself does."""

    def close(self) -> None:
        """Let pump() return; may be called from any thread."""

    def session(self) -> int:
        """Return the number of the own session."""

    def signed_in_at(self) -> int:
        """Return when the session began; a number that only this session has."""


class WindowsSource:
    """Turns messages of Windows into events."""

    def __init__(self, windows: Windows) -> None:
        self.windows = windows
        self.dealt_with = Flag()
        self.is_left = False
        self.tell: Tell = lambda event: None

    def run(self, tell: Tell) -> None:
        """Tell events until stop()."""
        self.tell = tell
        self.windows.pump(self.take)

    def stop(self) -> None:
        """Let run() return."""
        self.dealt_with.set()
        self.windows.close()

    def settled(self) -> None:
        """Let the end of the session go on."""
        self.dealt_with.set()

    def session_key(self) -> str:
        """Return the session's number and beginning."""
        return f"{self.windows.session()}:{self.windows.signed_in_at()}"

    def is_ending(self) -> bool:
        """Return False: Windows says by messages that a session ends, and these are told already."""
        return False

    def take(self, message: int, first: int, second: int) -> int | None:
        """Take one message; return its answer, None for that of Windows itself."""
        if message == WM_WTSSESSION_CHANGE:
            if first in CHANGES and second == self.windows.session():
                self.tell(CHANGES[first])
            return 0
        if message == WM_QUERYENDSESSION:
            return 1  # others may still call it off: nothing is done yet
        if message == WM_ENDSESSION:
            if first and not self.is_left:
                self.leave(Event.SIGN_OUT if second & ENDSESSION_LOGOFF else Event.SHUTDOWN)
            return 0
        return None

    def leave(self, event: Event) -> None:
        """Tell that the session ends; Windows ends the process as soon as this returns."""
        self.is_left = True
        self.dealt_with.clear()
        self.tell(event)
        self.dealt_with.wait(LONGEST_WAIT)


if sys.platform == "win32":  # pragma: no cover
    import ctypes
    from ctypes import wintypes

    user32 = ctypes.WinDLL("user32", use_last_error=True)
    kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
    wtsapi32 = ctypes.WinDLL("wtsapi32", use_last_error=True)
    LRESULT = ctypes.c_ssize_t
    Procedure = ctypes.WINFUNCTYPE(LRESULT, wintypes.HWND, wintypes.UINT, wintypes.WPARAM, wintypes.LPARAM)
    NOTIFY_FOR_THIS_SESSION = 0
    CURRENT_SERVER, CURRENT_SESSION, WTS_SESSION_INFO = None, 0xFFFFFFFF, 24

    class WindowClass(ctypes.Structure):
        """WNDCLASSW."""

        _fields_ = (
            ("style", wintypes.UINT), ("procedure", Procedure), ("class_extra", ctypes.c_int),
            ("window_extra", ctypes.c_int), ("instance", wintypes.HINSTANCE), ("icon", wintypes.HICON),
            ("cursor", wintypes.HANDLE), ("background", wintypes.HBRUSH), ("menu", wintypes.LPCWSTR),
            ("name", wintypes.LPCWSTR),
        )  # fmt: skip

    class SessionInformation(ctypes.Structure):
        """WTSINFOW."""

        _fields_ = (
            ("state", wintypes.DWORD), ("session", wintypes.DWORD), ("counts", wintypes.DWORD * 6),
            ("station", wintypes.WCHAR * 32), ("domain", wintypes.WCHAR * 17), ("user", wintypes.WCHAR * 21),
            ("connected", ctypes.c_int64), ("disconnected", ctypes.c_int64), ("last_input", ctypes.c_int64),
            ("signed_in", ctypes.c_int64), ("now", ctypes.c_int64),
        )  # fmt: skip

    user32.DefWindowProcW.argtypes = (wintypes.HWND, wintypes.UINT, wintypes.WPARAM, wintypes.LPARAM)
    user32.DefWindowProcW.restype = LRESULT
    user32.CreateWindowExW.argtypes = (
        wintypes.DWORD, wintypes.LPCWSTR, wintypes.LPCWSTR, wintypes.DWORD, ctypes.c_int, ctypes.c_int, ctypes.c_int,
        ctypes.c_int, wintypes.HWND, wintypes.HMENU, wintypes.HINSTANCE, wintypes.LPVOID,
    )  # fmt: skip
    user32.CreateWindowExW.restype = wintypes.HWND
    user32.PostMessageW.argtypes = (wintypes.HWND, wintypes.UINT, wintypes.WPARAM, wintypes.LPARAM)
    user32.DestroyWindow.argtypes = (wintypes.HWND,)
    kernel32.GetModuleHandleW.argtypes = (wintypes.LPCWSTR,)
    kernel32.GetModuleHandleW.restype = wintypes.HMODULE
    wtsapi32.WTSRegisterSessionNotification.argtypes = (wintypes.HWND, wintypes.DWORD)
    wtsapi32.WTSUnRegisterSessionNotification.argtypes = (wintypes.HWND,)
    wtsapi32.WTSQuerySessionInformationW.argtypes = (
        wintypes.HANDLE, wintypes.DWORD, ctypes.c_int, ctypes.POINTER(ctypes.c_void_p), ctypes.POINTER(wintypes.DWORD),
    )  # fmt: skip
    wtsapi32.WTSFreeMemory.argtypes = (ctypes.c_void_p,)

    class Win32:
        """Windows itself."""

        def __init__(self) -> None:
            self.window: int | None = None

        def pump(self, message: Message) -> None:
            """Open a window that nobody sees, and hand on its messages."""

            def procedure(window: int, kind: int, first: int, second: int) -> int:
                answer = message(kind, first, second & 0xFFFFFFFF)
                if answer is not None:
                    return answer
                if kind == WM_CLOSE:
                    user32.DestroyWindow(window)
                    return 0
                if kind == WM_DESTROY:
                    wtsapi32.WTSUnRegisterSessionNotification(window)
                    user32.PostQuitMessage(0)
                    return 0
                return int(user32.DefWindowProcW(window, kind, first, second))

            instance = kernel32.GetModuleHandleW(None)
            # Kept in a variable: Windows calls it as long as the window lives.
            kept = Procedure(procedure)
            described = WindowClass(procedure=kept, instance=instance, name="CallAnalyticsCompanion")
            if not user32.RegisterClassW(ctypes.byref(described)):
                raise ctypes.WinError(ctypes.get_last_error())
            # A window of the top level: those for messages only do not hear that the session ends.
            self.window = user32.CreateWindowExW(
                0, described.name, "Call Analytics", 0, 0, 0, 0, 0, None, None, instance, None
            )
            if not self.window or not wtsapi32.WTSRegisterSessionNotification(self.window, NOTIFY_FOR_THIS_SESSION):
                raise ctypes.WinError(ctypes.get_last_error())
            taken = wintypes.MSG()
            while user32.GetMessageW(ctypes.byref(taken), None, 0, 0) > 0:
                user32.TranslateMessage(ctypes.byref(taken))
                user32.DispatchMessageW(ctypes.byref(taken))

        def close(self) -> None:
            """Close the window."""
            if self.window:
                user32.PostMessageW(self.window, WM_CLOSE, 0, 0)

        def session(self) -> int:
            """Return the number of the own session."""
            found = wintypes.DWORD()
            kernel32.ProcessIdToSessionId(kernel32.GetCurrentProcessId(), ctypes.byref(found))
            return int(found.value)

        def signed_in_at(self) -> int:
            """Return when the person signed in, in the system's count of time."""
            place, size = ctypes.c_void_p(), wintypes.DWORD()
            asked = wtsapi32.WTSQuerySessionInformationW(
                CURRENT_SERVER, CURRENT_SESSION, WTS_SESSION_INFO, ctypes.byref(place), ctypes.byref(size)
            )
            if not asked or not place.value:
                return 0
            try:
                return int(ctypes.cast(place, ctypes.POINTER(SessionInformation)).contents.signed_in)
            finally:
                wtsapi32.WTSFreeMemory(place)
