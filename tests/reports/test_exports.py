"""Exports through the doors that people use: the page, background work and the shell."""

import csv
import io
import json
import os
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html import unescape
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader

from accounting.models import (
    AuditedAction,
    AuditEntry,
    CallRecord,
    Department,
    Direction,
    Job,
    JobState,
    Kind,
    Outcome,
    User,
)
from accounting.services import jobs
from accounting.services.retention import remove_old_exports
from reports.catalogue import REPORTS
from reports.exports import FORMATS, pdf
from reports.models import SavedReport
from tests import factories as make

START = datetime(2026, 10, 5, 8, 0, tzinfo=UTC)
OCTOBER = "from=2026-10-01&to=2026-10-31"
COUNTED = f"{OCTOBER}&zone=Asia/Kathmandu"
"""A zone whose days have no totals, so that the calls themselves are counted."""


@pytest.fixture
def calls(sales: Department, ana: User, ben: User, cleo: User, admin: User, settings: Any, tmp_path: Path) -> None:
    """Ana's and cleo's calls in October, in two currencies."""
    settings.DATA_DIR = tmp_path
    batch = make.batch()
    for person in (ana, cleo):
        for place in range(30):
            internal = place % 5 == 0
            make.record(
                person,
                batch_id=batch.pk,
                started_at=START + timedelta(hours=7 * place),
                user_id=person.pk,
                department_id=sales.pk if person == ana else None,
                kind=Kind.INTERNAL if internal else Kind.PUBLIC,
                direction=Direction.INCOMING if place % 3 == 0 else Direction.OUTGOING,
                outcome=Outcome.MISSED if place % 4 == 0 else Outcome.ANSWERED,
                **(
                    {}
                    if internal or place % 4 == 0
                    else {"cost": Decimal("1.23"), "currency": ("EUR", "AED")[place % 2]}
                ),
            )


def body_of(response: Any) -> bytes:
    """Return a downloaded file."""
    assert response.status_code == 200
    assert "attachment" in response["Content-Disposition"]
    return b"".join(response.streaming_content)


def table_of(content: bytes) -> tuple[dict[str, str], list[str], list[dict[str, str]]]:
    """Return the head, the header and the rows of a CSV file."""
    text = content.decode("utf-8-sig")
    lines = list(csv.reader(io.StringIO(text), delimiter=";" if text.splitlines()[0].count(";") else ","))
    gap = lines.index([])
    header = lines[gap + 1]
    return dict(map(tuple, lines[:gap])), header, [dict(zip(header, line, strict=True)) for line in lines[gap + 2 :]]  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["ana", "ben", "admin"])
def test_every_report_is_exported_for_every_role(client: Client, calls: None, name: str) -> None:
    reader = User.objects.get(username=name)
    client.force_login(reader)
    for slug, report in REPORTS.items():
        address = f"/reports/{slug}/?{COUNTED}&size=200"
        if not report.permission(reader):
            assert client.get(f"{address}&export=csv").status_code == 404
            continue
        page = client.get(address).context["layout"]
        head, header, rows = table_of(body_of(client.get(f"{address}&export=csv")))
        found = json.loads(body_of(client.get(f"{address}&export=json")))
        assert head["Author"] == str(reader)
        assert "31 Oct 2026" in head["Period"]
        assert len(header) >= len(found["columns"]) - 1
        assert len(rows) == len(found["rows"]) + bool(page.total), slug
        assert len(found["rows"]) == len(page.rows)
        openpyxl.load_workbook(io.BytesIO(body_of(client.get(f"{address}&export=xlsx"))))
        assert all("other_number" not in row for row in found["rows"])
    entry = AuditEntry.objects.filter(action=AuditedAction.EXPORTED, subject_type="report").latest("pk")
    assert entry.details["rows"] == len(found["rows"])


