"""Locks and releases lines: one reason at a time, with history, and with work for the phone system's engine."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.db import transaction
from django.utils import timezone

from accounting.models import Extension, User
from accounting.querysets.validity import held_now
from phonelock.models import EngineKind, Happened, LineState, Lock, LockEvent, LockSetUp, Reason, Through
from phonelock.models.engines import is_exchanged
from phonelock.signals import lines_changed

AT_ONCE = 2_000
SETTLED = ("wanted", "changed_at", "attempts", "error", "applied", "confirmed_at", "due_at")
"""What is written of a line's state when it is to be another one."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who locks or releases, and through what."""

    through: Through
    user: User | None = None
    """None: the product itself, or somebody without an account here."""

    @property
    def name(self) -> str:
        """As the history names them."""
        return str(self.user) if self.user else ""

    @property
    def is_administrator(self) -> bool:
        """Whether what they lock is lifted by administrators only."""
        return bool(self.user and self.user.is_administrator)


def lock(
    extensions: Iterable[int], reason: Reason, actor: Actor, *, until: datetime | None = None, note: str = ""
) -> int:
    """Let a reason hold for these lines, until a moment or until it is lifted; return how many it is new for.

    A reason that holds already keeps its beginning and takes the new end and, from an administrator, the new owner.
    """
    changed = 0
    for part in parts(extensions):
        with transaction.atomic():
            lines = locked_rows(part)
            if Lock.objects.filter(extension__in=lines, reason=reason, until__lte=timezone.now()).exists():
                end_if_over(part, reason)
            held = {one.extension_id: one for one in Lock.objects.filter(extension__in=lines, reason=reason)}
            renew(held.values(), actor, until)
            new = [line for pk, line in lines.items() if pk not in held]
            Lock.objects.bulk_create([made(line, reason, actor, until, note) for line in new])
            follow(lines, Happened.LOCKED, {line.pk for line in new}, reason, actor, until, note)
            changed += len(new)
    return changed


def release(extensions: Iterable[int], reason: Reason, actor: Actor, *, note: str = "") -> int:
    """Lift a reason from these lines; return for how many it held. Other reasons hold on (LOCK-7).

    What an administrator has locked is not lifted by anybody else: such lines are passed over.
    """
    changed = 0
    for part in parts(extensions):
        with transaction.atomic():
            lines = locked_rows(part)
            held = Lock.objects.filter(extension__in=lines, reason=reason)
            if reason == Reason.ADMINISTRATION and actor.user and not actor.is_administrator:
                held = held.filter(by_administrator=False)
            gone = set(held.values_list("extension_id", flat=True))
            held.delete()
            follow(lines, Happened.RELEASED, gone, reason, actor, None, note)
            changed += len(gone)
    return changed


def end_what_is_over() -> int:
    """Clear away the reasons whose end has come; return how many."""
    over: dict[str, list[int]] = {}
    for extension, reason in Lock.objects.filter(until__lte=timezone.now()).values_list("extension_id", "reason"):
        over.setdefault(reason, []).append(extension)
    return sum(end_if_over(part, Reason(reason)) for reason, lines in over.items() for part in parts(lines))


def end_if_over(extensions: Collection[int], reason: Reason) -> int:
    """Lift a reason from the lines on which its end has come, unless it was renewed meanwhile."""
    with transaction.atomic():
        lines = locked_rows(extensions)
        over = Lock.objects.filter(extension__in=lines, reason=reason, until__lte=timezone.now())
        gone = set(over.values_list("extension_id", flat=True))
        over.filter(extension__in=gone).delete()
        through = {Reason.BUDGET: Through.BUDGET, Reason.TIMETABLE: Through.TIMETABLE}.get(reason, Through.PORTAL)
        follow(lines, Happened.RELEASED, gone, reason, Actor(through), None, "")
    return len(gone)


def parts(extensions: Iterable[int]) -> Iterable[list[int]]:
    """Return the lines in portions of one transaction each, always in one order, so that nobody waits in a ring."""
    wanted = sorted(set(extensions))
    return [wanted[start : start + AT_ONCE] for start in range(0, len(wanted), AT_ONCE)]


def locked_rows(extensions: Collection[int]) -> dict[int, Extension]:
    """Return these extensions by id, held against others who lock or release them until the transaction ends."""
    # Not the key: workers that enter events of these lines, and hold their states, must not wait for us in a ring.
    rows = Extension.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=extensions)
    return {line.pk: line for line in rows.order_by("pk")}


