"""Synchronising people with a real directory: first time, changes, leavers, the guard, faults, and the timetable."""

import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

import ldap
import ldap.modlist
import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounting.models import (
    AuditEntry,
    CostCentre,
    Department,
    DirectoryRun,
    Extension,
    Job,
    LineAssignment,
    Membership,
    Office,
    Role,
    User,
)
from accounting.models import Directory as Settings
from accounting.services import directory_sync, jobs
from tests import factories
from tests.servers import Directory, free_port
from tests.servers import directory as running_directory

pytestmark = pytest.mark.django_db
Enter = Callable[..., Settings]


@pytest.fixture(scope="module")
def company_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Directory]:
    """A directory whose people these tests change."""
    with running_directory(tmp_path_factory.mktemp("company")) as found:
        yield found


@pytest.fixture
def company(company_server: Directory) -> Iterator[Directory]:
    """The directory with dora and emil of Sales, and nobody else afterwards."""
    company_server.start()
    add(company_server, "dora", "Dora", "Klein", physicalDeliveryOfficeName="Berlin", telephoneNumber="+49 30 555-4711")
    add(company_server, "emil", "Émil", "Żak", employeeNumber="0815", preferredLanguage="de-AT")
    yield company_server
    company_server.start()
    with session(company_server) as server:
        for dn, _values in server.search_s(company_server.people_base, ldap.SCOPE_ONELEVEL, attrlist=["1.1"]):
            server.delete_s(dn)


@pytest.fixture
def enter(company: Directory) -> Enter:
    """Enter the directory in the set-up, as an administrator has."""

    def entered(**fields: Any) -> Settings:
        Office.objects.get_or_create(name="Berlin", country="DE")
        usual = {
            "server_uri": company.uri, "bind_dn": company.bind_dn, "bind_password": company.password,
            "user_base": company.people_base, "people_filter": "(objectClass=user)", "key_attribute": "entryUUID",
            "employee_number_attribute": "employeeNumber", "language_attribute": "preferredLanguage",
            "cost_centre_attribute": "departmentNumber", "extension_attribute": "telephoneNumber",
            "extension_digits": 4, "phone_system": factories.phone_system(), "most_leavers": 60,
        }  # fmt: skip
        settings = Settings(**usual | fields)
        settings.save()
        return settings

    return entered


class session:  # noqa: N801  (reads as a function)
    """A connection that may write."""

    def __init__(self, directory: Directory) -> None:
        self.server = ldap.initialize(directory.uri)
        self.server.simple_bind_s(directory.bind_dn, directory.password)

    def __enter__(self) -> Any:
        return self.server

    def __exit__(self, *_error: object) -> None:
        self.server.unbind_s()


def dn(directory: Directory, username: str) -> str:
    return f"cn={username},{directory.people_base}"


def add(directory: Directory, username: str, first_name: str, last_name: str, **values: str) -> None:
    """Add a person of Sales as Active Directory shows one."""
    entry = {
        "objectClass": ["user", "extensibleObject"],
        "objectCategory": ["CN=Person"],
        "instanceType": ["4"],
        "nTSecurityDescriptor": ["-"],
        "givenName": [first_name],
        "sn": [last_name],
        "department": ["Sales"],
    }
    entry |= {"sAMAccountName": [username]} if username else {}
    directory.add(dn(directory, username or last_name), **entry | {name: [text] for name, text in values.items()})


def change(directory: Directory, username: str, **values: str | None) -> None:
    with session(directory) as server:
        server.modify_s(
            dn(directory, username),
            [(ldap.MOD_REPLACE, name, [text.encode()] if text else None) for name, text in values.items()],
        )


def remove(directory: Directory, username: str) -> None:
    with session(directory) as server:
        server.delete_s(dn(directory, username))


def synchronise(**options: Any) -> DirectoryRun:
    """Run the job that the button or the timetable starts; return its entry in the log."""
    jobs.run(directory_sync.start(None, **options).pk)
    return DirectoryRun.objects.all()[0]


def units(username: str) -> list[str]:
    """Return a person's present units."""
    rows = Membership.objects.filter(user__username=username, valid_to=None)
    return [str(unit) for row in rows for unit in (row.department, row.cost_centre, row.office) if unit]


