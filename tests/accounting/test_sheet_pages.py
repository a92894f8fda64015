"""Import and export pages: upload, look, apply or discard; who may; what the audit log keeps."""

import io
import threading
from datetime import timedelta
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation

from accounting.models import AuditEntry, CostCentre, Department, LineAssignment, Membership, SheetImport, User
from accounting.services import jobs, sheet_imports
from accounting.services.sheets import tidy
from accounting.sheets import SHEETS
from accounting.views.sheets import download
from callanalytics.lib.spreadsheets import read, written
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator(client: Client, admin: User) -> Client:
    client.force_login(admin)
    return client


def uploaded(client: Client, kind: str, content: str | bytes, name: str = "file.csv", **fields: Any) -> Any:
    file = SimpleUploadedFile(name, content.encode() if isinstance(content, str) else content)
    return client.post(reverse("sheet", args=[kind]), {"file": file, **fields}, follow=True)


def text_of(response: Any) -> str:
    return " ".join(response.content.decode().split())


def test_a_file_is_shown_first_and_applied_on_request(administrator: Client) -> None:
    factories.cost_centre("0042", "Sales")
    page = text_of(uploaded(administrator, "cost_centres", "code;name\n0042;Sales Berlin\n0043;Service\n"))
    assert "Sales Berlin" in page
    assert "0043" in page
    assert not CostCentre.objects.filter(code="0043").exists()
    held = SheetImport.objects.get()
    page = text_of(administrator.post(reverse("apply_sheet", args=[held.pk]), follow=True))
    assert "2 rows were applied." in page
    assert dict(CostCentre.objects.values_list("code", "name")) == {"0042": "Sales Berlin", "0043": "Service"}
    entry = AuditEntry.objects.get(action="imported")
    assert (entry.subject, entry.details["added"], entry.details["changed"]) == ("file.csv", 1, 1)
    assert entry.actor == "Ada Novak (admin)"
    held.refresh_from_db()
    assert (held.state, bytes(held.content)) == ("applied", b"")
    later = text_of(administrator.get(reverse("sheet_import", args=[held.pk])))
    assert "Sales Berlin" in later
    assert "Apply the changes" not in later


@pytest.mark.django_db(transaction=True)
def test_two_sheets_applied_at_once_see_each_other(admin: User) -> None:
    """One new extension for two people, in two files that are applied in the same moment: one person holds it."""
    factories.person("nina", extension="4900")
    factories.person("omar", extension="4901")
    sheets = [
        sheet_imports.upload("people", f"user_name;extensions\n{name};4930, {own}\n".encode(), name, admin)
        for name, own in (("nina", 4900), ("omar", 4901))
    ]
    made, gate = [], threading.Barrier(2)

    def apply(sheet: SheetImport) -> None:
        held = SheetImport.objects.get(pk=sheet.pk)
        gate.wait()
        try:
            made.append(sheet_imports.apply(held))
        finally:
            connections.close_all()

    workers = [threading.Thread(target=apply, args=(sheet,)) for sheet in sheets]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(made) == len(sheets)
    assert LineAssignment.objects.filter(extension__number="4930", valid_to=None).count() == 1


def test_what_changed_since_the_preview_is_shown_anew(administrator: Client) -> None:
    centre = factories.cost_centre("0042", "Sales")
    uploaded(administrator, "cost_centres", "code,name\n0042,Sales Berlin\n")
    CostCentre.objects.filter(pk=centre.pk).update(name="Sales Bonn")
    held = SheetImport.objects.get()
    page = text_of(administrator.post(reverse("apply_sheet", args=[held.pk]), follow=True))
    assert "The data has changed since you saw the preview." in page
    assert "Sales Bonn" in page
    assert CostCentre.objects.get().name == "Sales Bonn"
    administrator.post(reverse("apply_sheet", args=[held.pk]))
    assert CostCentre.objects.get().name == "Sales Berlin"


