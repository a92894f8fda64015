"""Price lists as files: prefixes as carriers write them, amounts, changes on a day, and nothing lost on the way."""

from datetime import date, time
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounting.models import AuditEntry, CallType, Carrier, Rate, ReferenceRevision, SheetImport, Tariff, TariffBand
from accounting.services import sheets
from accounting.sheets.base import ChangeKind, Plan, Scope
from accounting.sheets.rates import Rates, amount, prefixes
from callanalytics.lib import spreadsheets
from tests import factories as make

DAY = date(2027, 1, 1)


@pytest.fixture
def tariff(db: None) -> Tariff:
    """A tariff with a band and rates of every sort."""
    carrier = Carrier.objects.create(name="Nordfon")
    made = Tariff.objects.create(carrier=carrier, name="Business")
    peak = TariffBand.objects.create(tariff=made, name="Peak", days="12345", start=time(8), end=time(18))
    common: dict[str, Any] = {"tariff": made, "first_increment": 60}
    Rate.objects.create(prefix="49", destination="Germany", price_per_minute="0.02", **common)
    Rate.objects.create(prefix="49", destination="Germany", price_per_minute="0.03", band=peak, **common)
    fee = {"price_per_minute": "0.0199", "connection_fee": "0.05"}
    Rate.objects.create(prefix="4930", destination="=Berlin", **fee, **common)
    Rate.objects.create(prefix="", call_type=CallType.EMERGENCY, **common)
    Rate.objects.create(prefix="49800", incoming=True, price_per_minute="0.000001", maximum="2.5", **common)
    Rate.objects.create(prefix="33", price_per_minute="0.1", valid_to=date(2026, 1, 1), **common)
    Rate.objects.create(prefix="33", price_per_minute="0.2", valid_from=date(2026, 1, 1), free_seconds=20, **common)
    return made


def planned(tariff: Tariff, text: str | bytes, on: date | None = None, **options: Any) -> tuple[Rates, Plan]:
    content = text.encode() if isinstance(text, str) else text
    sheet = Rates(Scope(tariff=tariff, effective_on=on))
    return sheet, sheets.plan(sheet, sheets.rows_of(sheet, spreadsheets.read(content)), **options)


def applied(tariff: Tariff, text: str | bytes, on: date | None = None, **options: Any) -> Plan:
    sheet, plan = planned(tariff, text, on, **options)
    assert not plan.errors
    sheets.apply(sheet, plan, source="list.csv")
    return plan


def exported(tariff: Tariff, form: str = spreadsheets.CSV) -> bytes:
    sheet = Rates(Scope(tariff=tariff))
    names = [column.name for column in sheet.shown()]
    return spreadsheets.written(form, "rates", names, ([row[name] for name in names] for row in sheet.rows.values()))


def told(tariff: Tariff) -> list[tuple[Any, ...]]:
    fields = ("prefix", "band__name", "price_per_minute", "valid_from", "valid_to")
    rows = Rate.objects.filter(tariff=tariff).values_list(*fields)
    return sorted(rows, key=lambda row: (row[0], row[1] or "", row[3] or date.min))


@pytest.mark.parametrize("form", [spreadsheets.CSV, spreadsheets.XLSX])
def test_what_was_exported_changes_nothing(tariff: Tariff, form: str) -> None:
    content = exported(tariff, form)
    _sheet, plan = planned(tariff, content, remove_missing=True)
    assert (plan.changes, plan.errors, plan.unchanged) == ([], [], 7)
    copy = Tariff.objects.create(carrier=tariff.carrier, name="Copy")
    TariffBand.objects.create(tariff=copy, name="Peak", days="12345", start=time(8), end=time(18))
    applied(copy, content)
    assert exported(copy) == exported(tariff)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("4930, 4940; 4989-4991", ["4930", "4940", "4989", "4990", "4991"]),
        ("+49 30\n+49 40", ["+49 30", "+49 40"]),
        ("4989–4990", ["4989", "4990"]),
        ("4989-91", ["4989-91"]),
        ("", [""]),
    ],
)
def test_one_cell_may_list_many_prefixes(cell: str, expected: list[str]) -> None:
    assert prefixes(cell) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.0315", "0.0315"), ("0,0315", "0.0315"), ("0,031", "0.031"), ("1.234,50", "1234.5"), ("1,234.5", "1234.5"),
        ("1e-05", "0.00001"), ("0.30000000000000004", "0.3"), ("2", "2"), ("0,000000", "0"),
    ],
)  # fmt: skip
def test_amounts_are_read_with_comma_or_point(text: str, expected: str) -> None:
    assert amount(text) == expected


