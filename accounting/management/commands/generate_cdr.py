"""Writes UCM call record files of the demo organisation: for tests, fault runs, benchmarks and live demonstrations."""

import json
from argparse import BooleanOptionalAction
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounting.demo.columns import VERSIONS
from accounting.demo.generation import Generation, Manifest
from accounting.demo.live import LiveTraffic
from accounting.demo.organisation import OFFICES, build_organisation
from accounting.demo.shares import GROUPS, SCENARIOS


def share(text: str) -> tuple[str, float]:
    """Return the scenario and its part of 1 from a text like transfer=0.05."""
    name, _, part = text.partition("=")
    return name, float(part)


class Command(BaseCommand):
    """Generates files of past days, or plays traffic in real time into the inbox folders."""

    help = "Generate UCM CDR and CMR files of the demo organisation."
    requires_system_checks: list[str] = []  # it needs neither pages nor the database

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Let --version mean the version of UCM in place of Django's."""
        return super().create_parser(prog_name, subcommand, conflict_handler="resolve", **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare what can be asked for."""
        parser.add_argument(
            "--output", type=Path, help="folder for one folder of files for each phone system (live: the inbox)"
        )
        parser.add_argument("--people", type=int, default=250, help="20 to 40,000 (default 250)")
        parser.add_argument("--days", type=int, default=7)
        parser.add_argument(
            "--start", type=date.fromisoformat, help="first day, UTC (default: so that it ends yesterday)"
        )
        parser.add_argument(
            "--calls-per-day", type=float, help="all offices, ordinary working day (default: 15 a person)"
        )
        parser.add_argument("--seed", type=int, help="the same seed makes the same files (default 1; live: the time)")
        parser.add_argument(
            "--version", dest="ucm", choices=VERSIONS, default="15", help="UCM version: layout of the files"
        )
        parser.add_argument(
            "--share",
            type=share,
            action="append",
            default=[],
            metavar="SCENARIO=PART",
            help=f"part of 1 of all calls, for one of: {', '.join([*SCENARIOS, *GROUPS])}",
        )
        parser.add_argument(
            "--records-per-file", type=int, default=0, help="0: a file for each node and minute, as UCM does"
        )
        parser.add_argument("--system", action="append", default=[], help="only this phone system; may be repeated")
        parser.add_argument("--cmr", action=BooleanOptionalAction, default=True, help="voice quality records")
        parser.add_argument(
            "--manifest", type=Path, help="write what was generated, by scenario and system, to this JSON file"
        )
        parser.add_argument("--live", action="store_true", help="play in real time until Ctrl-C or --seconds")
        parser.add_argument("--rate", type=float, default=20, help="live: calls a minute")
        parser.add_argument("--seconds", type=float, help="live: stop after this many seconds")

    def handle(self, *args: Any, **options: Any) -> None:
        """Generate or play; CommandError for numbers and names that make no sense."""
        try:
            if options["live"]:
                self._play(options)
            else:
                self._generate(options)
        except ValueError as error:
            raise CommandError(str(error)) from error

    def _generate(self, options: dict[str, Any]) -> None:
        if options["output"] is None:
            raise CommandError("--output is needed")
        start = options["start"] or datetime.now(UTC).date() - timedelta(days=options["days"])
        generation = Generation(
            build_organisation(options["people"], start=start, days=options["days"]),
            start,
            options["days"],
            options["calls_per_day"] or options["people"] * 15,
            seed=1 if options["seed"] is None else options["seed"],
            version=options["ucm"],
            scenario_shares=dict(options["share"]),
            records_per_file=options["records_per_file"],
            cmr=options["cmr"],
            systems=systems(options["system"]),
        )
        for file in generation:
            folder = options["output"] / file.system
            folder.mkdir(parents=True, exist_ok=True)
            (folder / file.name).write_bytes(file.content)
        self._tell(generation.manifest, options["manifest"])

    def _tell(self, manifest: Manifest, path: Path | None) -> None:
        told = {name: getattr(manifest, name) for name in ("files", "cdr", "cmr", "calls", "records")}
        if path:
            path.write_text(json.dumps(told, indent=1), encoding="utf-8")
        self.stdout.write(
            f"{manifest.files} files, {manifest.cdr.total()} CDRs and {manifest.cmr.total()} CMRs "
            f"of {manifest.calls.total()} calls"
        )

    def _play(self, options: dict[str, Any]) -> None:
        today = datetime.now(UTC).date()
        traffic = LiveTraffic(
            build_organisation(options["people"], start=today - timedelta(days=365)),
            options["output"] or settings.INBOX_DIR,
            version=options["ucm"],
            scenario_shares=dict(options["share"]),
            seed=options["seed"],
            cmr=options["cmr"],
            systems=systems(options["system"]),
        )
        try:
            traffic.play(
                options["rate"],
                options["seconds"],
                lambda calls, files: self.stdout.write(f"{calls} calls in {files} files"),
            )
        except KeyboardInterrupt:
            self.stdout.write("stopped")


def systems(wanted: list[str]) -> tuple[str, ...]:
    """Return the wanted phone systems; ValueError for one that the demo organisation does not have."""
    known = {office.system for office in OFFICES}
    if unknown := set(wanted) - known:
        raise ValueError(f"no such phone system: {', '.join(sorted(unknown))}; there are {', '.join(sorted(known))}")
    return tuple(wanted)
