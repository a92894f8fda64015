"""One person's data: exported whole, erased without a trace in calls, and every sum stays what it was."""

import io
import json
import os
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounting.demo.records import cdr_file
from accounting.models import (
    AuditedAction,
    AuditEntry,
    CallLeg,
    CallRecord,
    Correction,
    CorrectionKind,
    Extension,
    ExtensionDay,
    GadgetSignIn,
    Job,
    LineAssignment,
    Membership,
    PhoneSystem,
    Role,
    SheetImport,
    User,
)
from accounting.services import corrections, jobs, privacy
from accounting.services.auditing import acting, actor_of, record
from accounting.services.importing import import_files
from accounting.services.selecting import Selection
from accounting.services.sign_in_entries import record_refusal
from accounting.signals import reference_changed
from accounting.tasks import keep_terms
from callanalytics.lib.updating import update_rows
from tests import factories as make
from tests.accounting.agreement import assert_totals_agree
from tests.accounting.test_importing import drop, row

PUBLIC = {"finalCalledPartyNumber": "+493012345678", "originalCalledPartyNumber": "0030123456789"}


@pytest.fixture
def desk(client: Client, admin: User, inbox: Path, settings: Any, tmp_path: Path) -> Client:
    """The browser of an administrator."""
    settings.DATA_DIR = tmp_path / "data"
    client.force_login(admin)
    return client


@pytest.fixture
def cluster(db: None) -> PhoneSystem:
    """A phone system with default settings."""
    return PhoneSystem.objects.create(name="cluster", office=make.office())


@pytest.fixture
def anna(cluster: PhoneSystem, tmp_path: Path) -> User:
    """A person with calls to a colleague and, in another month, to the public network; the colleague keeps theirs."""
    person = make.person("anna", first_name="Anna", last_name="Berg", email="anna@example.com")
    make.membership(person, department=make.department(), office=make.office())
    colleague = make.person("bert")
    for number, holder in (("2001", person), ("2002", colleague)):
        held = Extension.objects.create(phone_system=cluster, number=number)
        LineAssignment.objects.create(extension=held, user=holder)
    later = 1_760_000_000 + 40 * 86_400
    moved = row(4, dateTimeOrigination=later, dateTimeConnect=later + 5, dateTimeDisconnect=later + 65)
    calls = [row(1), row(2), row(3, **PUBLIC, destDeviceName="SIPX", OutgoingProtocolID=1)]
    import_files(cluster, [drop(tmp_path, cdr_file([*calls, moved], "15"), "calls")])
    assert CallRecord.objects.filter(user_id=person.pk).count() == 4
    return person


def work() -> Job:
    """Do the latest job."""
    job = Job.objects.latest("pk")
    jobs.run(job.pk)
    return Job.objects.get(pk=job.pk)


def sums() -> list[Any]:
    """Return what reports by unit add up."""
    values = ("department_id", "office_id", "talk_seconds", "cost", "call_type", "started_at")
    return sorted(CallRecord.objects.values_list(*values), key=repr)


def test_the_export_holds_everything_and_only_of_this_person(desk: Client, anna: User) -> None:
    make.masking_rule(Role.ADMINISTRATOR, 3)
    GadgetSignIn.objects.create(user=anna, program="Webex")
    found = desk.get(reverse("privacy"), {"person": "berg"}).content.decode()
    assert reverse("privacy_person", args=[anna.pk]) in found
    desk.post(reverse("export_person", args=[anna.pk]))
    job = work()
    assert job.state == "done", job.error
    page = desk.get(reverse("job", args=[job.pk]), follow=True)
    assert page.redirect_chain[-1][0] == reverse("privacy_person", args=[anna.pk])
    answer = desk.post(reverse("download_export", args=[job.pk]))
    archive = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
    assert json.loads(archive.read("profile.json"))["email"] == "anna@example.com"
    calls = archive.read("calls.csv").decode().splitlines()
    assert len(calls) == 1 + 4
    assert any("+493012345678" in line for line in calls), "numbers are whole"
    assert "2001" in archive.read("lines.csv").decode()
    assert "Sales" in archive.read("memberships.csv").decode()
    assert "password" not in json.loads(archive.read("profile.json"))
    assert "Webex" in archive.read("gadgets.csv").decode()
    guide = (settings.BASE_DIR / "docs" / "privacy.md").read_text()
    assert [name for name in archive.namelist() if f"`{name}`" not in guide] == []
    made, fetched = AuditEntry.objects.filter(subject_type="person_data", action="exported").order_by("id")
    assert (made.details, fetched.details) == ({"records": 4}, {"file": "ZIP"})


