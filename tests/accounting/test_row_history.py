"""The history of a row: imports, copies and adoptions that changed it are named in it and can be undone."""

from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounting.models import (
    AuditedAction,
    AuditEntry,
    Carrier,
    ChangeJournal,
    CostCentre,
    Department,
    Extension,
    ExtensionDay,
    Job,
    LineAssignment,
    Membership,
    PhoneSystem,
    Rate,
    Role,
    SheetImport,
    Tariff,
    User,
)
from accounting.services import jobs
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def site(client: Client, admin: User) -> Client:
    """The browser of an administrator."""
    client.force_login(admin)
    return client


def imported(site: Client, kind: str, text: str, address: str = "", **fields: Any) -> SheetImport:
    """Upload a sheet and apply it."""
    file = SimpleUploadedFile(f"{kind}.csv", text.encode())
    site.post(reverse("sheet", args=[kind]) + address, {"file": file, **fields})
    held = SheetImport.objects.latest("pk")
    site.post(reverse("apply_sheet", args=[held.pk]))
    held.refresh_from_db()
    assert held.state == "applied", held.counts
    return held


def history(site: Client, row: Any) -> str:
    """Return the text of a row's history."""
    name = f"admin:accounting_{row._meta.model_name}_history"
    return site.get(reverse(name, args=[row.pk])).content.decode()


def undo(site: Client, entry: AuditEntry, reason: str = "Wrong file") -> ChangeJournal:
    """Undo the work of an entry and return its journal."""
    site.post(reverse("undo_work", args=[entry.pk]), {"reason": reason})
    job = Job.objects.latest("pk")
    jobs.run(job.pk)
    job.refresh_from_db()
    assert job.state == "done", job.error
    return ChangeJournal.objects.get(entry_id=entry.pk)


def test_the_history_of_a_row_leads_to_the_import_that_changed_it(site: Client, admin: User) -> None:
    make.cost_centre("0042", "Sales")
    held = imported(site, "cost_centres", "code;name\n0042;Sales Berlin\n0043;Service\n")
    changed, added = CostCentre.objects.order_by("code")
    page = history(site, changed)
    assert "<del><bdi>Sales</bdi></del>" in page
    assert "Sales Berlin" in page
    assert reverse("sheet_import", args=[held.pk]) in page
    assert "Service" in history(site, added)
    whole = AuditEntry.objects.get(action=AuditedAction.IMPORTED)
    rows = AuditEntry.objects.filter(whole_id=whole.pk)
    assert {(row.actor_id, row.address, row.at) for row in rows} == {(admin.pk, "127.0.0.1", whole.at)}
    assert rows.get(subject_id=changed.pk).changes == {"name": ["Sales", "Sales Berlin"]}


def test_the_log_shows_an_import_once_and_its_rows_on_request(site: Client) -> None:
    imported(site, "cost_centres", "code;name\n0042;Sales Berlin\n0043;Service\n")
    whole = AuditEntry.objects.get(action=AuditedAction.IMPORTED)
    log = reverse("audit_log")
    shown = site.get(log, {"show": "changes", "kind": "cost_centres"})
    assert [row.entry.pk for row in shown.context["rows"]] == [whole.pk]
    assert f"?whole={whole.pk}" in shown.content.decode()
    rows = site.get(log, {"whole": whole.pk}).context["rows"]
    assert {row.entry.subject for row in rows} == {"0042 Sales Berlin", "0043 Service"}
    assert len(site.get(log, {"rows": "each", "kind": "costcentre"}).context["rows"]) == 2
    assert site.get(log, {"whole": "-1"}).status_code == 400
    assert reverse("audit_entry", args=[whole.pk]) in site.get(log, {"whole": whole.pk}).content.decode()


def test_a_person_who_was_imported_has_a_history_with_units_and_lines(site: Client) -> None:
    make.phone_system()
    make.department("Sales")
    imported(site, "people", "user_name;last_name;department;extensions\nida;Ito;Sales;4930\n")
    ida = User.objects.get(username="ida")
    page = history(site, ida)
    for words in ("Ito", "Sales", "4930", "people.csv"):
        assert words in page
    assert "•••" not in page
    assert "people.csv" in history(site, Extension.objects.get(number="4930"))


