"""Import call files from the shell, through the same door as the inbox."""

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from accounting.models import PhoneSystem
from accounting.services.collecting import arrival_order
from accounting.services.importing import import_files


class Command(BaseCommand):
    """`import_calls --source NAME [--create] [--json] PATH...`: imports files, or all files of folders."""

    help = "Imports call files of one phone system; importing a file again changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--source", required=True, metavar="NAME", help="Name of the phone system.")
        parser.add_argument("--create", action="store_true", help="Create the phone system if it is missing.")
        parser.add_argument("--json", action="store_true", help="Print one JSON line only.")
        parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="Files, or folders of files.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Import and print the figures."""
        phone_system = find_phone_system(options["source"], create=options["create"])
        missing = [path for path in options["paths"] if not path.exists()]
        if missing:
            raise CommandError(f"No such file or folder: {', '.join(map(str, missing))}")
        summary = asdict(import_files(phone_system, sorted(files_in(options["paths"]), key=arrival_order)))
        if options["json"]:
            self.stdout.write(json.dumps(summary))
        else:
            self.stdout.write("  ".join(f"{name} {value}" for name, value in summary.items()))


def find_phone_system(name: str, *, create: bool) -> PhoneSystem:
    """Return the phone system of a name; raises CommandError when it is missing and not to be created."""
    found = PhoneSystem.objects.filter(name=name).first()
    if found:
        return found
    if not create:
        known = ", ".join(PhoneSystem.objects.values_list("name", flat=True)) or "none"
        raise CommandError(f"There is no phone system {name!r} (known: {known}). --create makes it.")
    phone_system = PhoneSystem(name=name)
    try:
        phone_system.full_clean()
    except ValidationError as error:
        reasons = " ".join(error.messages)
        raise CommandError(f"{name!r} cannot be the name of a phone system: {reasons}") from error
    phone_system.save()
    return phone_system


def files_in(paths: list[Path]) -> Iterator[Path]:
    """Yield the files given and those directly and deeper inside folders given."""
    for path in paths:
        if path.is_dir():
            yield from (inside for inside in path.rglob("*") if inside.is_file() and not inside.name.startswith("."))
        else:
            yield path