def test_an_extension_given_away_since_the_preview_is_shown_anew(administrator: Client, ana: User) -> None:
    factories.phone_system()
    page = text_of(uploaded(administrator, "people", "user_name;extensions\nana;4930\n"))
    assert "taken over" not in page
    factories.person("omar", extension="4930")
    held = SheetImport.objects.get()
    page = text_of(administrator.post(reverse("apply_sheet", args=[held.pk]), follow=True))
    assert "The data has changed since you saw the preview." in page
    assert "Extension 4930 is taken over from" in page
    assert not LineAssignment.objects.filter(user=ana).exists()
    administrator.post(reverse("apply_sheet", args=[held.pk]))
    assert LineAssignment.objects.get(valid_to=None).user == ana


def test_a_downloaded_file_keeps_its_name_in_every_script() -> None:
    answer = download("csv", "people-\N{ARABIC LETTER SHEEN}.csv", b"")
    assert answer["Content-Disposition"] == "attachment; filename*=utf-8''people-%D8%B4.csv"


def test_a_damaged_file_changes_nothing(administrator: Client, ana: User) -> None:
    factories.phone_system()
    factories.person("ben", extension="0815")
    rows = [
        "user_name;email;role;department;cost_centre;office;extensions;left_on;active",
        "a b;;;;;;;;",  # no user name
        ";x@example.com;;;;;;;",  # none at all
        "ana;nobody;;;;;;;",  # no address
        "p1;;boss;;;;;;",
        "p2;;;Sails;;;;;",
        "p3;;;;9999;;;;",
        "p4;;;;;Atlantis;;;",
        "p5;;;;;;nosystem/1 0815;;",  # given to ben, too
        "ben;;;;;;0815;;",
        "p6;;;;;;;31.31.2026;",
        "p7;;;;;;;;perhaps",
        "P7;;;;;;;;yes",  # twice
        "p8;;;;;;;;yes;surplus",
    ]
    page = uploaded(administrator, "people", "\r\n".join(rows))
    held = SheetImport.objects.get()
    plan = page.context["plan"]
    found = {error.line: (error.column, error.message) for error in plan.errors}
    assert set(found) == {2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14}
    assert [found[line][0] for line in sorted(found)] == [
        "user_name", "user_name", "email", "role", "department", "cost_centre", "office", "extensions", "left_on",
        "active", "", "",
    ]  # fmt: skip
    assert found[6][1] == "There is no department “Sails”."
    assert found[9][1] == "The file gives extension 0815 to ben, too."
    assert found[13][1] == "Line 12 is about the same."
    shown = text_of(page)
    assert "“boss” is not one of" in shown
    people = User.objects.count()
    refused = text_of(administrator.post(reverse("apply_sheet", args=[held.pk]), follow=True))
    assert "Some rows have errors" in refused
    assert User.objects.count() == people


def test_the_rows_without_errors_can_be_applied_alone(administrator: Client) -> None:
    uploaded(administrator, "cost_centres", "code,name\n1,One\n2,\n")
    held = SheetImport.objects.get()
    administrator.post(reverse("apply_sheet", args=[held.pk]), {"despite_errors": "on"})
    assert list(CostCentre.objects.values_list("code", flat=True)) == ["1"]


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_faulty_lines_are_downloaded_corrected_and_uploaded_again(administrator: Client, form: str) -> None:
    uploaded(administrator, "cost_centres", "code,name\n1,One\n2,\n,Three\n")
    held = SheetImport.objects.get()
    address = reverse(f"faulty_lines_{form}", args=[held.pk])
    assert address in administrator.get(reverse("sheet_import", args=[held.pk])).content.decode()
    assert administrator.get(address).status_code == 405
    content = administrator.post(address).content
    file = read(content)
    assert file.header == ["code", "name", "what_is_wrong"]
    assert [cells[:2] for _line, cells in file.rows] == [["2", ""], ["", "Three"]]
    assert all(cells[2] for _line, cells in file.rows)
    rows = [["2", "Two", file.rows[0][1][2]], ["3", "Three", ""]]
    uploaded(administrator, "cost_centres", written(form, "x", file.header, rows), f"errors.{form}")
    again = SheetImport.objects.latest("pk")
    assert (again.counts["errors"], again.counts["added"]) == (0, 2)
    assert AuditEntry.objects.filter(action="exported", subject_type="cost_centres").exists()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "submitted file is empty"),
        (b"\n\n ; ; \n", "its first row must name the columns"),
        ("code;name;colour\n1;One;red\n".encode("utf-16"), "Unknown columns: colour. Known are: code, name."),
        (b"code;Code\n1;2\n", "Columns that stand twice in the file: code."),
        (b"name\nOne\n", "Columns that the file lacks: code."),
        (b"PK\x03\x04 no zip at all", "The XLSX file is damaged"),
        (b"\x00\x01\x02\x03binary\x00\xff", "neither a CSV nor an XLSX"),
    ],
)
def test_a_file_that_is_no_sheet_is_told_apart(administrator: Client, content: bytes, told: str) -> None:
    response = uploaded(administrator, "cost_centres", content)
    assert told in text_of(response)
    assert not SheetImport.objects.exists()


