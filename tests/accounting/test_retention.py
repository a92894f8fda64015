"""Retention: calls beyond their term are deleted or anonymised, and every total still says what the records say."""

import os
import time
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db.models import Sum
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounting.demo.generation import Generation
from accounting.demo.organisation import build_organisation
from accounting.models import (
    AuditEntry,
    CallLeg,
    CallQuality,
    CallRecord,
    CorrectedRecord,
    Extension,
    ExtensionDay,
    ImportBatch,
    Job,
    LineAssignment,
    PhoneSystem,
    RejectedRow,
    UnitHalfHour,
    User,
)
from accounting.services import jobs
from accounting.services.importing import import_files
from accounting.tasks import keep_terms
from tests import factories as make
from tests.accounting.agreement import assert_totals_agree
from tests.accounting.traffic import write

FIRST = date(2026, 3, 3)
SYSTEM = "ucm-europe"


@pytest.fixture
def desk(client: Client, admin: User, inbox: Path, settings: Any, tmp_path: Path) -> Client:
    """The browser of an administrator."""
    settings.DATA_DIR = tmp_path / "data"
    client.force_login(admin)
    return client


@pytest.fixture
def system(db: None, tmp_path: Path) -> PhoneSystem:
    """A phone system with three days of calls, every extension held by a person of a department."""
    made = PhoneSystem.objects.create(name=SYSTEM, office=make.office())
    organisation = build_organisation(40)
    for member in organisation.people[:30]:
        held, _ = Extension.objects.get_or_create(phone_system=made, number=member.extension)
        person = make.person()
        make.membership(person, department=make.department(member.department), office=make.office())
        LineAssignment.objects.create(extension=held, user=person)
    generation = Generation(organisation, FIRST, 3, 120, seed=5, systems=(SYSTEM,))
    paths = write(tmp_path / "files", tuple(generation))
    import_files(made, paths)
    return made


def keep_since(day: date) -> int:
    """Return the term with which this is the first day that is kept."""
    return (timezone.localdate() - day).days


def apply(desk: Client, system: PhoneSystem, keep_days: int, then: str) -> Job:
    """Set the term on its page, apply it on the other, and do the work."""
    term = {"keep_days": keep_days, "after_term": then}
    assert desk.post(reverse("retention_term", args=[system.pk]), term).status_code == 302
    desk.post(reverse("apply_retention"))
    job = Job.objects.latest("pk")
    jobs.run(job.pk)
    return Job.objects.get(pk=job.pk)


def sums() -> list[tuple[Any, ...]]:
    """Return what reports by unit, country and type add up."""
    rows = CallRecord.objects.order_by().values_list("department_id", "office_id", "country", "call_type", "currency")
    return sorted(rows.annotate(Sum("cost"), Sum("talk_seconds")), key=repr)


def test_anonymised_calls_keep_units_and_costs_and_lose_people(desk: Client, system: PhoneSystem) -> None:
    before, records, slots = sums(), CallRecord.objects.count(), Counter(UnitHalfHour.objects.values_list("slot"))
    end = datetime(2026, 3, 4, 23, tzinfo=UTC)  # midnight in Berlin
    CorrectedRecord.objects.create(
        correction_id=1, record_id=CallRecord.objects.earliest("started_at").pk, started_at=end, before={}, after={}
    )
    revision = ImportBatch.objects.latest("pk").pk
    preview = desk.get(
        reverse("retention_term", args=[system.pk]),
        {"keep_days": keep_since(date(2026, 3, 5)), "after_term": "anonymise"},
    )
    old = CallRecord.objects.filter(started_at__lt=end)
    expected = old.count()
    assert old.exclude(user_id=None).exclude(department_id=None).exists()
    assert preview.context["months"] == [(date(2026, 3, 1), expected)]
    assert CallRecord.objects.exclude(extension="").count() == records, "a preview changes nothing"
    job = apply(desk, system, keep_since(date(2026, 3, 5)), "anonymise")
    assert job.state == "done"
    assert job.result[SYSTEM]["records"] == expected
    assert sums() == before
    assert CallRecord.objects.count() == records
    for one in old:
        assert (one.user_id, one.extension, one.device, one.dialled_number, one.original_called) == (
            None,
            "",
            "",
            "",
            "",
        )
        assert not one.other_number or one.other_number.endswith("…")
        assert one.batch_id > revision, "pages and caches see the change"
    assert not CallRecord.objects.filter(started_at__gte=end, extension="").exists()
    assert not CallLeg.objects.filter(originated_at__lt=end).exists()
    assert CallLeg.objects.filter(originated_at__gte=end).exists()
    assert not CallQuality.objects.filter(measured_at__lt=end).exists()
    assert not CorrectedRecord.objects.exists()
    assert not ExtensionDay.objects.filter(day__lt=date(2026, 3, 5)).exclude(extension="").exists()
    assert Counter(UnitHalfHour.objects.values_list("slot")) == slots
    assert_totals_agree()
    entry = AuditEntry.objects.get(subject_type="retention")
    assert entry.details["records"] == expected
    page = desk.get(reverse("calls"), {"period": "all", "size": "200"})
    assert page.status_code == 200
    assert desk.get(reverse("call", args=[old.earliest("started_at").pk])).status_code == 200
    again = desk.post(reverse("apply_retention"))
    jobs.run(Job.objects.latest("pk").pk)
    assert again.status_code == 302
    assert not any(Job.objects.latest("pk").result[SYSTEM].values())
    assert AuditEntry.objects.filter(subject_type="retention").count() == 1


