"""The inboxes: take files that are complete, import them, and move them to the archive after the commit."""

import logging
import re
import shutil
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from accounting.models import PhoneSystem
from accounting.services.importing import ImportSummary, import_batches
from accounting.sources.files import CallFile

logger = logging.getLogger(__name__)
UNFINISHED_NAMES = ("_", ".")
UNFINISHED_ENDINGS = (".tmp", ".part", ".filepart", ".uploading")
SETTLED_SECONDS, SETTLED_SECONDS_WITHOUT_LINE_END = 2.0, 15.0
LEASE = timedelta(seconds=60)
FILES_AT_ONCE = 5_000
UCM_NAME = re.compile(r"^(?:cdr|cmr)_.+_\d+_(\d{12})_(\d+)$")


def collect() -> ImportSummary:
    """Collect the inboxes of all enabled phone systems; systems that another worker collects are left to it."""
    summary = ImportSummary()
    for phone_system in PhoneSystem.objects.filter(enabled=True):
        try:
            summary.add(collect_phone_system(phone_system))
        except Exception:
            logger.exception("collecting of %s failed; the next look at the inbox tries again", phone_system.name)
    return summary


def collect_phone_system(phone_system: PhoneSystem) -> ImportSummary:
    """Collect one inbox unless it is empty or another worker has it."""
    inbox(phone_system).mkdir(parents=True, exist_ok=True)
    if not any(complete_files(inbox(phone_system))) or not claim(phone_system):
        return ImportSummary()
    try:
        return collect_inbox(phone_system)
    finally:
        PhoneSystem.objects.filter(pk=phone_system.pk).update(collecting_until=None)


def inbox(phone_system: PhoneSystem) -> Path:
    """Return the folder into which the phone system's files are pushed."""
    return Path(settings.INBOX_DIR) / phone_system.name


def claim(phone_system: PhoneSystem) -> bool:
    """Take or renew the lease on a phone system's inbox; it runs out by itself when a worker dies."""
    now = timezone.now()
    free = Q(collecting_until=None) | Q(collecting_until__lt=now)
    return bool(PhoneSystem.objects.filter(free, pk=phone_system.pk).update(collecting_until=now + LEASE))


def collect_inbox(phone_system: PhoneSystem) -> ImportSummary:
    """Import the complete files of an inbox in the order of their names' time and move them away after each commit."""
    summary = ImportSummary()
    paths = sorted(complete_files(inbox(phone_system)), key=arrival_order)[:FILES_AT_ONCE]
    for outcome in import_batches(phone_system, paths):
        summary.add(outcome.summary)
        PhoneSystem.objects.filter(pk=phone_system.pk).update(collecting_until=timezone.now() + LEASE)
        for file in outcome.imported:
            move(file, Path(settings.ARCHIVE_DIR) / phone_system.name / timezone.now().strftime("%Y-%m-%d"))
        for file in outcome.set_aside:
            move(file, Path(settings.SET_ASIDE_DIR) / phone_system.name)
            logger.warning("%r of %s set aside: %s %r", file.name, phone_system.name, file.reason, file.detail)
    return summary


def complete_files(folder: Path) -> Iterator[Path]:
    """Yield files that nobody writes any more: by name, and unchanged for a while (longer without a final line end)."""
    now = time.time()
    for path in folder.iterdir():
        if path.name.startswith(UNFINISHED_NAMES) or path.name.endswith(UNFINISHED_ENDINGS):
            continue
        try:
            stat = path.stat()
            age = abs(now - stat.st_mtime)  # clocks differ: a time to come is no sign of writing
            if not path.is_file() or age < SETTLED_SECONDS:
                continue
            if age > SETTLED_SECONDS_WITHOUT_LINE_END or ends_with_line_end(path):
                yield path
        except OSError:
            continue


def ends_with_line_end(path: Path) -> bool:
    """Return whether the last byte is a line end."""
    with path.open("rb") as file:
        if file.seek(0, 2) == 0:
            return False
        file.seek(-1, 2)
        return file.read(1) == b"\n"


def arrival_order(path: Path) -> tuple[str, int, str]:
    """Return a key that orders UCM files by minute and sequence number (names do not sort), others by name."""
    match = UCM_NAME.match(path.name)
    return (match[1], int(match[2]), path.name) if match else ("", 0, path.name)


def move(file: CallFile, folder: Path) -> None:
    """Move a file unless it has changed since it was read: then the next look at the inbox takes it again."""
    try:
        stat = file.path.stat()
        if (stat.st_size, stat.st_mtime_ns) != (file.size, file.modified_ns):
            return
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / file.name
        if target.exists():
            target = folder / f"{file.name[:200]}.{file.sha256[:12]}.{time.time_ns()}"
        shutil.move(file.path, target)
    except FileNotFoundError:
        return
    except OSError:
        logger.exception("%r cannot be moved to %s", file.name, folder)
