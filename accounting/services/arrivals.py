"""The mark that tells whether calls have arrived or what is shown of them has changed."""

from django.db import connection

from accounting.models import ImportBatch, ReferenceRevision

BATCHES_IN_FLIGHT = 256
"""Imports that may commit later than one with a higher id; the arrival mark counts over so many."""

BATCH = ImportBatch._meta.db_table
REVISION = ReferenceRevision._meta.db_table
ARRIVAL_SQL = f"""
    SELECT (SELECT number FROM {REVISION} WHERE id = 1), (SELECT MAX(id) FROM {BATCH}), COUNT(*)
    FROM {BATCH} WHERE id > (SELECT MAX(id) FROM {BATCH}) - {BATCHES_IN_FLIGHT}
"""  # noqa: S608  (names of tables, no input)


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