def test_prices_are_added_changed_and_removed_as_previewed(tariff: Tariff) -> None:
    before = Rate.objects.get(prefix="49", band=None).pk
    revision = ReferenceRevision.objects.get(pk=1).number
    plan = applied(
        tariff,
        "Prefix;Price per minute;Destination;Band\n"
        "+49;0,025;Germany;\n49;0,03;Germany;peak\n0044, 0045-0046;0,5;North;\n",
        remove_missing=True,
    )
    kinds = [(change.kind, change.values["prefix"]) for change in plan.changes]
    assert kinds[:4] == [(ChangeKind.CHANGED, "49"), *((ChangeKind.ADDED, prefix) for prefix in ("44", "45", "46"))]
    assert {prefix for kind, prefix in kinds[4:] if kind == ChangeKind.REMOVED} == {"4930", "*", "49800", "33"}
    assert plan.changes[0].before == {"price_per_minute": "0.02"}
    assert plan.changes[0].notes == ["price per minute +25.0 %"]
    assert plan.unchanged == 1
    changed = Rate.objects.get(prefix="49", band=None)
    assert (changed.pk, changed.price_per_minute, changed.first_increment) == (before, Decimal("0.025"), 60)
    assert not Rate.objects.filter(prefix="4930").exists()
    assert ReferenceRevision.objects.get(pk=1).number > revision
    entry = AuditEntry.objects.filter(action="imported").get()
    assert (entry.subject, entry.details["added"], entry.details["changed"]) == ("list.csv", 3, 1)


def test_prices_change_on_a_day(tariff: Tariff) -> None:
    plan = applied(
        tariff, "prefix,price per minute,band\n49,0.02,\n49,0.04,Peak\n33,0.3,\n34,0.1,\n", DAY, remove_missing=True
    )
    assert "2027-01-01" in plan.notes[0]
    third = Decimal("0.3")
    assert [row for row in told(tariff) if row[0] in ("33", "34", "49", "4930")] == [
        ("33", None, Decimal("0.1"), None, date(2026, 1, 1)),
        ("33", None, Decimal("0.2"), date(2026, 1, 1), DAY),
        ("33", None, third, DAY, None),
        ("34", None, Decimal("0.1"), DAY, None),
        ("49", None, Decimal("0.02"), None, None),
        ("49", "Peak", Decimal("0.03"), None, DAY),
        ("49", "Peak", Decimal("0.04"), DAY, None),
        ("4930", None, Decimal("0.0199"), None, DAY),
    ]
    assert Rate.objects.get(price_per_minute=third).free_seconds == 20, "what the file does not say stays"
    _sheet, again = planned(
        tariff, "prefix,price per minute,band\n49,0.02,\n49,0.04,Peak\n33,0.3,\n34,0.1,\n", DAY, remove_missing=True
    )
    assert (again.changes, again.unchanged) == ([], 4)
    applied(tariff, "prefix,price per minute\n33,0.31\n", DAY)
    assert [row[2:] for row in told(tariff) if row[0] == "33"][-1] == (Decimal("0.31"), DAY, None)


def test_a_rate_entered_for_later_ends_the_new_one(tariff: Tariff) -> None:
    later = date(2027, 6, 1)
    Rate.objects.create(tariff=tariff, prefix="39", price_per_minute=1, valid_from=later)
    applied(tariff, "prefix,price per minute\n39,0.5\n", DAY)
    assert [row[3:] for row in told(tariff) if row[0] == "39"] == [(DAY, later), (later, None)]


