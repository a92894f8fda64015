"""Brings the columnar copy of the call records up to date now, or writes it anew."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand

from accounting.services.columns.copying import copy_columns


class Command(BaseCommand):
    """`copy_columns [--rebuild]`: what the timetable does each minute, without its limit of time."""

    help = "Copies the call records of all days but today into the columnar files that answer reports."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--rebuild", action="store_true", help="Write the whole copy anew.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Copy, and print what was done."""
        done = copy_columns(rebuild=options["rebuild"], quiet=timedelta(0))
        self.stdout.write(f"days {done.days}  records {done.records}  files joined {done.joined}")
