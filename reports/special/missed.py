"""Missed calls and what became of them: called back or not, by whom, after how long (EX-3)."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounting.models import CallRecord, Direction, Kind, Outcome
from accounting.services.naming import person_names
from reports.engine.answering import calls_of
from reports.engine.fields import Asker
from reports.engine.layout import Column, Layout, Row, list_address, narrowed_to
from reports.engine.measures import Form
from reports.engine.question import Question

MOST_MISSED = 20_000
CHUNK = 500
COLUMNS = [
    Column("name", gettext_lazy("Number")),
    Column("missed", gettext_lazy("Missed"), Form.COUNT),
    Column("last", gettext_lazy("Last missed"), Form.MOMENT),
    Column("state", gettext_lazy("State")),
    Column("by", gettext_lazy("By")),
    Column("after", gettext_lazy("Reaction time"), Form.SECONDS),
]


@dataclass(slots=True)
class Caller:
    """One number's missed calls and the first conversation after the last of them."""

    missed: list[datetime] = field(default_factory=list)
    answer: CallRecord | None = None


def missed_and_open(question: Question, asker: Asker) -> Layout:
    """Return callers whose last missed call nobody has followed up, longest waiting first, then the others."""
    missed = (
        calls_of(question, asker)
        .filter(direction=Direction.INCOMING, kind=Kind.PUBLIC)
        .exclude(outcome=Outcome.ANSWERED)
        .exclude(other_number="")
    )
    callers: dict[str, Caller] = defaultdict(Caller)
    rows = list(missed.order_by("-started_at").values_list("other_number", "started_at")[: MOST_MISSED + 1])
    for number, started in rows[:MOST_MISSED]:
        callers[number].missed.append(started)
    follow_up(callers)
    names = person_names(caller.answer.user_id for caller in callers.values() if caller.answer)
    seen = visible_ids(callers, asker)
    layout = Layout(
        COLUMNS,
        [row_of(number, caller, names, seen, question, asker) for number, caller in in_order(callers)],
        levels=1,
    )
    if len(rows) > MOST_MISSED:
        layout.notes.append(_("Only the latest %(most)s missed calls were looked at.") % {"most": MOST_MISSED})
    return layout


def follow_up(callers: dict[str, Caller]) -> None:
    """Find for each number the first conversation, in either direction, after its last missed call."""
    numbers = list(callers)
    for start in range(0, len(numbers), CHUNK):
        some = numbers[start : start + CHUNK]
        earliest = min(max(callers[number].missed) for number in some)
        later = CallRecord.objects.filter(
            other_number__in=some, started_at__gt=earliest, outcome=Outcome.ANSWERED, kind=Kind.PUBLIC
        ).order_by("started_at")
        for record in later.only("id", "other_number", "started_at", "direction", "user_id", "extension"):
            caller = callers[record.other_number]
            if caller.answer is None and record.started_at > max(caller.missed):
                caller.answer = record


def visible_ids(callers: dict[str, Caller], asker: Asker) -> set[int]:
    """Return those follow-up calls whose person the reader may know."""
    ids = [caller.answer.pk for caller in callers.values() if caller.answer]
    return set(CallRecord.objects.visible_to(asker.reader).filter(pk__in=ids).values_list("pk", flat=True))


def in_order(callers: dict[str, Caller]) -> Iterable[tuple[str, Caller]]:
    """Return the open ones first, each part by its last missed call, the longest waiting first."""
    return sorted(callers.items(), key=lambda pair: (pair[1].answer is not None, max(pair[1].missed)))


def row_of(number: str, caller: Caller, names: dict[int, str], seen: set[int], question: Question, asker: Asker) -> Row:
    """Return one number's row."""
    last, record = max(caller.missed), caller.answer
    by, after, state = "", None, _("Open")
    if record is not None:
        state = _("Called back") if record.direction == Direction.OUTGOING else _("Reached us later")
        by = (names.get(record.user_id or 0) or record.extension) if record.pk in seen else _("a colleague")
        after = timedelta(seconds=int((record.started_at - last).total_seconds()))
    shown = asker.masker.of_others(number)
    narrowed = narrowed_to(question, "number", number, shown.key)
    calls = list_address(narrowed) if narrowed else ""
    return Row([shown.text, len(caller.missed), last, state, by, after], calls=calls)