def test_xlsx_keeps_leading_zeros_and_reads_numbers_as_people_see_them(administrator: Client) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["Kostenstelle", "Code", "Name"][1:])
    sheet.append([4930.0, "Numbers"])
    sheet.append(["0042", "=1+1"])
    sheet["B3"].data_type = "s"
    out = io.BytesIO()
    book.save(out)
    uploaded(administrator, "cost_centres", out.getvalue(), "file.xlsx")
    administrator.post(reverse("apply_sheet", args=[SheetImport.objects.get().pk]))
    assert dict(CostCentre.objects.values_list("code", "name")) == {"4930": "Numbers", "0042": "=1+1"}
    response = administrator.post(reverse("sheet_export_xlsx", args=["cost_centres"]))
    cells = list(openpyxl.load_workbook(io.BytesIO(response.content)).active.iter_rows())
    assert [(cell.value, cell.data_type) for cell in cells[1]] == [("0042", "s"), ("=1+1", "s")]
    exported = administrator.post(reverse("sheet_export_csv", args=["cost_centres"])).content.decode("utf-8-sig")
    assert exported == "code;name\r\n0042;'=1+1\r\n4930;Numbers\r\n"
    assert AuditEntry.objects.filter(action="exported", subject_type="cost_centres").count() == 2


def test_headers_are_read_in_the_portals_languages(administrator: Client) -> None:
    with translation.override("de"):
        header = ";".join(str(SHEETS["cost_centres"].column(name).label) for name in ("code", "name"))
    uploaded(administrator, "cost_centres", f"{header.upper()}\n1;Eins\n".encode("latin-1"))
    assert SheetImport.objects.get().counts["added"] == 1


@pytest.mark.parametrize("kind", list(SHEETS))
def test_no_header_means_two_columns(kind: str, settings: Any) -> None:
    meant: dict[str, str] = {}
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            for column in SHEETS[kind].shown():
                for header in (column.name, str(column.label)):
                    assert meant.setdefault(tidy(header), column.name) == column.name, (code, header)


def test_a_discarded_file_is_forgotten(administrator: Client) -> None:
    uploaded(administrator, "cost_centres", "code,name\n1,One\n")
    held = SheetImport.objects.get()
    administrator.post(reverse("discard_sheet", args=[held.pk]))
    held.refresh_from_db()
    assert (held.state, bytes(held.content), bytes(held.plan)) == ("discarded", b"", b"")
    assert administrator.get(reverse("sheet_import", args=[held.pk])).status_code == 200
    assert administrator.post(reverse("apply_sheet", args=[held.pk])).status_code == 404
    assert not CostCentre.objects.exists()


def test_uploads_do_not_keep_data_of_people_for_ever(administrator: Client) -> None:
    uploaded(administrator, "cost_centres", "code,name\n1,One\n")
    uploaded(administrator, "cost_centres", "code,name\n2,Two\n")
    waiting, applied = SheetImport.objects.order_by("pk")
    administrator.post(reverse("apply_sheet", args=[applied.pk]))
    SheetImport.objects.filter(pk=waiting.pk).update(created_at=timezone.now() - timedelta(days=31))
    SheetImport.objects.filter(pk=applied.pk).update(applied_at=timezone.now() - timedelta(days=91))
    uploaded(administrator, "cost_centres", "code,name\n3,Three\n")
    waiting.refresh_from_db()
    assert (waiting.state, bytes(waiting.content)) == ("discarded", b"")
    page = text_of(administrator.get(reverse("sheet_import", args=[applied.pk])))
    assert "Two" not in page
    assert "kept for 90 days" in page