def test_exports_go_after_a_week(desk: Client, anna: User) -> None:
    desk.post(reverse("export_person", args=[anna.pk]))
    job = work()
    path = privacy.exported_file(job)
    assert path
    keep_terms()
    assert path.exists()
    week = (timezone.now() - timedelta(days=8)).timestamp()
    os.utime(path, (week, week))
    keep_terms()
    assert not path.exists()
    assert desk.post(reverse("download_export", args=[job.pk])).status_code == 404


def test_an_erased_person_leaves_calls_that_still_add_up(desk: Client, anna: User, tmp_path: Path) -> None:
    before, others = sums(), CallRecord.objects.exclude(user_id=anna.pk).count()
    desk.post(reverse("export_person", args=[anna.pk]))
    exported = privacy.exported_file(work())
    address = reverse("erase_person", args=[anna.pk])
    assert "This is not the user name" in desk.post(address, {"username": "Anna"}).content.decode()
    assert Job.objects.count() == 1
    desk.post(address, {"username": "anna"})
    job = work()
    assert (job.state, job.result["records"]) == ("done", 4)
    anna.refresh_from_db()
    assert (anna.username, str(anna), anna.email, anna.is_active) == (
        f"erased-{anna.pk}",
        f"erased-{anna.pk}",
        "",
        False,
    )
    assert not anna.has_usable_password()
    assert not LineAssignment.objects.filter(user=anna).exists()
    assert not Membership.objects.filter(user=anna).exists()
    assert not CallRecord.objects.filter(user_id=anna.pk).exists()
    assert not ExtensionDay.objects.filter(user_id=anna.pk).exists()
    assert CallRecord.objects.exclude(extension="").count() == others, "the colleague keeps calls and extension"
    assert set(CallRecord.objects.filter(extension="").values_list("other_number", flat=True)) == {"…", "+493012…"}
    assert not CallLeg.objects.exclude(calling="").exists()
    assert sums() == before
    assert_totals_agree()
    assert exported
    assert not exported.exists()
    assert not any("Anna" in title for title in Job.objects.values_list("title", flat=True))
    import_files(PhoneSystem.objects.get(), [drop(tmp_path, cdr_file([row(1), row(2)], "15"), "again")])
    assert sums() == before, "what was delivered again is recognised"
    assert AuditEntry.objects.get(subject_type="person_data", action="deleted").details["records"] == 4
    assert "has been erased" in desk.get(reverse("privacy_person", args=[anna.pk])).content.decode()


def test_erasing_empties_the_kept_sheets_that_name_the_person(desk: Client, anna: User) -> None:
    for name in ("anna", "somebody"):
        file = SimpleUploadedFile("people.csv", f"user name,last name\n{name},Other\n".encode())
        desk.post(reverse("sheet", args=["people"]), {"file": file})
    desk.post(reverse("erase_person", args=[anna.pk]), {"username": "anna"})
    work()
    kept, emptied = SheetImport.objects.all()
    assert (bytes(emptied.plan), bytes(emptied.content), emptied.state) == (b"", b"", "discarded")
    assert kept.plan
    assert desk.get(reverse("sheet_import", args=[emptied.pk])).status_code == 200


def test_undoing_a_reassignment_brings_nothing_back_to_an_erased_person(desk: Client, anna: User, admin: User) -> None:
    LineAssignment.objects.filter(user=anna).update(user=make.person("heir"))
    reference_changed()
    lines = tuple(Extension.objects.values_list("pk", flat=True))
    correction = corrections.begin(CorrectionKind.OWNER, Selection(extensions=lines), admin)
    corrections.start_dry_run(correction, admin)
    work()
    corrections.start_applying(Correction.objects.get(pk=correction.pk), admin, "")
    work()
    assert not CallRecord.objects.filter(user_id=anna.pk).exists()
    desk.post(reverse("erase_person", args=[anna.pk]), {"username": "anna"})
    work()
    corrections.start_undoing(Correction.objects.get(pk=correction.pk), admin, "wrong")
    assert work().state == "done"
    assert not CallRecord.objects.filter(user_id=anna.pk).exists()
    assert_totals_agree()


def test_neither_oneself_nor_the_last_administrator_is_erased(desk: Client, admin: User) -> None:
    mine = desk.post(reverse("erase_person", args=[admin.pk]), {"username": "admin"})
    assert "You cannot erase yourself." in mine.content.decode()
    second = make.administrator("second")
    desk.post(reverse("erase_person", args=[second.pk]), {"username": "second"})
    User.objects.filter(pk=admin.pk).update(is_active=False)
    job = work()
    assert (job.state, job.error) == ("failed", "The last administrator cannot be erased.")
    assert User.objects.filter(username="second", is_active=True).exists()