def test_an_import_is_undone_as_far_as_nothing_has_changed_since(site: Client) -> None:
    make.phone_system()
    sales, service = make.department("Sales"), make.department("Service")
    omar = make.person("omar", extension="4930")
    imported(site, "people", "user_name;department;extensions\nida;Sales;4930\nnina;Sales;\n")
    nina = User.objects.get(username="nina")
    Membership.objects.filter(user=nina).update(department=service)
    whole = AuditEntry.objects.get(action=AuditedAction.IMPORTED)
    page = site.get(reverse("audit_entry", args=[whole.pk])).content.decode()
    assert "It has been changed since." in page
    assert "This field is required" in site.post(reverse("undo_work", args=[whole.pk]), {"reason": ""}).content.decode()
    journal = undo(site, whole)
    assert not User.objects.filter(username="ida").exists()
    assert LineAssignment.objects.get(extension__number="4930", valid_to=None).user == omar
    assert User.objects.filter(username="nina").exists(), "a membership that somebody has changed refers to her"
    assert Membership.objects.get(user=nina).department == service
    assert (journal.reason, journal.outcome["left"]) == ("Wrong file", 2)
    undone = AuditEntry.objects.get(action=AuditedAction.UNDONE)
    assert undone.details["reason"] == "Wrong file"
    assert AuditEntry.objects.filter(whole_id=undone.pk, subject_type="user", action="deleted").count() == 1
    assert "Undone" in history(site, omar)
    assert "Wrong file" in site.get(reverse("sheet_import", args=[SheetImport.objects.get().pk])).content.decode()
    assert sales.pk == Department.objects.get(name="Sales").pk


def test_who_has_calls_or_has_signed_in_stays(site: Client) -> None:
    make.phone_system()
    imported(site, "people", "user_name;extensions\nida;4930\nnina;4931\n")
    ida = User.objects.get(username="ida")
    ExtensionDay.objects.create(
        day=make.NOON.date(), extension="4930", phone_system_id=PhoneSystem.objects.get().pk, user_id=ida.pk,
        direction=2, kind=1, outcome=1, call_type=1, calls=1, talk_seconds=1, ring_seconds=1, cost=0, unpriced=0,
    )  # fmt: skip
    User.objects.filter(username="nina").update(last_login="2026-11-01T00:00Z")
    whole = AuditEntry.objects.get(action=AuditedAction.IMPORTED)
    page = site.get(reverse("audit_entry", args=[whole.pk])).content.decode()
    assert "The person has signed in since." in page
    assert "Calls name it." in page
    undo(site, whole)
    assert User.objects.filter(username__in=("ida", "nina")).count() == 2


@pytest.mark.parametrize("effective_on", ["", "2027-01-01"])
def test_prices_go_back_to_what_they_were(site: Client, effective_on: str) -> None:
    carrier = Carrier.objects.create(name="Telco")
    tariff = Tariff.objects.create(carrier=carrier, name="2026")
    for prefix in ("4930", "4940", "4950"):
        Rate.objects.create(tariff=tariff, prefix=prefix, price_per_minute="0.03")
    before = sorted(Rate.objects.values_list())
    text = "prefix;price_per_minute\n4930;0.05\n4940;0.03\n4960;0.01\n"
    fields = {"remove_missing": "on"} | ({"effective_on": effective_on} if effective_on else {})
    imported(site, "rates", text, f"?tariff={tariff.pk}", **fields)
    assert sorted(Rate.objects.values_list()) != before
    undo(site, AuditEntry.objects.get(action=AuditedAction.IMPORTED))
    assert sorted(Rate.objects.values_list()) == before


def test_what_was_removed_comes_back_unless_its_name_is_taken(site: Client) -> None:
    make.cost_centre("0042", "Sales")
    make.cost_centre("0043", "Service")
    imported(site, "cost_centres", "code;name\n0044;New\n", remove_missing="on")
    CostCentre.objects.create(code="0043", name="Somebody else's")
    journal = undo(site, AuditEntry.objects.get(action=AuditedAction.IMPORTED))
    assert dict(CostCentre.objects.values_list("code", "name")) == {"0042": "Sales", "0043": "Somebody else's"}
    assert journal.outcome == {"restored": 2, "left": 1}
    again = site.post(reverse("undo_work", args=[journal.entry_id]), {"reason": "Twice"}, follow=True)
    assert "This can no longer be undone." in again.content.decode()