def test_only_administrators(client: Client, ben: User) -> None:
    client.force_login(ben)
    for address in ("sheets", "sheet"):
        assert client.get(reverse(address, args=["people"] if address == "sheet" else [])).status_code == 403
    assert client.post(reverse("sheet_export_csv", args=["people"])).status_code == 403
    assert uploaded(client, "people", "user_name\nx\n").status_code == 403
    held = SheetImport.objects.create(kind="people")
    assert client.get(reverse("sheet_import", args=[held.pk])).status_code == 403
    assert client.post(reverse("apply_sheet", args=[held.pk])).status_code == 403


def test_every_kind_has_its_pages(administrator: Client) -> None:
    for kind in SHEETS:
        if not SHEETS[kind].of_tariff:
            assert administrator.get(reverse("sheet", args=[kind])).status_code == 200
        template = administrator.get(reverse("sheet_template_csv", args=[kind])).content.decode("utf-8-sig")
        assert template.splitlines()[0].split(";") == [column.name for column in SHEETS[kind].shown()]
    assert administrator.get(reverse("sheet", args=["nonsense"])).status_code == 404


def test_five_thousand_people_in_the_background(administrator: Client, settings: Any) -> None:
    factories.phone_system()
    factories.department("Sales")
    factories.department("Service")
    lines = [f"p{n:05},Ana {n},Ruiz,p{n:05}@example.com,Sales,{n:05}" for n in range(5000)]
    header = "user_name,first_name,last_name,email,department,extensions\n"
    uploaded(administrator, "people", header + "\n".join(lines))
    held = SheetImport.objects.select_related("job").get()
    assert held.job is not None
    with CaptureQueriesContext(
        connection,
    ) as queries:
        jobs.run(held.job.pk)
    assert len(queries) < 60
    held.refresh_from_db()
    assert held.counts["added"] == 5000
    page = administrator.get(reverse("sheet_import", args=[held.pk]), {"show": "added", "page": "100"})
    assert "Ana 4999 Ruiz" in page.content.decode()
    administrator.post(reverse("apply_sheet", args=[held.pk]))
    held = SheetImport.objects.select_related("job").get()
    assert held.job is not None
    with CaptureQueriesContext(connection) as queries:
        jobs.run(held.job.pk)
    assert len(queries) < 230
    assert Membership.objects.filter(department__name="Sales").count() == 5000
    moved = sheet_imports.upload(
        "people", ("user_name,department\n" + "\n".join(f"p{n:05},Service" for n in range(2500))).encode(), "moved.csv",
        User.objects.get(username="admin"),
    )  # fmt: skip
    with CaptureQueriesContext(connection) as queries:
        assert sheet_imports.apply(moved)
    assert len(queries) < 100
    service = Department.objects.get(name="Service")
    assert Membership.objects.filter(department=service, valid_from__isnull=False, valid_to=None).count() == 2500
    assert Membership.objects.filter(department__name="Sales", valid_to__isnull=False).count() == 2500


def test_who_is_closed_by_a_line_is_counted_as_closed(administrator: Client) -> None:
    factories.person("nina")
    factories.person("omar")
    page = text_of(uploaded(administrator, "people", "user_name;active;first_name\nnina;no;\nomar;;Omar\n"))
    held = SheetImport.objects.get()
    assert (held.counts["changed"], held.counts["removed"]) == (1, 1)
    assert "The person leaves" in page
    closed = text_of(administrator.get(reverse("sheet_import", args=[held.pk]) + "?show=removed"))
    assert "nina" in closed
    assert "omar" not in closed
    administrator.post(reverse("apply_sheet", args=[held.pk]))
    entry = AuditEntry.objects.get(action="imported")
    assert (entry.details["changed"], entry.details["closed"]) == (1, 1)
    assert "removed" not in entry.details
    people = text_of(administrator.get(reverse("admin:accounting_user_changelist")))
    assert "User name" in people
    assert "Username" not in people