def test_totals_are_those_of_the_page_in_every_format(client: Client, calls: None, admin: User) -> None:
    client.force_login(admin)
    address = f"/reports/cost-by-department/?{COUNTED}&columns=calls,talk,cost"
    total = client.get(address).context["layout"].total.cells
    _head, header, rows = table_of(body_of(client.get(f"{address}&export=csv")))
    assert header == ["Department", "Calls", "Talk time", "Cost (AED)", "Cost (EUR)"]
    last = rows[-1]
    assert [int(last["Calls"]), Decimal(last["Cost (AED)"]), Decimal(last["Cost (EUR)"])] == [
        total[1],
        total[3]["AED"],
        total[3]["EUR"],
    ]
    assert sum(Decimal(row["Cost (EUR)"] or 0) for row in rows[:-1]) == total[3]["EUR"]
    assert json.loads(body_of(client.get(f"{address}&export=json")))["total"]["talk"] == total[2]
    book = openpyxl.load_workbook(io.BytesIO(body_of(client.get(f"{address}&export=xlsx"))))
    sheet = list(book.worksheets[0].iter_rows(values_only=True))
    assert len(sheet) - sheet.index(next(row for row in sheet if row[0] == "Department")) == len(rows) + 1
    cells = list(sheet[-1])
    assert cells[:2] == ["Total", total[1]]
    assert cells[2] == timedelta(seconds=total[2])
    assert [Decimal(str(cell)) for cell in cells[3:]] == [total[3]["AED"], total[3]["EUR"]]
    assert book.worksheets[1]._charts


def test_a_list_of_calls_is_exported_whole_in_the_zone_of_the_report(client: Client, calls: None, admin: User) -> None:
    client.force_login(admin)
    address = f"/reports/calls/?{COUNTED}&size=25&columns=time,person,other,talk,cost"
    _head, header, rows = table_of(body_of(client.get(f"{address}&export=csv")))
    assert len(rows) == CallRecord.objects.count() == 60
    assert header[-2:] == ["Cost", "Currency"]
    assert rows[-1]["Date and time"] == "2026-10-05 13:45:00"
    assert {row["Other party"] for row in rows} == {"+49 30 1234567", "2002"}
    sheet = openpyxl.load_workbook(io.BytesIO(body_of(client.get(f"{address}&export=xlsx")))).worksheets[0]
    oldest = [cell.value for cell in list(sheet.iter_rows())[-1]]
    assert str(oldest[0]) == "2026-10-05 13:45:00"
    _head, _header, sorted_rows = table_of(body_of(client.get(f"{address}&sort=-talk&export=csv")))
    assert [row["Talk time"] for row in sorted_rows] == sorted((row["Talk time"] for row in rows), reverse=True)


def test_no_cell_is_a_formula(client: Client, calls: None, admin: User, cleo: User) -> None:
    cleo.first_name, cleo.last_name = '=HYPERLINK("http://x")', "+1+cmd|' /C calc'!A0"
    cleo.save()
    client.force_login(admin)
    address = f"/reports/cost-by-person/?{COUNTED}"
    names = {row["Person"] for row in table_of(body_of(client.get(f"{address}&export=csv")))[2]}
    assert any(name.startswith("'=HYPERLINK") for name in names)
    assert not any(name.startswith(("=", "+", "-", "@")) for name in names)
    book = openpyxl.load_workbook(io.BytesIO(body_of(client.get(f"{address}&export=xlsx"))))
    values = {cell.value: cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}
    assert {kind for value, kind in values.items() if str(value).startswith("=")} == {"s"}


def test_no_character_keeps_a_spreadsheet_from_opening(client: Client, calls: None, admin: User, cleo: User) -> None:
    cleo.last_name = "Strange\x01\ufffe\uffff\u202e🙂"
    cleo.save()
    client.force_login(admin)
    saved = SavedReport.objects.create(name="By\x0b\uffff person", owner=admin, slug="cost-by-person", query=COUNTED)
    file = body_of(client.get(f"/reports/mine/{saved.pk}/", {"export": "xlsx"}))
    book = openpyxl.load_workbook(io.BytesIO(file))
    assert book.worksheets[0].title == "By person"
    assert any("Strange\u202e🙂" in str(cell.value) for row in book.worksheets[0].iter_rows() for cell in row)


def test_languages_decide_signs_and_directions(client: Client, calls: None, admin: User) -> None:
    client.force_login(admin)
    address = f"/reports/cost-by-department/?{COUNTED}"
    german = body_of(client.get(f"{address}&export=csv", headers={"accept-language": "de"})).decode("utf-8-sig")
    assert '"1,23"' not in german
    assert german.splitlines()[-1].split(";")[3].replace(",", "").isdigit()
    arabic = client.get(f"{address}&export=xlsx", headers={"accept-language": "ar"})
    book = openpyxl.load_workbook(io.BytesIO(body_of(arabic)))
    assert all(sheet.sheet_view.rightToLeft for sheet in book)