def lines(username: str) -> list[str]:
    """Return a person's present extensions."""
    found = LineAssignment.objects.filter(user__username=username, valid_to=None).order_by("extension__number")
    return [line.extension.number for line in found]


def test_the_first_synchronisation_brings_people_with_units_and_lines(enter: Enter) -> None:
    enter()
    run = synchronise()
    assert (run.state, run.entries, run.counts["added"]) == ("done", 2, 2), run.error
    dora, emil = User.objects.order_by("username")
    assert (dora.first_name, dora.last_name, dora.origin, dora.role) == ("Dora", "Klein", "directory", Role.USER)
    assert (emil.first_name, emil.employee_number, emil.language) == ("Émil", "0815", "de")
    assert len(dora.directory_key or "") == 32
    assert not dora.has_usable_password()
    assert units("dora") == ["Sales", "Berlin"]
    assert (units("emil"), lines("dora"), lines("emil")) == (["Sales"], ["4711"], [])


def test_a_second_run_changes_nothing_and_writes_nothing_but_its_log(enter: Enter) -> None:
    enter()
    synchronise()
    job = directory_sync.start(None)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        jobs.run(job.pk)
    writes = {
        query["sql"].split()[2 if query["sql"].startswith("INSERT") else 1].strip('"')
        for query in queries
        if query["sql"].startswith(("INSERT", "UPDATE", "DELETE"))
    }
    assert writes <= {"accounting_directoryrun", "accounting_job", "FROM"}
    assert DirectoryRun.objects.all()[0].counts == {"added": 0, "changed": 0, "removed": 0, "unchanged": 2, "errors": 0}


def test_the_history_of_a_person_leads_to_the_run_that_changed_it(
    enter: Enter, company: Directory, client: Client, admin: User
) -> None:
    enter()
    synchronise()
    change(company, "dora", sn="Kleinert")
    run = synchronise()
    client.force_login(admin)
    dora = User.objects.get(username="dora")
    page = client.get(reverse("admin:accounting_user_history", args=[dora.pk])).content.decode()
    assert "<del><bdi>Klein</bdi></del>" in page
    assert reverse("directory_run", args=[run.pk]) in page


def test_a_preview_with_differences_is_an_entry(enter: Enter) -> None:
    enter()
    run = synchronise(preview=True)
    entry = AuditEntry.objects.get(action="dry_run")
    assert (entry.details["run"], entry.details["added"]) == (run.pk, 2)


def test_a_renamed_person_stays_the_same_one(enter: Enter, company: Directory) -> None:
    enter()
    synchronise()
    before = User.objects.get(username="dora")
    change(company, "dora", sAMAccountName="dklein", sn="Klein-Berg")
    synchronise()
    after = User.objects.get(pk=before.pk)
    assert (after.username, after.last_name, User.objects.count()) == ("dklein", "Klein-Berg", 2)


def test_two_people_may_swap_their_user_names(enter: Enter, company: Directory) -> None:
    enter()
    synchronise()
    before = dict(User.objects.values_list("pk", "username"))
    change(company, "dora", sAMAccountName="emil")
    change(company, "emil", sAMAccountName="dora")
    assert synchronise().state == "done"
    after = dict(User.objects.values_list("pk", "username"))
    assert {(before[pk], after[pk]) for pk in before} == {("dora", "emil"), ("emil", "dora")}


def test_a_move_takes_effect_now_and_the_past_keeps_its_units(enter: Enter, company: Directory) -> None:
    enter()
    synchronise()
    moment = timezone.now()
    change(company, "dora", department="Logistics", telephoneNumber="+49 30 555-4799")
    synchronise()
    assert (units("dora"), lines("dora")) == (["Logistics", "Berlin"], ["4799"])
    past = Membership.objects.get(user__username="dora", department__name="Sales")
    assert past.valid_to is not None
    assert past.valid_to >= moment.replace(microsecond=0)
    assert LineAssignment.objects.get(extension__number="4711").valid_to == past.valid_to


def test_lines_that_the_directory_has_not_given_stay(enter: Enter, company: Directory) -> None:
    enter()
    synchronise()
    dora = User.objects.get(username="dora")
    second = Extension.objects.create(phone_system=factories.phone_system(), number="9000")
    LineAssignment.objects.create(extension=second, user=dora)
    change(company, "dora", telephoneNumber="4712")
    synchronise()
    assert lines("dora") == ["4712", "9000"]
    change(company, "dora", telephoneNumber=None)
    synchronise()
    assert lines("dora") == ["9000"]


