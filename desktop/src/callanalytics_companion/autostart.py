"""Lets the companion start with every session: a systemd user unit, an entry in the registry, or a launch agent."""

import contextlib
import os
import plistlib
import subprocess
import sys
from pathlib import Path

from callanalytics_companion.folders import NAME

LABEL = "com.callanalytics.companion"
RUN_KEY = r"Software\Microsoft\Windows\CurrentVersion\Run"
UNIT = """\
[Unit]
Description=Call Analytics desktop companion
PartOf=graphical-session.target
After=graphical-session.target

[Service]
ExecStart={command}
Restart=on-failure
RestartSec=10
TimeoutStopSec=5

[Install]
WantedBy=graphical-session.target
"""


def command() -> list[str]:
    """Return the command that runs the companion, as it is installed."""
    python = Path(sys.executable)
    quiet = python.with_name("pythonw.exe")
    return [str(quiet if quiet.exists() else python), "-m", "callanalytics_companion", "run"]


def install() -> str:
    """Let the companion start with every session; return what was made."""
    if sys.platform == "win32":
        import winreg  # noqa: PLC0415  (only there)

        with winreg.CreateKey(winreg.HKEY_CURRENT_USER, RUN_KEY) as key:
            winreg.SetValueEx(key, NAME, 0, winreg.REG_SZ, subprocess.list2cmdline(command()))
        return rf"HKEY_CURRENT_USER\{RUN_KEY}\{NAME}"
    path = file()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(launch_agent() if sys.platform == "darwin" else unit().encode())
    if sys.platform == "darwin":
        attempt("launchctl", "bootstrap", f"gui/{os.getuid()}", str(path))
    else:
        attempt("systemctl", "--user", "daemon-reload")
        attempt("systemctl", "--user", "enable", "--now", path.name)
    return str(path)


def remove() -> str:
    """Undo install(); return what was removed."""
    if sys.platform == "win32":
        import winreg  # noqa: PLC0415  (only there)

        with winreg.CreateKey(winreg.HKEY_CURRENT_USER, RUN_KEY) as key, contextlib.suppress(FileNotFoundError):
            winreg.DeleteValue(key, NAME)
        return rf"HKEY_CURRENT_USER\{RUN_KEY}\{NAME}"
    path = file()
    if sys.platform == "darwin":
        attempt("launchctl", "bootout", f"gui/{os.getuid()}/{LABEL}")
    else:
        attempt("systemctl", "--user", "disable", "--now", path.name)
    path.unlink(missing_ok=True)
    return str(path)


def file() -> Path:
    """Return the file that lets the companion start."""
    if sys.platform == "darwin":
        return Path.home() / "Library" / "LaunchAgents" / f"{LABEL}.plist"
    folder = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return folder / "systemd" / "user" / f"{NAME}.service"


def unit() -> str:
    """Return the unit; systemd takes quoted words, and % as %%."""
    words = (part.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%") for part in command())
    return UNIT.format(command=" ".join(f'"{word}"' for word in words))


def launch_agent() -> bytes:
    """Return the launch agent: started at sign-in, and again when it fails."""
    return plistlib.dumps({
        "Label": LABEL, "ProgramArguments": command(), "RunAtLoad": True, "KeepAlive": {"SuccessfulExit": False},
        "LimitLoadToSessionType": "Aqua",
    })  # fmt: skip


def attempt(*words: str) -> None:
    """Run a command of the system; where it is missing or refuses, the file works from the next sign-in on."""
    try:
        subprocess.run(words, check=False, capture_output=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return