def test_only_administrators_may(client: Client, ben: User, anna: User) -> None:
    client.force_login(ben)
    assert client.get(reverse("privacy_person", args=[anna.pk])).status_code == 403
    for name in ("export_person", "erase_person"):
        assert client.post(reverse(name, args=[anna.pk]), {"username": "anna"}).status_code == 403
    assert not Job.objects.exists()


def test_the_audit_log_forgets_the_names_of_an_erased_person(desk: Client, anna: User, admin: User) -> None:
    namesake = make.person("annika", first_name="Annika", last_name="Anna Bergmann")
    with acting(actor_of(anna, "192.0.2.7")):
        record(AuditedAction.EXPORTED, "report", "anna-report.csv", rows=3)
    anna.last_name, anna.email = "Żak", "anna.zak@example.com"
    anna.save()
    line = LineAssignment.objects.get(user=anna)
    line.valid_to = timezone.now()
    line.save()
    sent = ["anna.zak@example.com", "ben@example.com"]
    record(AuditedAction.VIEWED, "calls", "Anna Berg", person="anna", recipients=sent)
    record(AuditedAction.CHANGED, "user", str(namesake), subject_id=namesake.pk, changes={"username": ["anna2", "x"]})
    kept = ("pk", "at", "action", "subject_id")
    before = list(AuditEntry.objects.order_by("pk").values_list(*kept))
    desk.post(reverse("erase_person", args=[anna.pk]), {"username": "anna"})
    assert work().state == "done"
    entries = AuditEntry.objects.order_by("pk")
    assert list(entries.filter(pk__lte=before[-1][0]).values_list(*kept)) == before
    found = list(entries.values("actor", "address", "subject", "changes", "details"))
    told = json.dumps(found, ensure_ascii=False)
    for name in ('Anna Berg"', "Anna Żak", "anna.zak@", "anna@example.com", '"anna"', "(anna)", "192.0.2.7", "Żak"):
        assert name not in told, name
    for name in ("Annika Anna Bergmann", "anna2", "ben@example.com"):
        assert name in told, name
    exported = entries.get(action="exported")
    assert (exported.actor, exported.address) == (f"erased-{anna.pk}", None)


def test_entries_about_an_erased_person_forget_it_although_somebody_has_the_same_name(
    desk: Client, anna: User, admin: User
) -> None:
    namesake = make.person("anna.b", first_name=anna.first_name, last_name=anna.last_name)
    for person, address in ((anna, "192.0.2.9"), (namesake, "192.0.2.10")):
        record_refusal(person.username, address)
        record(AuditedAction.CHANGED, "private_calls", str(person), subject_id=person.pk, calls=2)
    desk.post(reverse("erase_person", args=[anna.pk]), {"username": "anna"})
    assert work().state == "done"
    told = AuditEntry.objects.filter(subject_type__in=("sign_in", "private_calls"), actor_id=None)
    columns = ("subject_id", "subject", "address", "details__user_name")
    assert set(told.filter(subject_type="sign_in").values_list(*columns)) == {
        (str(anna.pk), f"erased-{anna.pk}", None, f"erased-{anna.pk}"),
        (str(namesake.pk), str(namesake), "192.0.2.10", "anna.b"),
    }
    assert set(told.filter(subject_type="private_calls").values_list("subject", flat=True)) == {
        f"erased-{anna.pk}", str(namesake),
    }  # fmt: skip


def test_a_user_name_that_is_a_word_of_the_program_leaves_other_entries_alone(desk: Client, admin: User) -> None:
    person, other = make.person("supervisor"), make.person("ben")
    record(AuditedAction.CHANGED, "user", str(other), subject_id=other.pk, changes={"role": ["user", "supervisor"]})
    record(AuditedAction.EXPORTED, "report", "r.csv", recipients=["supervisor"])
    desk.post(reverse("erase_person", args=[person.pk]), {"username": "supervisor"})
    assert work().state == "done"
    assert AuditEntry.objects.get(subject_id=other.pk, action="changed").changes == {"role": ["user", "supervisor"]}
    assert AuditEntry.objects.get(action="exported").details["recipients"] == [f"erased-{person.pk}"]


@pytest.mark.parametrize(
    "change", [{"actor": "else"}, {"actor": "else", "erasure_id": 0}, {"action": "viewed"}, {"subject_id": "7"}]
)
def test_nothing_else_changes_the_audit_log(desk: Client, anna: User, change: dict[str, Any]) -> None:
    desk.post(reverse("erase_person", args=[anna.pk]), {"username": "anna"})
    work()
    erasure = AuditEntry.objects.get(action="started", subject_type="person_data")
    change = {"erasure_id": erasure.pk} | change if "actor" not in change else change
    with pytest.raises(DatabaseError, match="cannot be changed"), transaction.atomic():
        update_rows(AuditEntry, list(change), [(erasure.pk, *change.values())])
