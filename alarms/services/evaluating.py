"""Looks at what rules watch, exactly once: the result, the alarms, the mails and the new marks are one transaction.

Whoever works takes the rule that waits longest and holds its row; others take the next. A worker that is killed leaves
nothing behind, and the rule is due as before.
"""

import sqlite3
import time
from datetime import datetime

import structlog
from django.conf import settings
from django.db import DatabaseError, OperationalError, connection, transaction
from django.utils import timezone, translation

from accounting.models import User
from accounting.services.auditing import acting, actor_of
from accounting.services.watching import Light, states_of_collection
from accounting.services.zones import zone_of
from alarms.kinds import KINDS, reasons
from alarms.kinds.base import CannotLook
from alarms.kinds.looking import Look, arrived_since, look_of
from alarms.models import AlarmRule, PausedBecause, Result, RuleRun
from alarms.services.raising import raise_once
from alarms.services.telling import tell_failure, tell_run

log = structlog.get_logger(__name__)
LONGEST_LOOK = 20_000
"""Milliseconds after which the database ends a look."""
STATEMENT_ENDED = "57014"
"""What PostgreSQL calls that."""
FAILURES_UNTIL_TOLD = 3
MOST_FAILURES = 30_000
"""That are counted: more do not fit into the column."""
TOO_COMPLEX = "54"
"""How what PostgreSQL calls statements beyond its limits begins."""
STATEMENTS_OF_SQLITE = frozenset({sqlite3.SQLITE_ERROR, sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_INTERRUPT})
"""Errors that SQLite has with a statement, not with its file."""


def evaluate_due(seconds: float = 20.0) -> bool:
    """Work off rules that are due for so long; return whether some are left."""
    deadline = time.monotonic() + seconds
    while evaluate_next():
        if time.monotonic() > deadline:
            return AlarmRule.objects.due(timezone.now()).exists()
    return False


def evaluate_next() -> bool:
    """Look with the rule that waits longest, unless others work at all that are due; return whether there was one."""
    with transaction.atomic():
        due = AlarmRule.objects.due(timezone.now()).select_for_update(skip_locked=True, of=("self",))
        rule = due.select_related("owner").first()
        if rule is None or rule.next_run is None:
            return False
        pk, moment = rule.pk, rule.next_run
        try:
            with transaction.atomic():
                evaluate(rule, moment)
        except Exception as error:
            if is_passing(error):
                raise
            # A fault of the product must not be met again and again by every worker.
            log.exception("alarm_rule_not_evaluated", rule=pk)
            put_off(pk)
    return True


def is_passing(error: Exception) -> bool:
    """Return whether the database as a whole is disturbed, rather than by what one rule asks of it."""
    if not isinstance(error, OperationalError):
        return False
    cause = error.__cause__
    if isinstance(cause, sqlite3.Error):
        return cause.sqlite_errorcode & 0xFF not in STATEMENTS_OF_SQLITE
    state = getattr(cause, "sqlstate", None) or ""
    return not state.startswith(TOO_COMPLEX) and state != STATEMENT_ENDED


def put_off(rule_id: int) -> None:
    """Enter a look that failed unexpectedly, and go on with the rule's next time."""
    rule, now = AlarmRule.objects.select_related("owner").get(pk=rule_id), timezone.now()
    # Not at its due time: if the clock was set back there may be a run of that time, the very reason of the fault.
    end(rule, RuleRun(rule=rule, due_at=now, result=Result.FAILED, reason=reasons.UNEXPECTED), now)


def run_now(rule: AlarmRule, by: User) -> RuleRun:
    """Look at once, without waiting for the rule's time; its due times stay as they are."""
    with transaction.atomic():
        locked = AlarmRule.objects.select_for_update(of=("self",)).select_related("owner").get(pk=rule.pk)
        return evaluate(locked, timezone.now(), by)


