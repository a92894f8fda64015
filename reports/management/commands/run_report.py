"""Writes a report into a file from the shell: the same engine, rights, masks, language and zone as on the page."""

import tempfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone, translation

from accounting.models import User
from accounting.services.auditing import acting, actor_of
from accounting.services.zones import zone_of
from reports.catalogue import REPORTS
from reports.exports import FORMATS
from reports.exports.asking import AskedWrongly, read_asked
from reports.exports.base import TooManyRows
from reports.exports.filed import record_export
from reports.exports.preparing import export

WRONG, FAILED = 2, 1
"""Exit codes: what is asked is wrong; the file cannot be made."""


class Command(BaseCommand):
    """`run_report SLUG --user NAME [--query QUERY] --format FORMAT --output PATH`."""

    help = "Writes a report into a file, with the rights and settings of a person. Exit codes: 1 failed, 2 wrong call."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("report", metavar="SLUG", help="As in the address of the report's page.")
        parser.add_argument("--user", required=True, metavar="NAME", help="User name of the person who reads it.")
        parser.add_argument("--query", default="", help="The page's address behind the question mark.")
        parser.add_argument("--format", required=True, choices=sorted(FORMATS))
        parser.add_argument("--output", required=True, type=Path, metavar="PATH", help="Is replaced when it exists.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the file, complete or not at all, and say how many rows it has."""
        reader = User.objects.filter(username=options["user"], is_active=True).first()
        if reader is None:
            raise CommandError(f"There is no active user {options['user']!r}.", returncode=WRONG)
        known = [slug for slug, report in REPORTS.items() if report.permission(reader)]
        if options["report"] not in known:
            text = f"{reader.username} has no report {options['report']!r}. There are: {', '.join(known)}."
            raise CommandError(text, returncode=WRONG)
        language = reader.language or settings.LANGUAGE_CODE
        with translation.override(language), timezone.override(zone_of(reader)), acting(actor_of(reader)):
            rows = self.write(reader, options)
        self.stdout.write(f"{options['output']}: {rows} {'row' if rows == 1 else 'rows'}")

    def write(self, reader: User, options: dict[str, Any]) -> int:
        """Write the report beside its place and move it there; return the number of rows."""
        form, output = FORMATS[options["format"]], options["output"]
        try:
            asked = read_asked(options["report"], options["query"], reader)
        except AskedWrongly as error:
            raise CommandError(str(error), returncode=WRONG) from error
        try:
            with tempfile.NamedTemporaryFile(dir=output.parent, prefix=".run_report-", delete=False) as out:
                unfinished = Path(out.name)
                try:
                    rows = export(asked.report, asked.question, asked.asker, form, out)
                    unfinished.replace(output)
                finally:
                    unfinished.unlink(missing_ok=True)
        except (TooManyRows, OSError) as error:
            raise CommandError(str(error), returncode=FAILED) from error
        record_export(asked, form, rows)
        return rows
