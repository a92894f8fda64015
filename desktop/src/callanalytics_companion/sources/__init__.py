"""Chooses where events come from on this system."""

import sys

from callanalytics_companion.events import Source


class UnknownSystemError(Exception):
    """There is no source of events for this system."""


def source_of_this_system() -> Source:
    """Return the source of events of the system that runs this program."""
    if sys.platform == "linux":
        from callanalytics_companion.sources.linux import LinuxSource  # noqa: PLC0415  (each needs its own packages)

        return LinuxSource()
    elif sys.platform == "win32":  # noqa: RET505  (the type checker looks at one branch only)
        from callanalytics_companion.sources.windows import Win32, WindowsSource  # noqa: PLC0415

        return WindowsSource(Win32())
    elif sys.platform == "darwin":
        from callanalytics_companion.sources.macos import Cocoa, MacSource  # noqa: PLC0415

        return MacSource(Cocoa())
    else:
        raise UnknownSystemError(f"The companion knows Linux, Windows and macOS, not {sys.platform}.")
