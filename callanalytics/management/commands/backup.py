"""Write a backup of the portal while it works."""

import tempfile
from argparse import ArgumentParser
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from callanalytics.safekeeping.databases import CopyingError, dump
from callanalytics.safekeeping.packing import Manifest, pack

NAME = "callanalytics-{:%Y%m%dT%H%M%SZ}.backup"
PATTERN = "callanalytics-????????T??????Z.backup"


def call_file_folders() -> dict[str, Path]:
    """Return the folders of call files by name, in the order in which files move through them."""
    return {
        "inbox": Path(settings.INBOX_DIR),
        "set_aside": Path(settings.SET_ASIDE_DIR),
        "archive": Path(settings.ARCHIVE_DIR),
    }


class Command(BaseCommand):
    """`backup --to FOLDER_OR_FILE [--files] [--keep N]`: one sealed file of the database and, if wanted, call files."""

    help = "Write a backup of the database, and of the call files if wanted, while the portal works."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--to", required=True, type=Path, metavar="PATH", help="A folder, or a new file.")
        parser.add_argument("--files", action="store_true", help="Add inbox, archive and files set aside.")
        parser.add_argument("--keep", type=int, metavar="N", help="Then delete all but the N newest of the folder.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the backup and say what it holds; raises CommandError with the reason."""
        target, keep = backup_path(options["to"]), options["keep"]
        if keep is not None and (keep < 1 or not options["to"].is_dir()):
            raise CommandError("--keep takes 1 or more, and --to must then be a folder.")
        try:
            manifest = write_backup(target, with_files=options["files"])
        except (CopyingError, OSError) as error:
            raise CommandError(f"No backup was written. {error}") from error
        for old in sorted(target.parent.glob(PATTERN), reverse=True)[keep:] if keep else ():
            old.unlink()
            self.stdout.write(f"Deleted {old.name}")
        rows = sum(manifest.counts.values())
        size = target.stat().st_size / 1_000_000
        self.stdout.write(f"Wrote {target}: {rows:,} rows, {manifest.files:,} call files, {size:,.1f} MB")
        self.stdout.write("Keep SECRET_KEY apart from it: without the key stored passwords cannot be read.")


def backup_path(to: Path) -> Path:
    """Return the file to be written; raises CommandError when it exists or its folder does not."""
    target = to / NAME.format(datetime.now(UTC)) if to.is_dir() else to
    if not target.parent.is_dir():
        raise CommandError(f"There is no folder {target.parent}.")
    if target.exists():
        raise CommandError(f"{target} exists already.")
    return target


def write_backup(target: Path, *, with_files: bool) -> Manifest:
    """Write the file; raises CopyingError and OSError."""
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".backup-") as folder:
        copy = Path(folder) / "database"
        held = dump(copy)
        about = {
            "version": version("callanalytics"),
            "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "database": connection.vendor,
            "migrations": held.migrations,
            "counts": held.counts,
        }
        return pack(target, copy, call_file_folders() if with_files else {}, about)
