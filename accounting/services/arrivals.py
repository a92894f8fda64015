"""The mark that tells whether calls have arrived or what is shown of them has changed."""

from functools import lru_cache

from django.db import connection

from accounting.models import CallRecord, ImportBatch, ReferenceRevision

BATCHES_IN_FLIGHT = 256
"""Imports that may commit later than one with a higher id; the arrival mark counts over so many."""

BATCH = ImportBatch._meta.db_table
REVISION = ReferenceRevision._meta.db_table
ARRIVAL_SQL = f"""
    SELECT (SELECT number FROM {REVISION} WHERE id = 1), (SELECT MAX(id) FROM {BATCH}), COUNT(*)
    FROM {BATCH} WHERE id > (SELECT MAX(id) FROM {BATCH}) - {BATCHES_IN_FLIGHT}
"""  # noqa: S608  (names of tables, no input)

IMPORTS_SQL = f"""
    SELECT (SELECT number FROM {REVISION} WHERE id = 1), id
    FROM {BATCH} WHERE id > (SELECT MAX(id) FROM {BATCH}) - {2 * BATCHES_IN_FLIGHT}
"""  # noqa: S608  (names of tables, no input)
Imports = frozenset[int]
People = frozenset[int | None]
_latest: dict[str, Imports] = {}
MARKS_KEPT = 64
"""The latest imports by arrival mark, as this process has seen them; the oldest are dropped."""
MOST_PEOPLE = 1000
"""People whom an import concerns, as kept; with more it may be anybody: a backlog's large imports fill the memory."""


def arrival_mark() -> str:
    """Return a text that differs whenever calls have arrived or names, lines, rules or prices have changed.

    One small query over primary keys. It is exact because every new or corrected call record is committed together with
    a new import, and everything else that pages show of calls raises the reference revision. The number of the latest
    imports is part of it, since an import may commit after one with a higher id.
    """
    with connection.cursor() as cursor:
        cursor.execute(ARRIVAL_SQL)
        revision, newest, latest = cursor.fetchone()
    return f"{revision or 0}.{newest or 0}.{latest}"


def concerns(person: int, before: str, now: str) -> bool:
    """Whether what has come between two arrival marks may have changed anything that is shown of a person's own calls.

    Answered without a query by a process that has seen both marks and read whom the imports between them concern, so
    that open pages of everybody else need not look at their calls each time somebody's calls arrive.
    """
    earlier, latest = _latest.get(before), latest_imports(now)
    if earlier is None or latest is None or reference_of(before) != reference_of(now):
        return True
    # Twice as many are read, so that those are here, too, that were in flight at the earlier mark and committed since.
    if not 0 <= max(latest, default=0) - max(earlier, default=0) <= BATCHES_IN_FLIGHT:
        return True
    return any(person in people for people in map(people_of, latest - earlier))


def reference_of(mark: str) -> str:
    """Return the part of an arrival mark that differs when names, lines, rules or prices have changed."""
    return mark.partition(".")[0]


def latest_imports(mark: str) -> Imports | None:
    """Return the latest committed imports at an arrival mark; None when more has come since it was read."""
    if mark not in _latest:
        with connection.cursor() as cursor:
            cursor.execute(IMPORTS_SQL)
            rows = cursor.fetchall()
        imports = frozenset(batch for _revision, batch in rows)
        revision, newest = rows[0][0] if rows else 0, max(imports, default=0)
        counted = sum(one > newest - BATCHES_IN_FLIGHT for one in imports)
        remember(f"{revision or 0}.{newest}.{counted}", imports)
    return _latest.get(mark)


def remember(mark: str, imports: Imports) -> None:
    """Keep the latest imports at a mark."""
    _latest[mark] = imports
    for oldest in list(_latest)[:-MARKS_KEPT]:
        _latest.pop(oldest, None)


class _Everybody:
    """Those whom an import may concern that does not say whom: all."""

    def __contains__(self, person: object) -> bool:
        return True


@lru_cache(maxsize=2 * BATCHES_IN_FLIGHT)
def people_of(batch: int) -> People | _Everybody:
    """Return the people to whom an import has brought call records, or from whom it took some back."""
    found = ImportBatch.objects.filter(pk=batch).first()
    if found is None or found.taken_from is None:
        return _Everybody()
    brought: set[int | None] = set()
    if found.first_record is not None:
        records = CallRecord.objects.filter(pk__range=(found.first_record, found.last_record)).order_by()
        brought.update(records.values_list("user_id", flat=True).distinct()[: MOST_PEOPLE + 1])
    if len(brought) > MOST_PEOPLE:
        return _Everybody()
    return frozenset(found.taken_from) | (brought - {None})


def forget_arrivals() -> None:
    """Forget what this process has read of imports: for another database."""
    _latest.clear()
    people_of.cache_clear()