def renew(held: Iterable[Lock], actor: Actor, until: datetime | None) -> None:
    """Give reasons that hold already their new end; nobody else shortens what an administrator has locked."""
    for one in held:
        if one.by_administrator and not actor.is_administrator and actor.user != one.by_user:
            continue
        if one.until == until and one.by_administrator >= actor.is_administrator:
            continue
        if actor.is_administrator and not one.by_administrator:
            one.by_administrator, one.by, one.by_user = True, actor.name, actor.user
        one.until = until
        one.save(update_fields=["until", "by", "by_user", "by_administrator"])


def made(line: Extension, reason: Reason, actor: Actor, until: datetime | None, note: str) -> Lock:
    """Return the row of a reason."""
    return Lock(
        extension=line, number=line.number, reason=reason, until=until, by=actor.name, by_user=actor.user,
        by_administrator=actor.is_administrator, note=note,
    )  # fmt: skip


def follow(
    lines: Mapping[int, Extension],
    kind: Happened,
    changed: set[int],
    reason: Reason,
    actor: Actor,
    until: datetime | None,
    note: str,
) -> None:
    """Enter a change in the history, and give the engines their work, in the transaction of the change."""
    if not changed:
        return
    still = set(Lock.objects.in_force().filter(extension__in=changed).values_list("extension_id", flat=True))
    holders = holders_of(changed)
    LockEvent.objects.bulk_create(
        LockEvent(
            kind=kind, extension_id=pk, number=lines[pk].number, person_id=holders.get(pk), reason=reason,
            through=actor.through, by=actor.name, by_user=actor.user, until=until, locked=pk in still, note=note,
        )
        for pk in sorted(changed)
    )  # fmt: skip
    want({pk: pk in still for pk in changed}, lines)
    transaction.on_commit(partial(lines_changed.send, sender=Lock, extensions=sorted(changed)), robust=True)


def want(states: Mapping[int, bool], lines: Mapping[int, Extension]) -> None:
    """Keep what each line should be; an engine that answers questions itself is told by that alone."""
    now = timezone.now()
    # A worker may be confirming just now: what it has found must not be overwritten.
    held = LineState.objects.select_for_update().filter(extension__in=states).order_by("pk")
    rows = {row.extension_id: row for row in held}
    engines = dict(LockSetUp.objects.values_list("phone_system_id", "engine"))
    new = [LineState(extension_id=pk, phone_system_id=lines[pk].phone_system_id) for pk in states if pk not in rows]
    changed = [row for row in rows.values() if row.wanted != states[row.extension_id]]
    for row in (*changed, *new):
        row.wanted, row.changed_at, row.attempts, row.error = states[row.extension_id], now, 0, ""
        settle(row, engines.get(row.phone_system_id, EngineKind.NONE), now)
    LineState.objects.bulk_create(new, batch_size=500)
    store(changed)


def store(changed: Iterable[LineState]) -> None:
    """Write states that have changed: those that are alike by one statement, of thousands there are few kinds."""
    alike: dict[tuple[object, ...], list[int]] = {}
    for row in changed:
        alike.setdefault(tuple(getattr(row, name) for name in SETTLED), []).append(row.pk)
    for values, ids in alike.items():
        LineState.objects.filter(pk__in=ids).update(**dict(zip(SETTLED, values, strict=True)))


def settle(row: LineState, engine: str, now: datetime) -> None:
    """Say what is to be done about a line whose wanted state, or whose engine, is new."""
    exchanged = is_exchanged(row.former)
    row.due_at = now if engine == EngineKind.AXL or exchanged else None
    if engine == EngineKind.CALL_CONTROL:
        # A line that still has the calling search space of another engine is not open before it was put back.
        row.applied, row.confirmed_at = row.wanted or exchanged, now
    elif engine == EngineKind.NONE:
        row.applied, row.confirmed_at = None, None


def holders_of(extensions: Iterable[int]) -> dict[int, int]:
    """Return who holds each of these lines now, the latest where several do."""
    rows = held_now().filter(extension__in=list(extensions)).order_by("valid_from", "pk")
    return dict(rows.values_list("extension_id", "user_id"))


def lines_of(people: Iterable[int]) -> set[int]:
    """Return the lines that these people hold now."""
    return set(lines_by_holder(people))


def lines_by_holder(people: Iterable[int]) -> dict[int, set[int]]:
    """Return the lines that these people hold now, each with those of them who hold it."""
    wanted = sorted(set(people))
    found: dict[int, set[int]] = {}
    for start in range(0, len(wanted), AT_ONCE):
        rows = held_now().filter(user__in=wanted[start : start + AT_ONCE]).values_list("extension_id", "user_id")
        for line, person in rows:
            found.setdefault(line, set()).add(person)
    return found