def test_an_empty_report_is_a_file_without_rows(client: Client, calls: None, admin: User) -> None:
    client.force_login(admin)
    address = "/reports/cost-by-department/?from=2020-01-01&to=2020-01-31"
    for name in FORMATS:
        assert body_of(client.get(f"{address}&export={name}"))
    assert json.loads(body_of(client.get(f"{address}&export=json")))["rows"] == []
    assert table_of(body_of(client.get(f"{address}&export=csv")))[2] == []


def test_wrong_formats_and_filters_are_refused(client: Client, calls: None, admin: User) -> None:
    client.force_login(admin)
    assert client.get("/reports/calls/?export=docx").status_code == 400
    assert client.get("/reports/calls/?export=csv&colour=red").status_code == 400


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits that sixty calls exceed: ten at once, fifty in all with XLSX."""
    for name, form in FORMATS.items():
        values = {field: getattr(form, field) for field in form.__dataclass_fields__} | {"at_once": 10}
        monkeypatch.setitem(FORMATS, name, type(form)(**(values | ({"most_rows": 50} if name == "xlsx" else {}))))


def begun(client: Client, address: str, language: str = "en") -> Any:
    """Press the button of the page that offers a large export; return where it leads."""
    offer = client.get(address, headers={"accept-language": language})
    assert not Job.objects.exclude(state=JobState.WAITING).exists()
    sent = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', offer.content.decode()))
    sent = {name: unescape(value) for name, value in sent.items() if name != "csrfmiddlewaretoken"}
    answer = client.post("/reports/exports/", sent, headers={"accept-language": language})
    assert answer["Location"].startswith("/jobs/")
    return answer


def test_asking_for_a_large_export_says_how_large_it_is_and_begins_nothing(
    client: Client, calls: None, small: None, admin: User
) -> None:
    client.force_login(admin)
    offer = client.get(f"/reports/calls/?{OCTOBER}&export=csv")
    assert offer.context["rows"] == 60
    assert "60" in offer.content.decode()
    too_large = client.get(f"/reports/calls/?{OCTOBER}&export=xlsx")
    assert too_large.status_code == 400
    assert "more than 50 rows" in too_large.content.decode()
    assert not Job.objects.exists()
    for wrong in ({"report": "calls", "query": "colour=red", "format": "csv"}, {"report": "calls", "format": "docx"}):
        assert client.post("/reports/exports/", wrong).status_code == 400
    assert client.get("/reports/exports/").status_code == 405
    assert not Job.objects.exists()


def test_a_large_export_is_made_in_the_background_for_its_owner(
    client: Client, calls: None, small: None, admin: User, ben: User, tmp_path: Path
) -> None:
    client.force_login(admin)
    address = f"/reports/calls/?{COUNTED}&export=csv"
    assert begun(client, address, "de")["Location"] == begun(client, address, "de")["Location"]
    job = Job.objects.get()
    jobs.run(job.pk)
    job.refresh_from_db()
    assert job.state == JobState.DONE, job.error
    page = client.get(f"/jobs/{job.pk}/", follow=True)
    assert page.redirect_chain[-1][0] == f"/reports/exports/{job.pk}/"
    file = f"/reports/exports/{job.pk}/file/"
    assert file in page.content.decode()
    head, _header, rows = table_of(body_of(client.get(file)))
    assert len(rows) == 60
    assert "Asia/Kathmandu" in head.values()
    client.force_login(ben)
    assert client.get(file).status_code == client.get(f"/reports/exports/{job.pk}/").status_code == 404
    client.force_login(admin)
    (made,) = (tmp_path / "exports").iterdir()
    made.touch()

    os.utime(made, (0, 0))
    remove_old_exports()
    assert client.get(file).status_code == 404
    assert client.get(f"/reports/exports/{job.pk}/").status_code == 200


def test_too_many_rows_are_refused_with_the_limit_and_leave_nothing(
    client: Client, calls: None, small: None, admin: User, tmp_path: Path
) -> None:
    client.force_login(admin)
    client.post("/reports/exports/", {"report": "calls", "query": OCTOBER, "format": "xlsx"})
    job = Job.objects.get()
    jobs.run(job.pk)
    job.refresh_from_db()
    assert job.state == JobState.FAILED
    assert "50" in job.error
    assert not list((tmp_path / "exports").iterdir())


def test_rights_at_the_time_of_making_count(client: Client, calls: None, small: None, ben: User) -> None:
    client.force_login(ben)
    begun(client, f"/reports/calls/?{OCTOBER}&export=csv")
    ben.supervisions.all().delete()
    job = Job.objects.get()
    jobs.run(job.pk)
    job.refresh_from_db()
    assert job.result["rows"] == 0


def test_run_report_writes_under_the_scope_and_settings_of_the_person(calls: None, ben: User, tmp_path: Path) -> None:
    ben.time_zone, ben.language = "Asia/Kathmandu", "de"
    ben.save()
    path = tmp_path / "calls.csv"
    call_command("run_report", "calls", user="ben", query=f"?{OCTOBER}&direction=outgoing", format="csv", output=path)
    head, _header, rows = table_of(path.read_bytes())
    assert "Asia/Kathmandu" in head.values()
    assert (
        len(rows)
        == CallRecord.objects.filter(user_id=User.objects.get(username="ana").pk, direction=Direction.OUTGOING).count()
    )
    assert AuditEntry.objects.filter(action=AuditedAction.EXPORTED, actor__contains="ben").exists()


@pytest.mark.parametrize(
    ("changed", "said", "code"),
    [
        ({"user": "nobody"}, "nobody", 2),
        ({"query": "colour=red"}, "colour", 2),
        ({"report": "silent-extensions"}, "calls", 2),
        ({"output": Path("/nowhere/at/all.csv")}, "No such file", 1),
    ],
)
def test_run_report_says_what_is_wrong(
    calls: None, ben: User, tmp_path: Path, changed: dict[str, Any], said: str, code: int
) -> None:
    options = {"report": "calls", "user": "ben", "query": "", "format": "csv", "output": tmp_path / "x.csv"} | changed
    with pytest.raises(CommandError, match=said) as raised:
        call_command("run_report", options.pop("report"), **options)
    assert raised.value.returncode == code
    assert not list(tmp_path.iterdir())


def pages_of(content: bytes) -> list[str]:
    """Return the texts of a PDF file's pages."""
    return [page.extract_text() for page in PdfReader(io.BytesIO(content)).pages]


