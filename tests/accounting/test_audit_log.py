"""The audit log's page: what it shows, finds and exports, and which views of calls it records."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from accounting.models import AuditedAction, AuditEntry, Role, User
from accounting.services.auditing import record
from tests import factories as make


@pytest.fixture
def log(client: Client, admin: User) -> Client:
    """The browser of an administrator."""
    client.force_login(admin)
    return client


def test_changes_are_told_with_labels_and_choices(log: Client, admin: User) -> None:
    person = make.person("ida", first_name="Ida")
    person.role = Role.SUPERVISOR
    person.save()
    entry = AuditEntry.objects.get(subject_type="user", action=AuditedAction.CHANGED)
    assert entry.changes == {"role": ["user", "supervisor"]}
    with translation.override("de"):
        page = log.get(reverse("audit_log"), {"kind": "user", "action": "changed"}, headers={"accept-language": "de"})
    assert "<del><bdi>Benutzer</bdi></del>" in page.content.decode()
    english = log.get(reverse("audit_log"), {"kind": "user", "action": "changed"}).content.decode()
    assert "<ins><bdi>Supervisor</bdi></ins>" in english


def test_filters_find_by_words_day_and_person(log: Client) -> None:
    make.office(name="Berlin")
    make.office(name="Wien", country="AT")
    found = log.get(reverse("audit_log"), {"words": "wien"}).context["rows"]
    assert [row.entry.subject for row in found] == ["Wien"]
    tomorrow = (timezone.localdate() + timedelta(days=1)).isoformat()
    assert not log.get(reverse("audit_log"), {"since": tomorrow}).context["rows"]
    assert log.get(reverse("audit_log"), {"until": tomorrow, "person": "nobody"}).status_code == 200
    assert log.get(reverse("audit_log"), {"since": "2026-02-02", "until": "2026-02-01"}).status_code == 400
    assert log.get(reverse("audit_log"), {"nonsense": "1"}).status_code == 400


def test_pages_show_every_entry_once(log: Client) -> None:
    AuditEntry.objects.bulk_create(AuditEntry(action="started", subject=f"entry-{number:03}") for number in range(60))
    first = log.get(reverse("audit_log"), {"action": "started", "size": "25"})
    shown = [row.entry.subject for row in first.context["rows"]]
    second = log.get(reverse("audit_log"), {"action": "started", "size": "25", "after": first.context["page"].after})
    shown += [row.entry.subject for row in second.context["rows"]]
    assert shown == [f"entry-{number:03}" for number in range(59, 9, -1)]


def test_the_export_has_no_formulas_and_is_an_entry_itself(log: Client) -> None:
    record(AuditedAction.IMPORTED, "people", '=HYPERLINK("http://x")', file="@evil.csv")
    answer = log.post(f"{reverse('export_audit_log')}?kind=people")
    text = b"".join(answer.streaming_content).decode()
    assert "'=HYPERLINK" in text
    assert text.count("\n") == 2
    entry = AuditEntry.objects.get(action=AuditedAction.EXPORTED)
    assert (entry.subject_type, entry.details["filters"]) == ("audit_log", {"Kind": "people"})


def test_the_export_is_in_the_zone_and_language_of_its_reader(log: Client, admin: User) -> None:
    admin.time_zone, admin.language = "Asia/Dubai", "de"
    admin.save()
    answer = log.post(f"{reverse('export_audit_log')}?kind=user")
    with translation.override("fr"):
        header, row = b"".join(answer.streaming_content).decode().splitlines()[:2]
    assert "Asia/Dubai" in header
    assert "+04:00" in row
    assert "Sprache" in row


def test_only_administrators_see_it(client: Client, ben: User) -> None:
    client.force_login(ben)
    assert client.get(reverse("audit_log")).status_code == 403
    assert client.post(reverse("export_audit_log")).status_code == 403


def test_seeing_others_numbers_that_lower_roles_do_not_see_is_recorded_once_a_day(log: Client, admin: User) -> None:
    anna = make.person("anna", extension="2001")
    call = make.record(anna)
    views = AuditEntry.objects.filter(action=AuditedAction.VIEWED)
    log.get(reverse("calls"), {"period": "all"})
    assert not views.exists(), "nothing is hidden from anybody"
    make.masking_rule(Role.SUPERVISOR, 3)
    for _time in range(2):
        log.get(reverse("calls"), {"period": "all"})
        log.get(reverse("calls"), {"period": "all", "person": "anna"})
        log.get(reverse("call", args=[call.pk]))
    found = views.order_by("id").values_list("actor_id", "subject_type", "subject_id", "address")
    assert list(found) == [
        (admin.pk, "calls", "", "127.0.0.1"),
        (admin.pk, "calls", str(anna.pk), "127.0.0.1"),
        (admin.pk, "call", str(call.pk), "127.0.0.1"),
    ]


def test_own_calls_and_masked_numbers_are_no_such_view(client: Client, admin: User) -> None:
    make.masking_rule(Role.USER, 3)
    make.masking_rule(Role.ADMINISTRATOR, 2)
    make.record(make.person("anna", extension="2001"))
    client.force_login(admin)
    client.get(reverse("calls"), {"period": "all"})
    assert not AuditEntry.objects.filter(action=AuditedAction.VIEWED).exists()
