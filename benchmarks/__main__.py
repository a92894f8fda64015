"""Runs the benchmarks: each on a database of its own, in a process of its own."""

import subprocess
import sys
from argparse import ArgumentParser

from benchmarks.databases import environment

SUITES = {
    "ingest": (("benchmarks.ingest", "postgresql"), ("benchmarks.ingest", "sqlite")),
    "home": (("benchmarks.home", "postgresql"),),
    "admin": (("benchmarks.admin", "postgresql"), ("benchmarks.admin_recosting", "postgresql")),
    "exports": (("benchmarks.exports", "postgresql"),),
    "schedules": (("benchmarks.schedules", "postgresql"),),
    "budgets": (("benchmarks.budgets", "postgresql"),),
    "alarms": (("benchmarks.alarms", "postgresql"),),
    "call_control": (("benchmarks.call_control", "postgresql"),),
    "reports": (("benchmarks.reports", "postgresql"), ("benchmarks.reports", "sqlite")),
    "dashboard": (("benchmarks.dashboard", "postgresql"),),
    "polling": (("benchmarks.polling", "postgresql"),),
    "memory": (("benchmarks.memory", "postgresql"),),
}
"""Modules by what is measured, each with its kind of database."""
USUAL = ("ingest", "home", "admin", "schedules")


def main() -> int:
    """Run what was asked for; return 1 when a benchmark breaks, or under --strict when a figure is short."""
    parser = ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", nargs="*", choices=[*SUITES, []], help="which (default: all that take a few minutes)")
    parser.add_argument("--long", action="store_true", help="the memory of a million records, too")
    parser.add_argument("--strict", action="store_true", help="fail when a figure is short")
    options = parser.parse_args()
    subprocess.run(
        ["scripts/debian_packages.sh", "postgresql-15", "wrk", "slapd", "ldap-utils", "redis-server"], check=True
    )
    names = options.name or [*USUAL, *(["memory"] if options.long else [])]
    results = [run(module, database) for name in names for module, database in SUITES[name]]
    broken = any(status for status, _ in results)
    return int(broken or (options.strict and any(short for _, short in results)))


def run(module: str, database: str) -> tuple[int, bool]:
    """Run one module; return its exit status and whether one of its figures is short. Its lines pass through."""
    short = False
    with environment(database) as variables:
        command = [sys.executable, "-m", module]
        with subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, text=True) as process:
            for line in process.stdout or ():
                print(line, end="", flush=True)
                short = short or line.endswith(" short\n")
    return process.returncode, short


if __name__ == "__main__":
    sys.exit(main())
