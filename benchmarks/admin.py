"""How long the set-up's big pieces of work take: each part is one function that prints its figures."""

import django
from django.core.management import call_command

django.setup()

from benchmarks import admin_directory  # noqa: E402  (models need the set-up)

PARTS = (admin_directory.measure,)
"""What is measured, in this order; the parts that need call records come last."""


def main() -> None:
    """Measure every part, on one database."""
    call_command("migrate", verbosity=0)
    for measure in PARTS:
        measure()


if __name__ == "__main__":
    main()
