"""The audit log: settings changed through the set-up are entries that nobody can change."""

from importlib import import_module
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse

from accounting.models import AuditEntry, Directory, Office
from tests import factories as make


def test_a_change_in_the_set_up_is_recorded_with_person_and_values(client: Client, db: None) -> None:
    office = make.office(name="Berlin", country="DE", area_code="30")
    administrator = make.administrator()
    client.force_login(administrator)
    address = reverse("admin:accounting_office_change", args=[office.pk])
    form = client.get(address).context["adminform"].form
    values = {name: form.get_initial_for_field(field, name) or "" for name, field in form.fields.items()}
    client.post(address, values | {"area_code": "40"})
    entry = AuditEntry.objects.get(action="changed", subject_type="office")
    assert (entry.actor_id, entry.subject, entry.subject_id) == (administrator.pk, "Berlin", str(office.pk))
    assert entry.changes == {"area_code": ["30", "40"]}
    assert administrator.username in entry.actor
    assert entry.address == "127.0.0.1"


def test_saving_what_is_there_records_nothing(db: None) -> None:
    office = make.office(name="Berlin")
    before = AuditEntry.objects.count()
    Office.objects.get(pk=office.pk).save()
    assert AuditEntry.objects.count() == before


def test_a_secret_is_stored_encrypted_and_recorded_as_asterisks(db: None) -> None:
    directory = Directory.current()
    directory.bind_password = "s3cret-word"
    directory.save()
    assert Directory.current().bind_password == "s3cret-word"
    with connection.cursor() as cursor:
        cursor.execute("SELECT bind_password FROM accounting_directory")
        assert "s3cret" not in cursor.fetchone()[0]
    changes = AuditEntry.objects.get(subject_type="directory").changes
    assert changes["bind_password"] == ["", "•••"]


def test_a_secret_that_the_key_does_not_open_outlives_a_save(db: None, settings: Any) -> None:
    """Somebody starts the portal with another SECRET_KEY, and changes something else of the row."""
    key = settings.SECRET_KEY
    Directory.objects.create(pk=1, server_uri="ldap://a", bind_password="geheim")
    settings.SECRET_KEY = "another"
    directory = Directory.objects.get()
    assert directory.bind_password == ""
    directory.server_uri = "ldap://b"
    directory.save()
    settings.SECRET_KEY = key
    assert Directory.objects.get().bind_password == "geheim"
    directory.bind_password = ""
    directory.save()
    assert Directory.objects.get().bind_password == ""


@pytest.mark.parametrize(
    "statement", ["UPDATE accounting_auditentry SET actor = 'x'", "DELETE FROM accounting_auditentry"]
)
def test_the_database_refuses_to_change_an_entry(db: None, statement: str) -> None:
    guard = import_module("accounting.migrations.0003_audit_guard")
    make.office(name="Berlin")
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(guard.SQLITE[1])  # the tests' database is without it, see conftest
        with pytest.raises(DatabaseError, match="cannot be changed"), transaction.atomic():
            cursor.execute(statement)
    assert AuditEntry.objects.filter(subject="Berlin").exists()


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite knows no TRUNCATE.")
@pytest.mark.django_db
def test_the_audit_log_cannot_be_emptied() -> None:
    make.office(name="Berlin")
    with connection.cursor() as cursor:
        # The tests' database is without the guard, see conftest; the trigger is set anew inside the transaction.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE accounting_auditentry ENABLE TRIGGER audit_not_emptied")
        with pytest.raises(DatabaseError, match="cannot be changed"), transaction.atomic():
            cursor.execute("TRUNCATE accounting_auditentry")
    assert AuditEntry.objects.filter(subject="Berlin").exists()
