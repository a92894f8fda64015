"""Put a backup back into the portal's database."""

import tempfile
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.cache import cache
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, models
from django.db.migrations.loader import MigrationLoader
from django.db.models.functions import Cast

from callanalytics.beat import pulse_age
from callanalytics.lib.secrets import EncryptedField
from callanalytics.management.commands.backup import call_file_folders
from callanalytics.safekeeping.databases import CopyingError, content, load
from callanalytics.safekeeping.packing import DamagedBackupError, Manifest, put_back_files, unpack

AT_WORK_SECONDS = 20
"""The timetable gives a sign of life every five."""


class Command(BaseCommand):
    """`restore FILE [--check] [--replace] [--files]`: verifies a backup, puts it back, counts what is there."""

    help = "Put a backup back. Web server, workers and timetable must be stopped."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("file", type=Path, metavar="FILE", help="What `backup` has written.")
        parser.add_argument("--check", action="store_true", help="Only tell whether it is whole and fits here.")
        parser.add_argument("--replace", action="store_true", help="Replace what the database holds.")
        parser.add_argument("--files", action="store_true", help="Put back call files that are missing, too.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Verify, load, count, bring up to date; raises CommandError with the reason."""
        file: Path = options["file"]
        if not file.is_file():
            raise CommandError(f"There is no file {file}.")
        Path(settings.DATA_DIR).mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=settings.DATA_DIR, prefix=".restore-") as folder:
            copy = Path(folder) / "database"
            try:
                manifest = unpack(file, copy)
                refuse_misfit(manifest)
                self.stdout.write(describe(manifest))
                if options["check"]:
                    return
                refuse_danger(replace=options["replace"])
                load(copy)
            except (DamagedBackupError, CopyingError) as error:
                raise CommandError(f"Nothing was restored. {error}") from error
        self.verify(manifest)
        self.bring_up_to_date()
        if options["files"]:
            self.stdout.write(f"{put_back_files(file, call_file_folders()):,} call files put back")
        elif manifest.files:
            self.stdout.write("Its call files stay in the backup; --files puts them back.")

    def verify(self, manifest: Manifest) -> None:
        """Compare the rows of each table with the manifest; raises CommandError when any differs."""
        counts = content().counts
        differing = {
            table: (rows, counts.get(table)) for table, rows in manifest.counts.items() if counts.get(table) != rows
        }
        if differing:
            raise CommandError(f"Restored, but these tables differ (backup, now): {differing}")
        self.stdout.write(f"Restored {sum(counts.values()):,} rows in {len(counts)} tables, all as in the backup")

    def bring_up_to_date(self) -> None:
        """Migrate to this version, forget what was cached, and warn of secrets that cannot be read any more."""
        call_command("migrate", interactive=False, verbosity=0)
        cache.clear()
        for place in unreadable_secrets():
            self.stderr.write(
                self.style.WARNING(
                    f"The stored secret cannot be read with this SECRET_KEY: {place}. "
                    "Set the key of the old portal, or enter the secret again."
                )
            )


def refuse_misfit(manifest: Manifest) -> None:
    """Raise CommandError when the backup is of another kind of database or of a newer version."""
    if manifest.database != connection.vendor:
        raise CommandError(f"The backup is of {manifest.database}, this portal's database is {connection.vendor}.")
    known = {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations}
    unknown = sorted(set(manifest.migrations) - known)
    if unknown:
        raise CommandError(
            f"The backup is of a newer version ({manifest.version}, this is older): it has {', '.join(unknown)}. "
            "Install that version first."
        )


def refuse_danger(*, replace: bool) -> None:
    """Raise CommandError when the portal is at work, or when there is something that nobody allowed to replace."""
    age = pulse_age()
    if age is not None and age < AT_WORK_SECONDS:
        raise CommandError(
            f"The portal was at work {age:.0f} seconds ago. Stop web server, workers and timetable, wait half a minute."
        )
    held = content()
    if not held.empty and not replace:
        raise CommandError(
            f"The database is not empty ({held.counts.get('accounting_user', 0):,} people, "
            f"{held.counts.get('accounting_callrecord', 0):,} call records). --replace replaces all of it."
        )


def describe(manifest: Manifest) -> str:
    """Return one line about a backup."""
    rows = sum(manifest.counts.values())
    return (
        f"Backup of {manifest.made_at}, version {manifest.version}, {manifest.database}: "
        f"{rows:,} rows, {manifest.files:,} call files; whole"
    )


def unreadable_secrets() -> Iterator[str]:
    """Yield where the database holds a secret that SECRET_KEY does not open."""
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if not isinstance(field, EncryptedField):
                continue
            rows = models.QuerySet(model).annotate(stored=Cast(field.name, models.TextField())).exclude(stored="")
            yield from (
                f"{model._meta.verbose_name} {row}, {field.verbose_name}"
                for row in rows
                if not field.value_from_object(row)
            )