def test_a_public_number_keeps_its_beginning_only(desk: Client, db: None) -> None:
    system = make.phone_system()
    old = timezone.now() - timedelta(days=10)
    cases = {
        "+493012345678": "+493012…", "+4989": "…", "2001": "…", "+49301234567@sip.example": "…",
        "ann@example.com": "…", "": "",
    }  # fmt: skip
    records = [make.record(other_number=number, started_at=old) for number in cases]
    made = [record.pk for record in records]
    for record in records:
        make.leg(record)
    apply(desk, system, 5, "anonymise")
    stored = CallRecord.objects.in_bulk(made)
    assert [stored[pk].other_number for pk in made] == list(cases.values())
    shown = desk.get(reverse("calls"), {"period": "all"}).content.decode()
    assert "+493012…" in shown
    assert len(desk.get(reverse("calls"), {"period": "all", "number": "+493012…"}).context["page"].rows) == 1


def test_deleted_calls_leave_nothing_and_the_calls_of_others_alone(
    desk: Client, system: PhoneSystem, tmp_path: Path
) -> None:
    other = PhoneSystem.objects.create(name="ucm-other", office=make.office())
    LineAssignment.objects.all().delete()
    import_files(other, sorted((tmp_path / "files").iterdir()))
    others = CallRecord.objects.filter(phone_system_id=other.pk).count()
    job = apply(desk, system, keep_since(date(2026, 3, 5)), "delete")
    assert job.state == "done"
    left = CallRecord.objects.filter(phone_system_id=system.pk)
    assert left.exists()
    assert not left.filter(started_at__lt=datetime(2026, 3, 4, 23, tzinfo=UTC)).exists()
    assert CallRecord.objects.filter(phone_system_id=other.pk).count() == others
    assert not ExtensionDay.objects.filter(phone_system_id=system.pk, day__lt=date(2026, 3, 5)).exists()
    assert_totals_agree()
    apply(desk, system, 1, "delete")
    assert not CallRecord.objects.filter(phone_system_id=system.pk).exists()
    assert not ExtensionDay.objects.filter(phone_system_id=system.pk).exists()
    assert_totals_agree()
    apply(desk, other, 1, "delete")
    assert not UnitHalfHour.objects.exists(), "additions and subtractions meet; nothing is left behind"


def test_old_rejected_rows_and_files_go_with_the_calls(desk: Client, settings: Any) -> None:
    system = make.phone_system()
    old, new = make.import_file("old"), make.import_file("new")
    type(old).objects.filter(pk=old.pk).update(imported_at=timezone.now() - timedelta(days=9))
    for file in (old, new):
        RejectedRow.objects.create(file=file, line=2, reason_code="number", content="1,2")
    today = timezone.localdate()
    for days in (0, 9):
        folder = settings.ARCHIVE_DIR / system.name / (today - timedelta(days=days)).isoformat()
        folder.mkdir(parents=True)
        (folder / "cdr").write_text("x")
        aside = settings.SET_ASIDE_DIR / system.name / f"notes{days}"
        aside.parent.mkdir(parents=True, exist_ok=True)
        aside.write_text("x")
        os.utime(aside, (time.time() - days * 86400,) * 2)
    job = apply(desk, system, 5, "anonymise")
    assert (job.result[system.name]["rejected"], job.result[system.name]["files"]) == (1, 2)
    assert RejectedRow.objects.get().file == new
    assert [path.name for path in (settings.ARCHIVE_DIR / system.name).iterdir()] == [today.isoformat()]
    assert [path.name for path in (settings.SET_ASIDE_DIR / system.name).iterdir()] == ["notes0"]


def test_a_term_that_is_lifted_during_the_run_is_not_applied(
    desk: Client, system: PhoneSystem, monkeypatch: Any
) -> None:
    def lift(progress: jobs.Progress, done: int, total: int | None = None) -> None:
        PhoneSystem.objects.update(keep_days=None)

    monkeypatch.setattr(jobs.Progress, "step", lift)
    firsts = CallRecord.objects.filter(started_at__date=FIRST)
    later = CallRecord.objects.exclude(started_at__date=FIRST).count()
    assert firsts.exists()
    job = apply(desk, system, keep_since(FIRST + timedelta(days=3)), "delete")
    assert job.state == "done"
    assert not firsts.exists()
    assert CallRecord.objects.count() == later > 0
    assert AuditEntry.objects.filter(subject_type="retention", action="deleted").count() == 1
    assert_totals_agree()


def test_the_timetable_starts_one_run_a_day_where_there_is_a_term(db: None, settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    system = make.phone_system()
    keep_terms()
    assert not Job.objects.exists()
    PhoneSystem.objects.filter(pk=system.pk).update(keep_days=5)
    keep_terms()
    keep_terms()
    job = Job.objects.get()
    jobs.run(job.pk)
    keep_terms()
    assert Job.objects.count() == 1
    Job.objects.update(created_at=timezone.now() - timedelta(hours=24))
    keep_terms()
    assert Job.objects.count() == 2


@pytest.mark.parametrize("term", ["0", "-1", "x", "99999999999999"])
def test_impossible_terms_are_refused(desk: Client, term: str) -> None:
    system = make.phone_system()
    answer = desk.post(reverse("retention_term", args=[system.pk]), {"keep_days": term, "after_term": "delete"})
    assert answer.status_code == 200
    assert "keep_days" in answer.context["form"].errors
    assert PhoneSystem.objects.get().keep_days is None


def test_only_administrators_decide(client: Client, ben: User) -> None:
    client.force_login(ben)
    assert client.get(reverse("retention")).status_code == 403
    assert client.post(reverse("apply_retention")).status_code == 403
