"""500 alarm rules of all kinds due in one minute over 10,000,000 calls: each looks once, also when a worker dies."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from typing import Any

import django

django.setup()

from django.db import connection  # noqa: E402  (models need the set-up)
from django.utils import timezone  # noqa: E402

from accounting.demo.generation import Generation  # noqa: E402
from accounting.demo.organisation import FIRST_SYSTEM, build_organisation  # noqa: E402
from accounting.models import (  # noqa: E402
    PRIVATE,
    CallLeg,
    CallRecord,
    CallType,
    Direction,
    ExtensionDay,
    ImportBatch,
    ImportFile,
    MailServer,
    Membership,
    OutgoingMail,
    PhoneSystem,
    Role,
    Supervision,
    UnitHalfHour,
    User,
)
from accounting.services.importing import import_files  # noqa: E402
from alarms.kinds import KINDS  # noqa: E402
from alarms.kinds.base import Kind  # noqa: E402
from alarms.kinds.looking import latest_marks  # noqa: E402
from alarms.models import AlarmedCall, AlarmRule, Result, RuleRun  # noqa: E402
from benchmarks.calls import DAYS, PEOPLE, START  # noqa: E402
from benchmarks.figures import note, show  # noqa: E402
from benchmarks.year import fill  # noqa: E402

RECORDS = {"postgresql": 10_000_000, "sqlite": 1_000_000}
RULES, OWNERS, CALLS, IMPORTS = 500, 100, 10_000, 4
ADMINISTRATORS = 10
"""One of so many owners sees all calls; the others those of a department."""
LIMIT, LIMIT_ALONE = 30, 60
"""Seconds until all have looked, with two workers and two cores; when the one that is left does most of it alone."""
PATIENCE = 300
WORK = """
import sys
from alarms.services.evaluating import evaluate_due
print("ready", flush=True)
sys.stdin.readline()
evaluate_due(300)
"""
SYSTEM = FIRST_SYSTEM
CHOSEN: dict[str, list[dict[str, Any]]] = {
    "outside_hours": [{}, {"direction": "both"}, {"direction": "incoming", "external": ""}],
    "listed_numbers": [{"numbers": "+44*"}, {"numbers": "0900*\n+33*\n+43*", "direction": "both"}],
    "missed_calls": [{"limit": 3}, {"limit": 50, "within": "hour", "counted": "all"}, {"extensions": "2000-2999"}],
    "unknown_destinations": [{}, {"limit": 3, "within": "hour"}],
    "unknown_extensions": [{}, {"repeat": "day"}],
    "spend": [{"amount": "20"}, {"amount": "500", "who": "each_department"}, {"amount": "20", "period": "day"}],
    "unusual": [{}, {"measure": "minutes", "minimum": "60"}],
    "bursts": [{}, {"pattern": "caller"}],
}
"""Answers to the forms of some kinds that differ from their first values; other kinds take these."""


def main() -> None:
    """Fill the database, let calls arrive and rules be due; then once more, and one of two workers is killed."""
    keep = bool(os.environ.get("KEEP"))
    if not keep:
        fill(int(os.environ.get("RECORDS", RECORDS[connection.vendor])))
    with tempfile.TemporaryDirectory() as folder, removed_afterwards() if keep else ExitStack():
        batches = arrivals(Path(folder))
        enter_rules()
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE alarms_alarmrule")
        for name, kill in (("alarms", False), ("alarms_one_killed", True)):
            before = CallRecord.objects.latest("pk").pk
            for path in islice(batches, IMPORTS):
                import_files(PhoneSystem.objects.get(name=SYSTEM), [path])
            tell(name, measure(kill=kill), before)


def enter_rules() -> None:
    """Enter rules of all kinds in turn for administrators and supervisors, with what has arrived so far behind them."""
    owners = overseers()
    administrators = [person for person in owners if person.is_administrator]
    marks, now = latest_marks(), timezone.now()
    MailServer(allowed_domains="example.com").save()
    answers = {slug: cycle(CHOSEN.get(slug, [{}])) for slug in KINDS}
    rules = []
    for place, slug in enumerate(islice(cycle(KINDS), RULES)):
        some = administrators if KINDS[slug].for_administrators else owners
        owner = some[place // len(KINDS) % len(some)]
        rules.append(
            AlarmRule(
                name=f"Rule {place}", kind=slug, owner=owner, zone="Europe/Berlin", unit="days",
                marks=marks, looked_at=now, recipients=[f"reader{place}@example.com"],
                parameters=accepted(KINDS[slug], next(answers[slug]), owner),
            )
        )  # fmt: skip
    AlarmRule.objects.bulk_create(rules)
    note(f"{len(rules)} rules of {len(KINDS)} kinds, {len({rule.owner_id for rule in rules})} owners")


def overseers() -> list[User]:
    """Make a tenth of some people administrators, and the others supervisors of their departments."""
    people = list(User.objects.filter(role=Role.USER, is_active=True, lines__isnull=False).order_by("pk")[:OWNERS])
    for place, person in enumerate(people):
        person.role = Role.SUPERVISOR if place % ADMINISTRATORS else Role.ADMINISTRATOR
        person.is_superuser = not place % ADMINISTRATORS
        membership = Membership.objects.filter(user=person).latest("pk")
        if place % ADMINISTRATORS:
            Supervision.objects.create(supervisor=person, department_id=membership.department_id)
    User.objects.bulk_update(people, ["role", "is_superuser"])
    return people


def accepted(kind: Kind, answers: dict[str, Any], owner: User) -> dict[str, Any]:
    """Return what the form of a kind makes of some answers beside its first values."""
    empty = kind.form(owner=owner)
    first = {name: empty.get_initial_for_field(field, name) for name, field in empty.fields.items()}
    form = kind.form(data={name: value for name, value in (first | answers).items() if value is not None}, owner=owner)
    if not form.is_valid():
        raise RuntimeError(f"{kind.slug}: {form.errors.as_text()}")
    return form.parameters()


def arrivals(folder: Path) -> Iterator[Path]:
    """Write files of the calls of the present week, for two rounds of imports."""
    organisation = build_organisation(PEOPLE, start=START, days=DAYS)
    monday = date.today() - timedelta(days=date.today().weekday())  # noqa: DTZ011  (any will do)
    generation = Generation(
        organisation, monday, 6, 5 * CALLS, seed=int(time.time()), records_per_file=CALLS // IMPORTS, cmr=False,
        systems=(SYSTEM,),
    )  # fmt: skip
    for file in generation:
        if file.records >= CALLS // IMPORTS:
            path = folder / file.name
            path.write_bytes(file.content)
            yield path


def measure(*, kill: bool) -> float:
    """Let all rules be due and two workers look, kill one in the middle if asked; return the seconds until all have."""
    earlier = RuleRun.objects.count()
    command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", WORK]
    workers = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(2)]
    for worker in workers:
        assert worker.stdout
        worker.stdout.readline()
    AlarmRule.objects.update(next_run=datetime.now(UTC).replace(microsecond=0))
    begun = time.perf_counter()
    for worker in workers:
        assert worker.stdin
        worker.stdin.write(b"\n")
        worker.stdin.flush()
    while (done := RuleRun.objects.count() - earlier) < RULES and time.perf_counter() - begun < PATIENCE:
        if kill and done >= RULES // 3:
            os.kill(workers[0].pid, signal.SIGKILL)
            note(f"a worker killed after {time.perf_counter() - begun:.1f} s, {done} rules done")
            kill = False
        time.sleep(0.1)
    seconds = time.perf_counter() - begun
    for worker in workers:
        worker.communicate(timeout=PATIENCE)
    return seconds


def tell(name: str, seconds: float, before: int) -> None:
    """Print how long it took, what was found, and whether each rule has looked once and missed nothing."""
    newest = RuleRun.objects.order_by("-pk")[:RULES]
    runs = list(RuleRun.objects.filter(due_at=newest[0].due_at).select_related("rule"))
    arrived = CallRecord.objects.filter(pk__gt=before)
    note(f"{arrived.count()} calls arrived in {IMPORTS} imports; {dict(Counter(run.result for run in runs))}")
    note(f"{sum(run.raised for run in runs)} alarms, {OutgoingMail.objects.count()} mails; milliseconds by kind:")
    taken = defaultdict(list)
    for run in runs:
        taken[run.rule.kind].append(run.milliseconds)
    for slug, values in sorted(taken.items(), key=lambda one: -sum(one[1])):
        note(f"  {slug:24} {len(values):4} rules, median {median(values):6.0f}, longest {max(values):6.0f}")
    show(f"{name}_seconds", seconds, LIMIT_ALONE if name.endswith("killed") else LIMIT, most=True)
    show(f"{name}_looked_once", Counter(run.rule_id for run in runs).total(), RULES)
    show(f"{name}_looked_twice", len(runs) - len({run.rule_id for run in runs}), 0, most=True)
    show(f"{name}_failed", sum(run.result == Result.FAILED for run in runs), 0, most=True)
    show(f"{name}_calls_lost", lost(arrived), 0, most=True)


def lost(arrived: Any) -> int:
    """Return how many calls abroad administrators were not told of; private ones are nobody else's business."""
    names = ("phone_system_id", "started_at", "extension", "leg", "direction")
    foreign = arrived.filter(direction=Direction.OUTGOING, call_type=CallType.INTERNATIONAL).exclude(
        purpose__in=PRIVATE
    )
    there = set(foreign.values_list(*names))
    earliest = min(moment for _, moment, *_ in there)
    differing = 0
    for rule in AlarmRule.objects.filter(kind="international", owner__role=Role.ADMINISTRATOR):
        raised = AlarmedCall.objects.filter(rule=rule, started_at__gte=earliest)
        differing += len(there - set(raised.values_list(*names)))
    return differing


@contextmanager
def removed_afterwards() -> Iterator[None]:
    """Take from a database that is kept what was entered meanwhile."""
    calls = (CallRecord, CallLeg, ExtensionDay, UnitHalfHour, ImportFile, ImportBatch)
    models = (AlarmRule, OutgoingMail, Supervision, MailServer, *calls)
    others = list(User.objects.exclude(role=Role.USER).values_list("pk", flat=True))
    last = {model: model.objects.order_by("-pk").values_list("pk", flat=True).first() or 0 for model in models}
    try:
        yield
    finally:
        User.objects.exclude(role=Role.USER).exclude(pk__in=others).update(role=Role.USER, is_superuser=False)
        for model, pk in last.items():
            model.objects.filter(pk__gt=pk).delete()


if __name__ == "__main__":
    main()