def test_a_pdf_says_what_was_asked_and_has_every_row(
    client: Client, calls: None, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf, "PART", 20)
    client.force_login(admin)
    content = body_of(client.get(f"/reports/calls/?{COUNTED}&export=pdf"))
    pages = pages_of(content)
    assert sum(page.count("0:01:00") + page.count("0:00:00") for page in pages) == 60
    assert all("Other party" in page for page in pages[:3])
    assert "Asia/Kathmandu" in pages[0]
    assert [page.split()[-1].strip("\u2066\u2069") for page in pages] == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("cost", "shown"), [("0.0123", "0.0123"), ("0.011", "0.011"), ("0.00125", "0.0013"), ("2", "2.00")]
)
def test_a_call_costs_the_same_on_the_page_in_a_pdf_and_in_a_mail(
    client: Client, calls: None, admin: User, cost: str, shown: str
) -> None:
    make.record(started_at=START, extension="211", matter_code="7", cost=Decimal(cost), currency="EUR")
    client.force_login(admin)
    address = f"{COUNTED}&matter_code=7&columns=time,cost,currency"
    assert f">{shown}<" in client.get(f"/reports/calls/?{address}").text
    assert shown in " ".join(pages_of(body_of(client.get(f"/reports/calls/?{address}&export=pdf"))))
    mail = client.get(f"{reverse('preview_mail', args=['calls'])}?{address}").text
    assert f">{shown}<" in unescape(mail)


def test_a_pdf_of_groups_has_its_chart_and_total(client: Client, calls: None, admin: User) -> None:
    client.force_login(admin)
    address = f"/reports/cost-by-department/?{COUNTED}&export=pdf"
    content = body_of(client.get(address))
    pages = pages_of(content)
    assert any(page.images for page in PdfReader(io.BytesIO(content)).pages)
    assert "Total" in " ".join(pages)
    assert "Amounts in different currencies are neither added nor compared" in " ".join(pages[-1].split())
    empty = client.get("/reports/cost-by-department/?from=2020-01-01&to=2020-01-31&export=pdf")
    assert "No calls meet these filters" in pages_of(body_of(empty))[0]


def tags_of(element: Any) -> list[tuple[str, Any]]:
    """Return the tags of a PDF file below an element, in the order of reading: the kind, and the whole tag."""
    kids = element.get("/K", [])
    found = [kid.get_object() for kid in (kids if isinstance(kids, list) else [kids])]
    return [
        pair
        for kid in found
        if isinstance(kid, dict)
        for pair in ((str(kid["/S"]), kid), *tags_of(kid))
    ]  # fmt: skip