def test_who_is_gone_or_disabled_is_closed_and_keeps_the_past(enter: Enter, company: Directory) -> None:
    enter(most_leavers=100)
    add(company, "gina", "Gina", "Long")
    synchronise()
    remove(company, "dora")
    change(company, "emil", userAccountControl="514")
    run = synchronise()
    assert (run.state, run.counts["removed"]) == ("done", 2)
    for name in ("dora", "emil"):
        person = User.objects.get(username=name)
        assert not person.is_active
        assert person.left_at is not None
        assert (units(name), lines(name)) == ([], [])
    assert Membership.objects.filter(user__username="dora").exists()
    change(company, "emil", userAccountControl="512")
    synchronise()
    emil = User.objects.get(username="emil")
    assert (emil.is_active, emil.left_at, units("emil")) == (True, None, ["Sales"])


def test_leavers_may_be_left_as_they_are(enter: Enter, company: Directory) -> None:
    enter(leavers=Settings.Leavers.KEEP)
    synchronise()
    remove(company, "dora")
    synchronise()
    assert User.objects.get(username="dora").is_active


def test_too_many_leavers_hold_everything_back_until_an_administrator_agrees(
    enter: Enter, company: Directory, client: Client, admin: User
) -> None:
    enter(most_leavers=10)
    synchronise()
    remove(company, "dora")
    change(company, "emil", sn="New")
    run = synchronise()
    assert (run.state, run.counts["removed"], run.counts["changed"]) == ("held_back", 1, 1)
    assert "1 person of 2 would be closed" in run.error
    assert User.objects.get(username="dora").is_active
    assert User.objects.get(username="emil").last_name == "Żak"
    client.force_login(admin)
    page = client.get(reverse("directory_run", args=[run.pk])).content.decode()
    assert "Dora Klein" in page
    client.post(reverse("apply_directory_run", args=[run.pk]))
    jobs.run(Job.objects.all()[0].pk)
    assert DirectoryRun.objects.all()[0].state == "done"
    assert not User.objects.get(username="dora").is_active


def test_agreement_holds_for_what_was_shown_only(enter: Enter, company: Directory) -> None:
    enter(most_leavers=10)
    synchronise()
    remove(company, "dora")
    held = synchronise()
    change(company, "emil", sn="New")
    assert synchronise(approved=held).state == "held_back"
    assert User.objects.get(username="dora").is_active


def test_an_empty_answer_closes_nobody(enter: Enter, company: Directory) -> None:
    settings = enter(most_leavers=100)
    synchronise()
    settings.people_filter = "(objectClass=device)"
    settings.save()
    assert synchronise().state == "held_back"
    assert User.objects.filter(is_active=True).count() == 2


def test_local_people_and_administrators_are_never_closed_nor_demoted(
    enter: Enter, company: Directory, admin: User, ana: User
) -> None:
    add(company, "admin", "Ada", "Directory")
    enter(administrators_group=f"cn=Telephony,{company.base}", most_leavers=100)
    company.add(f"cn=Telephony,{company.base}", objectClass=["groupOfNames"], member=[dn(company, "dora").upper()])
    try:
        synchronise()
        remove(company, "admin")
        synchronise()
    finally:
        with session(company) as server:
            server.delete_s(f"cn=Telephony,{company.base}")
    admin.refresh_from_db()
    assert (admin.is_active, admin.role, admin.last_name) == (True, Role.ADMINISTRATOR, "Directory")
    assert User.objects.get(username="ana").is_active
    assert User.objects.get(username="dora").role == Role.ADMINISTRATOR
    assert User.objects.get(username="dora").is_staff


def test_a_person_known_by_name_is_linked_whatever_the_case(enter: Enter) -> None:
    known = User.objects.create(username="Dora", password="!", first_name="Old")
    enter()
    synchronise()
    known.refresh_from_db()
    assert (known.username, known.first_name, known.origin) == ("Dora", "Dora", "local")
    assert known.directory_key


def test_an_account_switched_off_by_hand_stays_off(enter: Enter) -> None:
    enter()
    synchronise()
    User.objects.filter(username="dora").update(is_active=False)
    synchronise()
    assert not User.objects.get(username="dora").is_active


