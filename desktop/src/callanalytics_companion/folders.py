"""Where each kind of system keeps the files of its programs, and how files that others must not read are written."""

import os
import sys
from pathlib import Path

NAME = "callanalytics-companion"


def config_folder() -> Path:
    """Return where the configuration lies."""
    return _folder("CALLANALYTICS_COMPANION_CONFIG", "XDG_CONFIG_HOME", ".config", "APPDATA")


def state_folder() -> Path:
    """Return where lies what the companion remembers."""
    return _folder("CALLANALYTICS_COMPANION_STATE", "XDG_STATE_HOME", ".local/state", "LOCALAPPDATA")


def _folder(own: str, xdg: str, fallback: str, windows: str) -> Path:
    if own in os.environ:
        return Path(os.environ[own])
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / NAME
    if sys.platform == "win32":
        return Path(os.environ.get(windows) or Path.home() / "AppData" / "Local") / NAME
    return Path(os.environ.get(xdg) or Path.home() / fallback) / NAME


def write_privately(path: Path, text: str) -> None:
    """Replace a file in one step; nobody else may read it, at no moment."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