def test_a_pdf_in_parts_is_tagged_row_by_row_with_headers_bookmarks_and_language(
    client: Client, calls: None, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf, "PART", 20)
    client.force_login(admin)
    address = f"/reports/by-day/?{COUNTED}&group=day,person&columns=calls,cost&export=pdf"
    content = body_of(client.get(address, headers={"accept-language": "de"}))
    file = PdfReader(io.BytesIO(content), strict=True)
    root = file.trailer["/Root"]
    assert (root["/Lang"], root["/MarkInfo"]["/Marked"]) == ("de", True)
    rows = json.loads(body_of(client.get(address.replace("=pdf", "=json"))))["rows"]
    tags = tags_of(root["/StructTreeRoot"])
    assert len([kind for kind, _tag in tags if kind == "/TR"]) == len(rows) + 1 + len(file.pages)
    scopes = [tag["/A"]["/Scope"] for kind, tag in tags if kind == "/TH"]
    assert scopes.count("/Row") == len(rows) + 1
    assert scopes.count("/Column") == len(file.pages) * 4
    assert all(tag["/Alt"] for kind, tag in tags if kind == "/Figure")
    assert any(kind == "/Figure" for kind, _tag in tags)
    (name, parts) = file.outline
    assert name.title  # type: ignore[union-attr]
    outer = [row["name"] for row in rows if row["level"] == 1]
    assert len(parts) == len(outer) + 2  # type: ignore[arg-type]  (a chart before them, the rules behind)
    places = [file.get_destination_page_number(one) for one in parts]  # type: ignore[union-attr]
    assert places == sorted(places)
    assert places[-1] == len(file.pages) - 1
    numbers = [page["/StructParents"] for page in file.pages]
    assert numbers == list(range(len(file.pages)))


def test_empty_cells_of_a_pdf_are_tagged_in_their_rows_across_pages(client: Client, calls: None, admin: User) -> None:
    for number in range(60):
        make.record(
            started_at=START + timedelta(minutes=number), extension="211",
            matter_code="" if number % 7 < 5 else "17", destination="Berlin" if number % 3 else "",
        )  # fmt: skip
    client.force_login(admin)
    address = f"/reports/calls/?{COUNTED}&columns=time,person,destination,cost,matter_code,talk&export=pdf"
    file = PdfReader(io.BytesIO(body_of(client.get(address))), strict=True)
    assert len(file.pages) > 1
    rows = json.loads(body_of(client.get(address.replace("=pdf", "=json"))))["rows"]
    tags = [tag for kind, tag in tags_of(file.trailer["/Root"]["/StructTreeRoot"]) if kind == "/TR"]
    filled = [[bool(cell.get_object().get("/K")) for cell in tag["/K"]] for tag in tags]
    told = [row for row, tag in zip(filled, tags, strict=True) if tag["/K"][0].get_object()["/S"] == "/TD"]
    expected = [[value not in (None, "") for value in row.values()] for row in rows]
    for last in (*range(pdf.BLOCK - 1, len(rows), pdf.BLOCK), len(rows) - 1):
        expected[last] = [True] * len(expected[last])  # rows that end a block of the layout have blanks
    assert len({tuple(row) for row in expected}) > 3
    assert told == expected


def test_a_pdf_fetches_nothing(client: Client, calls: None, admin: User, cleo: User) -> None:
    cleo.first_name = "<img src='file:///etc/passwd'><link rel=attachment href='file:///etc/passwd'>"
    cleo.save()
    client.force_login(admin)
    content = body_of(client.get(f"/reports/cost-by-person/?{COUNTED}&chart=none&export=pdf"))
    assert "<img src" in "".join(pages_of(content))
    assert not PdfReader(io.BytesIO(content)).attachments


def test_a_saved_report_is_exported_in_the_background_as_it_is_saved(
    client: Client, calls: None, small: None, admin: User
) -> None:
    saved = SavedReport.objects.create(
        owner=admin, slug="outgoing-external", name="Ours", query=f"{COUNTED}&direction=&kind=internal"
    )
    client.force_login(admin)
    begun(client, f"/reports/mine/{saved.pk}/?export=csv")
    job = Job.objects.get()
    jobs.run(job.pk)
    job.refresh_from_db()
    assert job.result["rows"] == CallRecord.objects.filter(kind=Kind.INTERNAL).count()
    assert job.result["name"].startswith("ours-")
