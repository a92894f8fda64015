"""Files that hold no call records: found again in their folder, and put back into the inbox."""

import glob
import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from accounting.models import ImportFile
from accounting.services.collecting import inbox

WAITING_ENDING = ".part"
"""The collector leaves such files alone."""


def original_of(file: ImportFile) -> Path | None:
    """Return where a file that was set aside lies, None when it is gone."""
    return next((path for path in candidates(file) if not file.sha256 or digest_of(path) == file.sha256), None)


def is_there(file: ImportFile) -> bool:
    """Return whether a file of this name and size still lies in the folder; its content is not read."""
    return any(True for _path in candidates(file))


def candidates(file: ImportFile) -> Iterator[Path]:
    """Yield the files of the folder that have this file's name and size; a second one of a name has an ending more."""
    folder = Path(settings.SET_ASIDE_DIR) / file.phone_system.name
    further = f"{glob.escape(file.name[:200])}.{file.sha256[:12]}.*"
    for path in (folder / file.name, *folder.glob(further)):
        if path.parent == folder and path.is_file() and path.stat().st_size == file.size:
            yield path


def digest_of(path: Path) -> str:
    """Return the hash of a file's content."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def try_again(file: ImportFile) -> bool:
    """Move a file back into its inbox, where the collector finds it; return whether it was still there."""
    path = original_of(file)
    if path is None:
        return False
    folder = inbox(file.phone_system)
    folder.mkdir(parents=True, exist_ok=True)
    arriving = folder / f"{path.name}{WAITING_ENDING}"
    shutil.move(path, arriving)
    arriving.rename(folder / path.name)
    return True
