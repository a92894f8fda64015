"""Private calls: dialled with the prefix or marked, kept by late records, seen by their person alone (EX-9)."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from accounting.models import (
    PRIVATE,
    AuditEntry,
    CallRecord,
    CallType,
    CorrectionKind,
    Extension,
    Gateway,
    LineAssignment,
    Office,
    PhoneSystem,
    PrivateCallRule,
    Purpose,
    User,
)
from accounting.services import corrections, jobs
from accounting.services.classifying import load_number_plan
from accounting.services.columns.copying import copy_columns
from accounting.services.importing import import_files
from accounting.services.marking import mark, markable
from accounting.services.selecting import Selection
from tests import factories as make
from tests.accounting.agreement import assert_totals_agree
from tests.accounting.scenarios import XFER, record
from tests.accounting.test_scenarios import START, cluster, write_files

pytestmark = pytest.mark.django_db
__all__ = ["cluster"]
NUMBER, DESTINATION = "+19728134987", "Waxahachie"
SOON = datetime.fromtimestamp(START, UTC) + timedelta(days=2)


def hold(user: User, cluster: PhoneSystem, number: str = "2001") -> None:
    """Give a person an extension of the cluster."""
    extension, _ = Extension.objects.get_or_create(phone_system=cluster, number=number)
    LineAssignment.objects.create(extension=extension, user=user)


def sign_in(user: User) -> Client:
    """Return the browser of a person."""
    browser = Client()
    browser.force_login(user)
    return browser


@pytest.fixture
def family(ana: User, cluster: PhoneSystem) -> CallRecord:
    """A call of ana to a number that nobody else has, priced, with its leg; marked as private."""
    hold(ana, cluster)
    sales = ana.memberships.get().department_id
    call = make.record(
        ana, phone_system_id=cluster.pk, extension="2001", other_number=NUMBER, dialled_number="18134987",
        original_called=NUMBER, country="US", destination=DESTINATION, department_id=sales, call_type=CallType.LOCAL,
        started_at=timezone.now() - timedelta(days=1), purpose=Purpose.MARKED,
    )  # fmt: skip
    make.leg(call)
    return call


@pytest.mark.parametrize(
    ("prefix", "dialled", "number", "private"),
    [
        ("8", "8001721234567", "+491721234567", True),  # before the outside line
        ("8", "801721234567", "+491721234567", True),  # in its place
        ("*8", "*8001721234567", "+491721234567", True),
        ("8", "001721234567", "+491721234567", False),
        ("8", "8201", "8201", False),  # an extension that begins like it
        ("8", "80112", "112", False),  # help is never private
        ("", "8001721234567", None, False),
    ],
)
def test_the_prefix_is_read_and_taken_off(prefix: str, dialled: str, number: str | None, private: bool) -> None:
    office = make.office(private_prefix=prefix, extension_digits=4)
    read = load_number_plan().analyse(office.pk, dialled, incoming=False)
    assert read.private == private
    assert number is None or read.number == number
    assert not load_number_plan().analyse(office.pk, dialled, incoming=True).private


def test_a_call_dialled_with_the_prefix_arrives_private_and_priced(cluster: PhoneSystem, tmp_path: Path) -> None:
    Office.objects.update(private_prefix="8", access_code="9")
    rows = [record("2001", "89728134987", talk=60), record("2001", "99728134987", call=2, legs=(3, 4), talk=60)]
    import_files(cluster, write_files(tmp_path, rows))
    found = list(CallRecord.objects.order_by("pk").values_list("other_number", "purpose", "currency"))
    assert found == [(NUMBER, Purpose.DIALLED, "USD"), (NUMBER, Purpose.BUSINESS, "USD")]


@time_machine.travel(SOON, tick=False)
def test_a_mark_outlives_records_that_come_late(ana: User, cluster: PhoneSystem, tmp_path: Path) -> None:
    hold(ana, cluster)
    first, *later = write_files(
        tmp_path,
        [
            record("2001", "3071111", call=1, legs=(101, 102), talk=120, **XFER),
            record("2001", "2002", call=2, legs=(103, 104), at=120, **XFER),
            record("3071111", "2002", redirect="2001", call=1, legs=(102, 104), join=10, at=120, talk=360),
        ],
    )
    import_files(cluster, [first])
    before = CallRecord.objects.get()
    assert mark(ana, [before.pk], private=True) == [before.pk]
    for path in later:
        import_files(cluster, [path])
    after = {one.extension: one for one in CallRecord.objects.all()}
    assert after["2001"].pk != before.pk
    assert (after["2001"].purpose, after["2001"].trunk_seconds) == (Purpose.MARKED, 480)
    assert after["2002"].purpose == Purpose.BUSINESS
    assert_totals_agree()


def test_people_mark_their_own_calls_and_take_it_back(ana: User, family: CallRecord) -> None:
    browser = sign_in(ana)
    page = browser.get("/calls/?mine=1").content.decode()
    assert f'name="call" value="{family.pk}"' in page
    answer = browser.post("/calls/mark/", {"call": family.pk, "as": "business", "back": "/calls/?mine=1"}, follow=True)
    assert "1 call is business now." in answer.content.decode()
    family.refresh_from_db()
    assert family.purpose == Purpose.BUSINESS
    entry = AuditEntry.objects.get(subject_type="private_calls")
    assert (entry.actor_id, entry.subject_id, entry.details) == (ana.pk, str(ana.pk), {"calls": 1, "private": False})
    browser.post("/calls/mark/", {"call": family.pk, "as": "private", "undo": "1"})
    family.refresh_from_db()
    assert family.purpose == Purpose.MARKED


@pytest.mark.parametrize(
    "change",
    [
        {"started_at": datetime(2026, 1, 1, tzinfo=UTC)},
        {"kind": 2},
        {"direction": 2},
        {"purpose": Purpose.DIALLED},
        {"purpose": Purpose.RULED_BUSINESS},
    ],
)
def test_what_cannot_be_marked_stays(ana: User, family: CallRecord, change: dict[str, Any]) -> None:
    CallRecord.objects.filter(pk=family.pk).update(**{"purpose": Purpose.BUSINESS} | change)
    before = CallRecord.objects.get(pk=family.pk).purpose
    browser = sign_in(ana)
    for wanted in ("private", "business"):
        browser.post("/calls/mark/", {"call": family.pk, "as": wanted})
    assert CallRecord.objects.get(pk=family.pk).purpose == before
    assert f'name="call" value="{family.pk}"' not in browser.get("/calls/?period=all").content.decode()


def test_the_page_says_until_when(ana: User, family: CallRecord) -> None:
    browser = sign_in(ana)
    assert "You can change this until" in browser.get(f"/calls/{family.pk}/").content.decode()
    PrivateCallRule(marking_days=1).save()
    assert not markable(ana).exists()
    page = browser.get(f"/calls/{family.pk}/").content.decode()
    assert "You could change this until" in page
    assert "Mark as business" not in page


def test_nobody_marks_for_others_but_administrators_with_a_reason(ben: User, admin: User, family: CallRecord) -> None:
    CallRecord.objects.filter(pk=family.pk).update(purpose=Purpose.BUSINESS)
    for other in (ben, admin):
        sign_in(other).post("/calls/mark/", {"call": family.pk, "as": "private"})
    assert sign_in(ben).post(f"/calls/{family.pk}/purpose/", {"as": "private", "reason": "x"}).status_code == 403
    browser = sign_in(admin)
    browser.post(f"/calls/{family.pk}/purpose/", {"as": "private", "reason": " "})
    assert CallRecord.objects.get(pk=family.pk).purpose == Purpose.BUSINESS
    browser.post(f"/calls/{family.pk}/purpose/", {"as": "private", "reason": "Asked by mail"})
    assert CallRecord.objects.get(pk=family.pk).purpose == Purpose.MARKED
    entry = AuditEntry.objects.get(subject_type="private_calls")
    assert (entry.actor_id, entry.subject_id) == (admin.pk, str(family.user_id))
    assert entry.details["reason"] == "Asked by mail"
    browser.post(f"/calls/{family.pk}/purpose/", {"as": "business", "reason": "It was a customer"})
    assert CallRecord.objects.get(pk=family.pk).purpose == Purpose.RULED_BUSINESS


def test_wrong_requests_are_refused(ana: User, family: CallRecord) -> None:
    browser = sign_in(ana)
    assert browser.post("/calls/mark/", {"call": family.pk, "as": "secret"}).status_code == 400
    assert browser.post("/calls/mark/", {"call": "9" * 30, "as": "private"}).status_code == 400
    assert browser.get("/calls/mark/").status_code == 405
    answer = browser.post("/calls/mark/", {"as": "private", "back": "https://elsewhere.example/"})
    assert answer["Location"] == "/calls/"


# With its prefix: keys of rows have digits too.
SECRETS = (r"(\+|%2B|00)1\W{0,3}972", "8134987", re.escape(DESTINATION), "United States")
PAGES = (
    "/calls/?period=all",
    "/calls/?period=all&purpose=private",
    "/calls/{pk}/",
    "/reports/calls/?period=all",
    "/reports/calls/?period=all&columns=time,other,destination,country,purpose,talk,cost&sort=destination",
    "/reports/calls/?period=all&columns=other,country&sort=other&top=5",
    "/reports/most-called-numbers/?period=all&group=number",
    "/reports/by-destination/?period=all&group=country,destination",
    "/reports/calls/?period=all&group=number,person&columns=calls,cost",
    "/reports/private-calls/?period=all",
    "/reports/calls/?period=all&number=~private",
    "/reports/calls/?period=all&destination=~private&country=~private",
)


@pytest.mark.parametrize("copied", [False, True])
@pytest.mark.parametrize("page", PAGES)
def test_others_see_that_it_was_made_but_not_with_whom(
    page: str, copied: bool, ana: User, ben: User, admin: User, family: CallRecord, settings: Any, tmp_path: Path
) -> None:
    settings.DATA_DIR = tmp_path
    if copied:
        copy_columns(quiet=timedelta(0))
    for reader in (ben, admin):
        answer = sign_in(reader).get(page.format(pk=family.pk))
        text = answer.content.decode()
        assert answer.status_code == 200, page
        assert "Private" in text
        found = [secret for secret in SECRETS if re.search(secret, text)]
        assert not found, (page, found)
    if "~private" not in page and "private-calls" not in page:
        own = sign_in(ana).get(page.format(pk=family.pk)).content.decode()
        assert any(re.search(secret, own) for secret in SECRETS)


@pytest.mark.parametrize("copied", [False, True])
@pytest.mark.parametrize(
    "question",
    [
        f"number={NUMBER}".replace("+", "%2B"), "number.begins=%2B1972", "number.contains=8134", "country=US",
        "destination=Waxahachie", "destination.begins=Waxa", "destination.contains=hach",
        "where=any(number.is(%2B19728134987),number.begins(%2B197))",
    ],
)  # fmt: skip
def test_no_filter_finds_it_by_its_other_party(
    question: str, copied: bool, ana: User, admin: User, family: CallRecord, settings: Any, tmp_path: Path
) -> None:
    settings.DATA_DIR = tmp_path
    if copied:
        copy_columns(quiet=timedelta(0))
    calls = {}
    for reader in (ana, admin):
        path = tmp_path / "report.json"
        options: dict[str, Any] = {"user": reader.username, "query": f"period=all&{question}", "format": "json"}
        call_command("run_report", "calls", output=path, **options)
        calls[reader] = len(json.loads(path.read_text())["rows"])
    assert calls == {ana: 1, admin: 0}
    if question.startswith(("number=", "number.begins")):
        listed = question.replace("number.begins=", "match=begins&number=")
        assert f"/calls/{family.pk}/" in sign_in(ana).get(f"/calls/?period=all&{listed}").content.decode()
        assert f"/calls/{family.pk}/" not in sign_in(admin).get(f"/calls/?period=all&{listed}").content.decode()


def test_the_sum_to_be_paid_leads_to_its_calls(ana: User, admin: User, family: CallRecord) -> None:
    make.record(ana, extension="2001", started_at=family.started_at)
    browser = sign_in(admin)
    page = browser.get("/reports/private-calls/?period=all").content.decode()
    assert "€0.12" in page
    assert "0.24" not in page
    calls = browser.get(f"/reports/calls/?period=all&purpose=private&person={ana.username}").content.decode()
    assert calls.count(f"/calls/{family.pk}/") >= 1
    with time_machine.travel(family.started_at, tick=False):
        home = sign_in(ana).get("/calls/home/").content.decode()
    assert "Private this month" in home
    assert "1 call that you pay" in home


def test_its_colleagues_part_hides_the_number_in_the_legs(ben: User, cleo: User, family: CallRecord) -> None:
    theirs = make.record(
        cleo, call_id=family.call_id, phone_system_id=family.phone_system_id, kind=2, other_number="2001",
        department_id=family.department_id, started_at=family.started_at + timedelta(seconds=1), extension="2002",
    )  # fmt: skip
    page = sign_in(ben).get(f"/calls/{theirs.pk}/").content.decode()
    assert "8134987" not in page


def test_recosting_keeps_a_mark(admin: User, cluster: PhoneSystem, family: CallRecord) -> None:
    gateway = Gateway.objects.get(phone_system=cluster)
    CallRecord.objects.filter(pk=family.pk).update(gateway_id=gateway.pk, carries_trunk=True, trunk_seconds=60)
    correction = corrections.begin(CorrectionKind.COST, Selection(), admin)
    for start in (corrections.start_dry_run, lambda one, user: corrections.start_applying(one, user, "New prices")):
        job = start(correction, admin)
        assert job is not None
        jobs.run(job.pk)
        correction.refresh_from_db()
    family.refresh_from_db()
    assert family.purpose in PRIVATE
    assert family.currency == "USD"


def test_an_office_refuses_a_prefix_that_would_make_every_call_private(admin: User) -> None:
    office = make.office(access_code="0")
    form = {
        "name": office.name, "country": "DE", "time_zone": "Europe/Berlin", "access_code": "0", "extension_digits": "4",
        "area_code": "30", "subdivision": "", "private_prefix": "0",
    }  # fmt: skip
    browser = sign_in(admin)
    page = browser.post(f"/setup/accounting/office/{office.pk}/change/", form).content.decode()
    assert "every call would be private" in page
    assert Office.objects.get(pk=office.pk).private_prefix == ""


def test_erasing_a_person_takes_the_name_out_of_marks(ana: User, admin: User, family: CallRecord) -> None:
    make.person("other", first_name="Ana", last_name="Ruiz")
    assert mark(ana, [family.pk], private=False) == [family.pk]
    job = jobs.start("erase_person", admin, person=ana.pk)
    jobs.run(job.pk)
    entry = AuditEntry.objects.get(subject_type="private_calls")
    assert "Ruiz" not in f"{entry.actor} {entry.subject}"
    assert entry.details["calls"] == 1
