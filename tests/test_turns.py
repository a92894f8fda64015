"""Large transactions on SQLite let others write in between, and no page waits for them only to count itself."""

import errno
import fcntl
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.test import Client

from accounting.models import User
from callanalytics.lib import turns
from reports.models import ReportUse

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("connection.vendor != 'sqlite'", reason="PostgreSQL has many writers at a time"),
]


@contextmanager
def another_writer() -> Iterator[sqlite3.Connection]:
    """A program that knows nothing of turns."""
    other = sqlite3.connect(str(connection.settings_dict["NAME"]), timeout=30, isolation_level=None)
    try:
        yield other
    finally:
        other.close()


def test_who_waits_writes_between_two_large_transactions(admin: User) -> None:
    order: list[str] = []
    begun = threading.Event()

    def sign_in() -> None:
        begun.wait()
        with closing(connection), transaction.atomic():
            order.append("sign-in")

    def look_around() -> None:
        begun.wait()
        with closing(connection):
            User.objects.update(last_login=admin.date_joined)  # one statement, no transaction of its own
            order.append("look")

    waiting = [threading.Thread(target=sign_in), threading.Thread(target=look_around)]
    for one in waiting:
        one.start()
    for number in range(3):
        with turns.bulk_transaction():
            begun.set()
            time.sleep(turns.PAUSE)
            order.append(f"batch {number}")
    for one in waiting:
        one.join()
    assert order[0] == "batch 0"
    assert set(order[1:3]) == {"sign-in", "look"}


def test_no_large_transaction_pauses_for_nobody() -> None:
    gaps, ended = [], 0.0
    for _ in range(4):
        with turns.bulk_transaction():
            gaps.append(time.monotonic() - ended)
            time.sleep(0.1)
        ended = time.monotonic()
    assert min(gaps) < 0.05


def test_large_transactions_of_others_wait_their_turn() -> None:
    inside, overlapping = threading.Event(), []

    def import_batch() -> None:
        inside.wait()
        try:
            with turns.bulk_transaction():
                overlapping.append(inside.is_set())
        finally:
            connection.close()

    other = threading.Thread(target=import_batch)
    other.start()
    with turns.bulk_transaction():
        inside.set()
        with turns.bulk_transaction():  # within one: no turn of its own
            time.sleep(0.1)
        inside.clear()
    other.join()
    assert overlapping == [False]


def test_a_backlog_lets_other_large_transactions_in_between() -> None:
    order: list[str] = []
    begun = threading.Event()

    def top_up() -> None:
        begun.wait()
        try:
            with turns.bulk_transaction():
                order.append("top-up")
        finally:
            connection.close()

    waiting = threading.Thread(target=top_up)
    waiting.start()
    for number in range(6):
        with turns.bulk_transaction():
            begun.set()
            time.sleep(0.1)
            order.append(f"batch {number}")
    waiting.join()
    assert "top-up" in order[:3], order


def test_a_turn_is_a_courtesy_only_the_database_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    path = Path(f"{connection.settings_dict['NAME']}-turn")
    path.unlink(missing_ok=True)
    path.mkdir()  # as little to be opened as a file of another account
    try:
        with turns.bulk_transaction():
            User.objects.create_user("first")
    finally:
        path.rmdir()

    def without_locks(*_arguments: object) -> None:
        raise OSError(errno.ENOLCK, "no locks available")

    monkeypatch.setattr(fcntl, "flock", without_locks)
    with turns.bulk_transaction():
        User.objects.create_user("second")
    assert User.objects.filter(username__in=("first", "second")).count() == 2


@pytest.mark.skipif("os.geteuid() != 0", reason="only the superuser gives files away")
def test_a_command_of_the_superuser_does_not_lock_the_portal_out() -> None:
    database = Path(connection.settings_dict["NAME"])
    line, before = Path(f"{database}-turn"), database.stat()
    line.unlink(missing_ok=True)
    os.chown(database, 12345, 12345)
    try:
        with turns.bulk_transaction():
            User.objects.create_user("first")
        assert line.stat().st_uid == 12345
    finally:
        os.chown(database, before.st_uid, before.st_gid)
        line.unlink()


def test_a_report_does_not_wait_for_a_writer(admin: User) -> None:
    desk = Client()
    desk.force_login(admin)
    with another_writer() as other:
        other.execute("BEGIN IMMEDIATE")
        begun = time.monotonic()
        assert desk.get("/reports/by-day/").status_code == 200
        took = time.monotonic() - begun
        other.execute("ROLLBACK")
    assert took < 15  # without that, the thirty seconds for which a write waits
    assert not ReportUse.objects.exists()
    desk.get("/reports/by-day/")
    assert ReportUse.objects.get().count == 1, "counted as soon as there is room"
