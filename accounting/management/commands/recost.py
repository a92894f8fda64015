"""Prices stored calls anew from the shell: a dry run, and on request the change, through the same door as the page."""

import json
from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounting.models import Correction, CorrectionKind, CorrectionState, PhoneSystem
from accounting.services import corrections
from accounting.services.selecting import Selection
from callanalytics.lib.money import from_micro
from callanalytics.lib.periods import between


class Command(BaseCommand):
    """`recost --from DAY --to DAY [--system NAME] [--apply] [--json]`: days are included, in the portal's zone."""

    help = "Prices the calls of a period anew: without --apply it only says what would change."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--from", dest="first", type=date.fromisoformat, required=True, metavar="YYYY-MM-DD")
        parser.add_argument("--to", dest="last", type=date.fromisoformat, required=True, metavar="YYYY-MM-DD")
        parser.add_argument("--system", metavar="NAME", help="Only the calls of this phone system.")
        parser.add_argument("--apply", action="store_true", help="Change the calls; can be undone in the set-up.")
        parser.add_argument("--reason", default="", help="Kept with the correction.")
        parser.add_argument("--json", action="store_true", help="Print one JSON line only.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do the dry run, apply it where asked, and print the figures."""
        if options["first"] > options["last"]:
            raise CommandError("The first day is after the last one.")
        period = between(options["first"], options["last"])
        selection = Selection(
            start=period.start.isoformat() if period.start else "",
            end=period.end.isoformat() if period.end else "",
            phone_system=system_id(options["system"]),
        )
        correction = corrections.begin(CorrectionKind.COST, selection, None)
        corrections.run_dry(correction, lambda done, total: None)
        if options["apply"]:
            correction.reason, correction.state = options["reason"][:200], CorrectionState.APPLYING
            correction.save(update_fields=["reason", "state"])
            corrections.run_apply(correction, lambda done, total: None)
        else:
            corrections.discard(correction)
        figures = figures_of(correction)
        text = json.dumps(figures) if options["json"] else "  ".join(f"{name} {one}" for name, one in figures.items())
        self.stdout.write(text)


def system_id(name: str | None) -> int | None:
    """Return the id of a phone system by name; raises CommandError when there is none."""
    if not name:
        return None
    found = PhoneSystem.objects.filter(name=name).values_list("pk", flat=True).first()
    if found is None:
        known = ", ".join(PhoneSystem.objects.values_list("name", flat=True)) or "none"
        raise CommandError(f"There is no phone system {name!r} (known: {known}).")
    return found


def figures_of(correction: Correction) -> dict[str, Any]:
    """Return what is printed: counts, and by currency the amounts before and after."""
    return {
        "correction": correction.pk,
        "records": correction.records,
        "changed": correction.changed,
        "newly_priced": correction.summary["newly_priced"],
        "now_unpriced": correction.summary["now_unpriced"],
        "costs": {
            currency: [str(from_micro(amount)) for amount in amounts]
            for currency, amounts in correction.summary["currencies"].items()
        },
        "applied": correction.applied_at is not None,
    }