def test_an_adoption_is_one_entry_and_can_be_undone(site: Client) -> None:
    ida = make.person("ida")
    numbers = [
        Extension.objects.create(phone_system=make.phone_system(), number=n, found_in_calls=True) for n in ("71", "72")
    ]
    fields = {f"person-{one.pk}": "ida" for one in numbers}
    answer = site.post(reverse("unknown_extensions"), {"action": "assign", "past": "keep", **fields}, follow=True)
    assert ida.lines.count() == 2
    whole = AuditEntry.objects.get(subject_type="adoption")
    assert not AuditEntry.objects.filter(subject_type="lineassignment", whole_id=None).exists()
    assert reverse("audit_entry", args=[whole.pk]) in answer.content.decode()
    assert "71, 72" in history(site, numbers[0])
    undo(site, whole)
    assert not ida.lines.exists()
    assert Extension.objects.filter(found_in_calls=True).count() == 2


def test_a_copied_and_a_deleted_tariff_are_one_entry_each(site: Client) -> None:
    tariff = Tariff.objects.create(carrier=Carrier.objects.create(name="Telco"), name="2026")
    Rate.objects.bulk_create(Rate(tariff=tariff, prefix=str(n), price_per_minute="0.03") for n in range(30, 60))
    wish = {"name": "2027", "valid_from": "2027-01-01", "percent": "10", "end_old": "on"}
    answer = site.post(reverse("copy_tariff", args=[tariff.pk]), wish)
    assert answer.status_code == 302, answer.context["form"].errors
    made = Tariff.objects.get(name="2027")
    copied = AuditEntry.objects.get(subject_type="tariff", action="added", subject_id=made.pk)
    assert AuditEntry.objects.filter(whole_id=copied.pk, subject_type="rate").count() == 30
    assert "Copy of" in site.get(reverse("audit_log"), {"kind": "tariff"}).content.decode()
    address = reverse("admin:accounting_tariff_delete", args=[made.pk])
    assert "30" in site.get(address).content.decode()
    site.post(address, {"post": "yes"})
    assert not Tariff.objects.filter(pk=made.pk).exists()
    deleted = AuditEntry.objects.get(subject_type="tariff", action="deleted")
    assert deleted.details["rates"] == 30
    assert AuditEntry.objects.filter(subject_type="rate", action="deleted", whole_id=deleted.pk).count() == 30
    shown = site.get(reverse("audit_log"), {"action": "deleted"}).context["rows"]
    assert [row.entry.pk for row in shown] == [deleted.pk]


def test_only_administrators_undo(client: Client, ben: User) -> None:
    make.office()
    entry = AuditEntry.objects.latest("pk")
    client.force_login(ben)
    assert client.get(reverse("audit_entry", args=[entry.pk])).status_code == 403
    assert client.post(reverse("undo_work", args=[entry.pk]), {"reason": "x"}).status_code == 403


def test_an_import_with_an_erased_person_is_not_undone(site: Client) -> None:
    imported(site, "people", "user_name;last_name\nida;Ito\nnina;Nowak\n")
    ida = User.objects.get(username="ida")
    site.post(reverse("erase_person", args=[ida.pk]), {"username": "ida"})
    jobs.run(Job.objects.latest("pk").pk)
    assert User.objects.get(pk=ida.pk).username == f"erased-{ida.pk}"
    whole = AuditEntry.objects.get(action=AuditedAction.IMPORTED)
    assert bytes(ChangeJournal.objects.get().rows) == b""
    page = site.get(reverse("audit_entry", args=[whole.pk])).content.decode()
    assert "This can no longer be undone" in page
    assert reverse("undo_work", args=[whole.pk]) not in page


def test_what_others_have_changed_beside_the_import_stays(site: Client) -> None:
    make.person("ida", last_name="Ito", role=Role.USER)
    nina = make.person("nina", last_name="Nowak", role=Role.SUPERVISOR)
    rate = make.rate("4930")
    imported(site, "people", "user_name;last_name;role\nida;Ito;supervisor\nnina;Novak;supervisor\n")
    imported(site, "rates", "prefix;price_per_minute\n4930;0.05\n", f"?tariff={rate.tariff_id}")
    User.objects.filter(pk=nina.pk).update(role=Role.USER, is_active=False)
    Rate.objects.filter(pk=rate.pk).update(destination="Berlin")
    for whole in AuditEntry.objects.filter(action=AuditedAction.IMPORTED):
        undo(site, whole)
    rate.refresh_from_db()
    assert (rate.price_per_minute, rate.destination) == (Decimal("0.03"), "Berlin")
    assert User.objects.get(username="ida").role == Role.USER
    nina.refresh_from_db()
    assert (nina.last_name, nina.role, nina.is_active) == ("Nowak", Role.USER, False)
    told = AuditEntry.objects.filter(subject_type="rate", subject_id=rate.pk).latest("pk")
    assert set(told.changes) == {"price_per_minute"}
