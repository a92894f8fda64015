"""The audit log about the door and about work in the background: who came, whom it refused, what failed."""

from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounting.models import AuditEntry, Department, User
from accounting.services import directory_sync, jobs
from tests import factories as make
from tests.accounting.test_signing_in import guess, sign_in

pytestmark = pytest.mark.django_db


def entries(**conditions: Any) -> list[tuple[str, str, str | None, Any]]:
    """Return action, subject, address and reason of entries, oldest first."""
    found = AuditEntry.objects.filter(**conditions).order_by("pk")
    return [(one.action, one.subject, one.address, one.details.get("reason")) for one in found]


def test_coming_and_leaving_are_entries_of_the_person(client: Client, ana: User) -> None:
    sign_in(client, "ana")
    client.post(reverse("sign_out"))
    assert entries(subject_type="sign_in", actor_id=ana.pk) == [
        ("signed_in", "Ana Ruiz", "127.0.0.1", None),
        ("signed_out", "Ana Ruiz", "127.0.0.1", None),
    ]


def test_a_refusal_has_its_reason_and_no_name_that_may_be_a_password(client: Client, ana: User, ben: User) -> None:
    User.objects.filter(pk=ben.pk).update(is_active=False)
    sign_in(client, "ana", "wrong")
    sign_in(client, "ben")
    sign_in(client, "my-secret-password", "ana")
    assert entries(subject_type="sign_in") == [
        ("refused", "Ana Ruiz", "127.0.0.1", "wrong_password"),
        ("refused", "Ben Adler", "127.0.0.1", "closed"),
        ("refused", "", "127.0.0.1", "unknown_name"),
    ]
    assert not any("my-secret" in str(vars(one)) for one in AuditEntry.objects.all())


def test_a_lock_is_one_entry_however_long_somebody_goes_on(client: Client, ana: User) -> None:
    guess(client, 12)
    assert [action for action, *_rest in entries(subject_type="sign_in")] == ["refused"] * 7 + ["locked_out"]


def test_presets_part_sign_ins_from_changes_and_the_export_speaks_like_the_page(client: Client, admin: User) -> None:
    sign_in(client, "admin")
    make.office("Berlin")
    log = reverse("audit_log")
    assert {row.kind for row in client.get(log, {"show": "sign_ins"}).context["rows"]} == {"sign-in"}
    assert {row.entry.action for row in client.get(log, {"show": "changes"}).context["rows"]} == {"added"}
    assert "Local password" in client.get(log, {"show": "sign_ins"}).content.decode()
    answer = client.post(f"{reverse('export_audit_log')}?show=sign_ins")
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    assert f"Time ({timezone.get_current_timezone_name()})" in text
    assert "With: Local password" in text
    assert client.get(log, {"show": "nonsense"}).status_code == 400


def test_failed_work_is_an_entry_and_a_timetable_that_keeps_failing_only_one(client: Client, admin: User) -> None:
    for starter in (None, None, admin):
        job = directory_sync.start(starter, scheduled=starter is None)
        jobs.run(job.pk)
    found = AuditEntry.objects.filter(action="failed").order_by("pk")
    assert [entry.actor_id for entry in found] == [None, admin.pk]
    client.force_login(admin)
    assert "No directory is entered." in client.get(reverse("audit_log"), {"show": "work"}).content.decode()


def test_two_departments_of_one_place_cannot_have_one_name(client: Client, admin: User) -> None:
    sales = make.department("Sales")
    make.department("Inside", parent=sales)
    client.force_login(admin)
    add = reverse("admin:accounting_department_add")
    for name, parent in (("sales", ""), ("Inside", sales.pk)):
        page = client.post(add, {"name": name, "parent": parent}).content.decode()
        assert "There is a department" in page
    assert Department.objects.count() == 2
    client.post(add, {"name": "Sales", "parent": sales.pk})
    assert Department.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_departments_of_one_name_are_numbered_before_the_database_refuses_them() -> None:
    migration = import_module("accounting.migrations.0008_rows_of_changes")
    constraint = next(one for one in Department._meta.constraints if one.name == "department_once_at_top")
    with connection.schema_editor() as editor:
        editor.remove_constraint(Department, constraint)
    long_name = "x" * 80
    names = ["Sales", "Sales", "Sales (2)", "Sales", long_name, long_name]
    Department.objects.bulk_create(Department(name=name) for name in names)
    with connection.schema_editor() as editor:
        migration.tell_apart(apps, editor)
        editor.add_constraint(Department, constraint)
    found = list(Department.objects.order_by("pk").values_list("name", flat=True))
    assert found == ["Sales", "Sales (3)", "Sales (2)", "Sales (4)", long_name, "x" * 76 + " (2)"]


def test_the_page_of_an_extension_tells_its_holders_over_time(client: Client, admin: User) -> None:
    make.phone_system()
    omar, ida = make.person("omar", extension="4930"), make.person("ida", first_name="Ida", last_name="Ito")
    line = omar.lines.get()
    line.valid_to = make.NOON
    line.save()
    ida.lines.create(extension=line.extension, valid_from=make.NOON)
    client.force_login(admin)
    address = reverse("admin:accounting_extension_change", args=[line.extension_id])
    holdings = client.get(address).context["holdings"]
    assert [(one.person.username, one.state, one.until) for one in holdings] == [
        ("ida", "now", None),
        ("omar", "past", make.NOON),
    ]
    unused = line.extension.phone_system.extensions.create(number="4999")
    page = client.get(reverse("admin:accounting_extension_change", args=[unused.pk])).content.decode()
    assert "Nobody has held this extension yet." in page