def test_a_file_without_days_means_the_rate_in_force(tariff: Tariff) -> None:
    _sheet, plan = planned(tariff, "prefix,price per minute\n33,0.2\n", remove_missing=True)
    removed = {change.values["prefix"] for change in plan.changes}
    assert "33" not in removed
    assert plan.unchanged == 1
    assert timezone.localdate() > date(2026, 1, 1)


@pytest.mark.parametrize(
    ("line", "column"),
    [
        ("49x;0.1;;;;", "prefix"),
        (";0.1;;;;", "prefix"),
        ("49;;;;;", "price_per_minute"),
        ("49;-1;;;;", "price_per_minute"),
        ("49;0.0000001;;;;", "price_per_minute"),
        ("49;1.2.3;;;;", "price_per_minute"),
        ("49;9999999;;;;", "price_per_minute"),
        ("49;0.1;Night;;;", "band"),
        ("49;0.1;;0;;", "first_increment"),
        ("49;0.1;;;2027-01-01;2026-01-01", "valid_to"),
        ("49;0.1;;;31/12/2026;", "valid_from"),
    ],
)
def test_damage_is_told_by_line_and_column(tariff: Tariff, line: str, column: str) -> None:
    header = "prefix;price per minute;band;first increment;valid from;valid to\n34;0.1;;;;\n"
    _sheet, plan = planned(tariff, header + line + "\n")
    assert [(error.line, error.column) for error in plan.errors] == [(3, column)]
    assert [change.values["prefix"] for change in plan.changes] == ["34"]


def test_ranges_do_not_explode(tariff: Tariff) -> None:
    ranges = ",".join(["1000-1999"] * 150)
    with pytest.raises(sheets.SheetError, match="With line 3 the file stands for more than 200000 rows"):
        planned(tariff, f'prefix;price per minute\n"{ranges}";0,1\n"{ranges}";0,1\n')
    with pytest.raises(sheets.SheetError, match="With line 2"):
        planned(tariff, f'prefix;price per minute\n"{ranges},{ranges}";0,1\n')
    digits = "1" * 5_000
    _sheet, plan = planned(tariff, f"prefix;price per minute\n{digits}-{digits};0,1\n")
    assert [(error.line, error.column) for error in plan.errors] == [(2, "prefix")]


def test_a_day_of_change_refuses_other_days_and_a_low_maximum(tariff: Tariff) -> None:
    _sheet, plan = planned(tariff, "prefix,price per minute,valid from\n34,0.1,2026-01-01\n", DAY)
    assert [error.column for error in plan.errors] == ["valid_from"]
    _sheet, plan = planned(tariff, "prefix,price per minute,minimum charge,maximum charge\n34,0.1,2,1\n")
    assert [error.column for error in plan.errors] == ["maximum"]
    _sheet, plan = planned(tariff, "prefix,price per minute\n34,0.1\n+34,0.2\n")
    assert [error.line for error in plan.errors] == [3], "the same prefix twice"


def test_a_price_list_goes_through_the_pages(client: Client, tariff: Tariff) -> None:
    client.force_login(make.administrator())
    page = f"{reverse('sheet', args=['rates'])}?tariff={tariff.pk}"
    assert page in client.get(reverse("tariff", args=[tariff.pk])).content.decode()
    assert "Prices change on" in client.get(page).content.decode()
    file = SimpleUploadedFile("new.csv", b"prefix;price per minute\n49;0,025\n33;0,2\n")
    response = client.post(page, {"file": file, "effective_on": "2027-01-01"}, follow=True)
    assert "price per minute +25.0 %" in response.content.decode()
    held = SheetImport.objects.get()
    assert held.counts | {"errors": 0} == held.counts
    client.post(reverse("apply_sheet", args=[held.pk]))
    assert [row[2:] for row in told(tariff) if row[:2] == ("49", None)] == [
        (Decimal("0.02"), None, DAY),
        (Decimal("0.025"), DAY, None),
    ]
    export = client.post(f"{reverse('sheet_export_csv', args=['rates'])}?tariff={tariff.pk}").content
    assert planned(tariff, export, remove_missing=True)[1].changes == []