def test_what_cannot_be_taken_is_reported_and_the_rest_goes_on(enter: Enter, company: Directory) -> None:
    add(company, "", "No", "Name")
    add(company, "fred", "Fred", "Far", physicalDeliveryOfficeName="Atlantis", telephoneNumber="555-4711")
    enter(create_units=False)
    Department.objects.create(name="Sales")
    run = synchronise()
    assert (run.state, run.counts["added"], run.counts["errors"]) == ("done", 3, 1)
    assert lines("dora") == lines("fred") == []
    client = Client()
    client.force_login(factories.administrator())
    page = client.get(reverse("directory_run", args=[run.pk])).content.decode()
    assert "It has no user name." in page
    assert "There is no office “Atlantis” (entries: 1)." in page
    assert "Several entries have extension 4711" in page


def test_missing_units_are_added_or_the_default_office_taken(enter: Enter, company: Directory) -> None:
    change(company, "emil", department="Sales / Inside", departmentNumber="K-100")
    enter(default_office=Office.objects.create(name="Home", country="DE"))
    synchronise()
    assert Department.objects.get(name="Inside").parent == Department.objects.get(name="Sales")
    assert CostCentre.objects.get().code == "K-100"
    assert units("emil") == ["Inside", "K-100 K-100", "Home"]


def test_more_people_than_one_page_holds(enter: Enter, company: Directory) -> None:
    for number in range(7):
        add(company, f"p{number}", "P", str(number))
    enter(page_size=2)
    assert synchronise().entries == 9
    assert User.objects.count() == 9


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"server_uri": f"ldap://127.0.0.1:{free_port()}"}, "does not answer"),
        ({"bind_password": "stale-bind-password"}, "refuses the account"),
        ({"user_base": "ou=Nowhere,dc=example,dc=com"}, "no such branch"),
        ({"people_filter": "(objectClass=user"}, "not well formed"),
        ({"start_tls": True}, "encrypted connection failed"),
        ({"start_tls": True, "ca_certificate": "nonsense"}, "encrypted connection failed"),
        ({"administrators_group": "cn=Missing,dc=example,dc=com"}, "no group"),
    ],
)
def test_faults_are_told_and_change_nothing(
    enter: Enter, client: Client, admin: User, fields: dict[str, Any], told: str
) -> None:
    enter(**fields)
    job = directory_sync.start(admin)
    jobs.run(job.pk)
    job.refresh_from_db()
    run = DirectoryRun.objects.get()
    assert (job.state, run.state, User.objects.count()) == ("failed", "failed", 1)
    assert told in run.error
    assert run.error == job.error
    client.force_login(admin)
    page = client.get(reverse("directory")).content.decode()
    assert run.error in page
    assert "stale-bind-password" not in page + run.error
    answer = client.post(reverse("test_directory"), follow=True).content.decode()
    assert told in answer
    assert run.error in client.get(reverse("admin:index")).content.decode()


def test_a_silent_server_ends_the_run_soon(enter: Enter) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        enter(server_uri=f"ldap://127.0.0.1:{silent.getsockname()[1]}", timeout=1)
        begun = perf_counter()
        run = synchronise()
    assert (run.state, perf_counter() - begun < 4) == ("failed", True)
    assert "does not answer" in run.error


def test_a_new_entry_is_not_taken_for_a_person_who_has_left(enter: Enter, company: Directory) -> None:
    enter(most_leavers=100)
    synchronise()
    remove(company, "dora")
    synchronise()
    add(company, "dora", "Dorothy", "Kline")
    run = synchronise()
    assert (run.counts["added"], run.counts["errors"]) == (0, 1)
    assert User.objects.get(username="dora").first_name == "Dora"


def test_a_new_entry_is_not_taken_for_a_disabled_person_of_the_same_name(enter: Enter, company: Directory) -> None:
    enter(most_leavers=100)
    synchronise()
    change(company, "dora", sAMAccountName="dora.old", userAccountControl="514")
    add(company, "dora2", "Dorothy", "Kline")
    change(company, "dora2", sAMAccountName="dora")
    run = synchronise()
    assert (run.counts["added"], run.counts["removed"], run.counts["errors"]) == (0, 1, 1)
    assert User.objects.get(username="dora").first_name == "Dora"


