"""Recomputes every budget account from the calls and compares; see docs/budgets.md."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from budget.services.checking import check


class Command(BaseCommand):
    """Compare, mend, and tell; the exit status is 1 when something had to be mended."""

    help = "Recomputes every budget account from the calls, mends differences, and exits with 1 if there were any."

    def add_arguments(self, parser: CommandParser) -> None:
        """Name the options."""
        parser.add_argument("--days", type=int, help="how many days of calls to read; default: all that budgets need")
        parser.add_argument("--json", action="store_true", help="print the figures as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Check."""
        if options["days"] is not None and options["days"] < 1:
            raise CommandError("--days must be at least 1.")
        checked = check(options["days"])
        if options["json"]:
            self.stdout.write(json.dumps(checked.as_data()))
        else:
            self.stdout.write(
                f"{checked.accounts} accounts with {checked.periods} periods, {checked.days} days of calls: "
                + ("everything agrees." if checked.is_right else "differences were mended:")
            )
        if not checked.is_right:
            text = f"{checked.periods_mended} periods and {checked.charges_mended} sums of days were wrong."
            raise CommandError(text)
