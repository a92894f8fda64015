"""Where the access token lies: in the system's keyring where there is one, else in a file that nobody else reads."""

import importlib
from typing import Any

from callanalytics_companion.folders import NAME, config_folder, write_privately

FILE = "token"


def keyring() -> Any:
    """Return the package keyring when it is installed and the system has a keyring, else None."""
    try:
        package = importlib.import_module("keyring")
        return package if package.get_keyring().priority > 0 else None
    except Exception:  # noqa: BLE001  (a keyring that fails in any way is none; there is the file)
        return None


def keep_token(portal: str, token: str) -> str:
    """Keep the token of a portal; return where, in words."""
    ring, file = keyring(), config_folder() / FILE
    if ring is not None:
        ring.set_password(NAME, portal, token)
        file.unlink(missing_ok=True)
        return "the system's keyring"
    write_privately(file, token + "\n")
    return str(file)


def kept_token(portal: str) -> str:
    """Return the token of a portal, '' when there is none."""
    file = config_folder() / FILE
    if file.exists():
        return file.read_text(encoding="utf-8").strip()
    ring = keyring()
    return (ring.get_password(NAME, portal) or "") if ring is not None else ""