def test_what_was_applied_is_not_offered_again(enter: Enter, client: Client, admin: User) -> None:
    enter()
    preview = synchronise(preview=True)
    client.force_login(admin)
    address, offer = reverse("directory_run", args=[preview.pk]), reverse("apply_directory_run", args=[preview.pk])
    assert offer in client.get(address).content.decode()
    synchronise(approved=preview)
    assert offer not in client.get(address).content.decode()
    assert synchronise(approved=preview).state == "done"


def test_an_encrypted_connection_with_the_authority_of_the_set_up(enter: Enter, company: Directory) -> None:
    authority = Path(company.server.cafile).read_text(encoding="utf-8")
    enter(start_tls=True, ca_certificate=authority)
    run = synchronise()
    assert (run.state, run.entries) == ("done", 2), run.error


def test_a_preview_shows_everything_and_changes_nothing(enter: Enter, client: Client, admin: User) -> None:
    enter()
    client.force_login(admin)
    client.post(reverse("synchronise_directory"), {"preview": "1"})
    job = Job.objects.get()
    jobs.run(job.pk)
    answer = client.get(reverse("job", args=[job.pk]), follow=True)
    page = answer.content.decode()
    assert "Dora Klein" in page
    assert "4711" in page
    assert User.objects.count() == 1
    run = DirectoryRun.objects.get()
    client.post(reverse("apply_directory_run", args=[run.pk]))
    jobs.run(Job.objects.all()[0].pk)
    assert User.objects.count() == 3
    assert AuditEntry.objects.filter(action="imported").count() == 1


def test_the_timetable_starts_one_run_when_it_is_due(enter: Enter) -> None:
    enter(interval=Settings.Interval.DAILY, at=time(4))
    with time_machine.travel(datetime(2026, 3, 28, 12, tzinfo=UTC), tick=False) as clock:
        directory_sync.tick()
        assert Settings.current().next_sync_at == datetime(2026, 3, 29, 2, tzinfo=UTC)
        assert not Job.objects.exists()
        clock.shift(timedelta(hours=14))
        directory_sync.tick()
        directory_sync.tick()
        assert Job.objects.count() == 1
        assert Settings.current().next_sync_at == datetime(2026, 3, 30, 2, tzinfo=UTC)


def test_a_denser_timetable_does_not_wait_for_the_old_one(enter: Enter) -> None:
    settings = enter(interval=Settings.Interval.DAILY)
    directory_sync.tick()
    settings.interval = Settings.Interval.HOURLY
    settings.save()
    Settings.objects.update(next_sync_at=timezone.now() + timedelta(hours=20))
    directory_sync.tick()
    following = Settings.current().next_sync_at
    assert following is not None
    assert following <= timezone.now() + timedelta(hours=1)
    assert not Job.objects.exists()


def test_without_a_timetable_nothing_starts(enter: Enter) -> None:
    enter()
    directory_sync.tick()
    assert not Job.objects.exists()


def test_a_synchronisation_is_undone_as_far_as_nothing_has_changed_since(
    enter: Enter, company: Directory, client: Client, admin: User
) -> None:
    enter(create_units=True)
    synchronise()
    add(company, "nora", "Nora", "Lind")
    change(company, "dora", sn="Kleiber")
    remove(company, "emil")
    run = synchronise()
    client.force_login(admin)
    page = client.get(reverse("directory_run", args=[run.pk])).content.decode()
    entry = AuditEntry.objects.get(action="imported", details__run=run.pk)
    assert (entry.details["added"], entry.details["closed"]) == (1, 1)
    assert reverse("audit_entry", args=[entry.pk]) in page
    User.objects.filter(username="dora").update(last_name="Kleist")
    client.post(reverse("undo_work", args=[entry.pk]), {"reason": "Wrong branch"})
    jobs.run(Job.objects.latest("pk").pk)
    assert not User.objects.filter(username="nora").exists()
    emil, dora = User.objects.get(username="emil"), User.objects.get(username="dora")
    assert (emil.is_active, emil.left_at, units("emil")) == (True, None, ["Sales"])
    assert dora.last_name == "Kleist", "somebody has changed it since"
    page = client.get(reverse("directory_run", args=[run.pk])).content.decode()
    assert "Wrong branch" in page