def evaluate(rule: AlarmRule, due: datetime, by: User | None = None) -> RuleRun:
    """Look, raise what is new, tell it, and store the run with the new marks; the transaction is the caller's."""
    begun, now, owner = time.monotonic(), timezone.now(), rule.owner
    run, is_all = RuleRun(rule=rule, due_at=due, by=by, looked_at=now, result=Result.FAILED), True
    language = rule.language or (owner.language if owner else "") or settings.LANGUAGE_CODE
    with acting(actor_of(owner)), translation.override(language), timezone.override(zone_of(owner)):
        if owner is None or not owner.is_active:
            run.reason = reasons.NO_OWNER
        elif not owner.is_overseer:
            run.reason = reasons.NO_RIGHTS
        else:
            is_all = look_with(rule, owner, run, now)
        run.milliseconds = round((time.monotonic() - begun) * 1000)
        end(rule, run, now, is_all=is_all)
        tell_run(rule, run)
    return run


def look_with(rule: AlarmRule, owner: User, run: RuleRun, now: datetime) -> bool:
    """Look with the owner's rights of now, and raise what is new; marks go forward only when that was possible.

    Returns whether that was all; if not, what has arrived is too much for one look.
    """
    kind = KINDS.get(rule.kind)
    if kind is None:
        run.reason = reasons.KIND_GONE
        return True
    marks, arrived, is_all = arrived_since(rule.marks)
    look = look_of(rule, owner, now, arrived)
    run.save()
    try:
        with transaction.atomic():
            limit_time()
            run.calls = look.arrivals().count() if arrived is not None else 0
            if run.calls or not kind.needs_arrivals:
                run.raised = raise_once(rule, run, kind.find(rule.parameters, look))
    except CannotLook as error:
        run.reason = error.reason
        return True
    except DatabaseError as error:
        if not was_ended(error):
            raise
        run.reason = reasons.TOO_LONG
        return True
    if not run.calls and arrived is None and kind.needs_arrivals:
        run.result, run.reason = nothing_arrived(look)
        if run.result == Result.FAILED:
            return True
    else:
        run.result = Result.FIRED if run.raised else Result.QUIET
    rule.marks, rule.looked_at = marks, now
    return is_all


def nothing_arrived(look: Look) -> tuple[Result, str]:
    """Tell a time without calls from one of which nothing can be known."""
    disturbed = any(state.light == Light.RED for state in states_of_collection())
    return (Result.FAILED, reasons.COLLECTION_STOPPED) if disturbed else (Result.NO_DATA, reasons.NOTHING_ARRIVED)


def limit_time(milliseconds: int = LONGEST_LOOK) -> None:
    """Let the database end what takes too long, within this transaction."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = {milliseconds}")


def was_ended(error: DatabaseError) -> bool:
    """Return whether the database has ended a statement since it took too long."""
    return getattr(error.__cause__, "sqlstate", "") == STATEMENT_ENDED


def end(rule: AlarmRule, run: RuleRun, now: datetime, *, is_all: bool = True) -> None:
    """Store a run, and the rule with its next time; a rule without owner sleeps until it is handed over.

    One that could not look at all that has arrived is due again at once.
    """
    # That the collection is disturbed is a matter of the phone system, not of each rule: the status page says it.
    failed = run.result == Result.FAILED and run.reason != reasons.COLLECTION_STOPPED
    rule.failures = min(rule.failures + 1, MOST_FAILURES) if failed else 0
    if run.reason == reasons.NO_OWNER:
        rule.paused_because = PausedBecause.LEFT
    run.looked_at = run.looked_at or now
    run.save()
    rule.next_run = next_time(rule, run, now)
    if not is_all and rule.next_run is not None:
        rule.next_run = timezone.now()
    rule.save(update_fields=["marks", "looked_at", "failures", "paused_because", "next_run"])
    if failed and rule.failures == FAILURES_UNTIL_TOLD:
        tell_failure(rule, run)


def next_time(rule: AlarmRule, run: RuleRun, now: datetime) -> datetime | None:
    """Return when the rule looks next: later than now, so that times that nobody saw are made up for once."""
    if rule.is_paused or rule.deleted_at is not None:
        return None
    if run.by is not None:
        return rule.next_run
    try:
        return rule.recurrence.after(max(run.due_at, now))
    except (LookupError, ValueError, OverflowError, OSError):
        log.exception("alarm_rule_without_times", rule=rule.pk)
        rule.paused_because = PausedBecause.BROKEN
        return None
