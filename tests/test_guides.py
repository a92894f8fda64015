"""The guides hold: links lead somewhere, the set-up has the pages that they name, examples cost what they say."""

import re
from datetime import date, time
from decimal import Decimal
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from accounting.models import Carrier, GatewayCarrier, Rate, Tariff, TariffBand
from accounting.services import sheets
from accounting.sheets import SHEETS
from accounting.sheets.base import Scope
from callanalytics.lib import spreadsheets
from callanalytics.navigation import SET_UP_SECTIONS
from callanalytics.settings import BASE_DIR
from tests import factories as make

GUIDES = sorted([*BASE_DIR.glob("*.md"), *(BASE_DIR / "docs").rglob("*.md")])
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")
PLACE = re.compile(r"\*Set-up > ([^*]+)\*")


def name_of(guide: Path) -> str:
    return str(guide.relative_to(BASE_DIR))


def anchors(guide: Path) -> set[str]:
    """Return the anchors of a page's headings, as forges make them."""
    headings = re.findall(r"^#+ (.+)$", guide.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("guide", GUIDES, ids=name_of)
def test_links_lead_somewhere(guide: Path) -> None:
    broken = []
    for path, anchor in LINK.findall(guide.read_text(encoding="utf-8")):
        target = (guide.parent / path).resolve() if path else guide
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(f"{path}#{anchor}")
    assert broken == []


@pytest.mark.parametrize("guide", GUIDES, ids=name_of)
def test_places_in_the_set_up_exist(guide: Path) -> None:
    places = {str(section.label): {str(page.label) for page in section.pages} for section in SET_UP_SECTIONS}
    places["Overview"] = set()
    unknown = []
    for words in PLACE.findall(guide.read_text(encoding="utf-8")):
        section, *pages = words.replace("\n", " ").split(" > ")
        if section not in places or (pages and pages[0] not in places[section]):
            unknown.append(words)
    assert unknown == []


def table_below(heading: str, guide: Path) -> list[list[str]]:
    """Return the cells of the table whose first line is given."""
    lines = guide.read_text(encoding="utf-8").split(heading)[1].splitlines()[2:]
    rows = [line.strip() for line in lines]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[: rows.index("")]]


def test_worked_example_costs_what_the_guide_says(client: Client, db: None) -> None:
    guide = BASE_DIR / "docs" / "administrator" / "numbers-and-prices.md"
    carrier = Carrier.objects.create(name="Alpha Telecom")
    office = make.office(country="DE", subdivision="BE", area_code="30", access_code="0", extension_digits=4)
    gateway = make.gateway(office=office)
    GatewayCarrier.objects.create(gateway=gateway, carrier=carrier)
    tariff = Tariff.objects.create(
        carrier=carrier, name="Business 2026", valid_from=date(2026, 1, 1), band_rule=Tariff.BandRule.SPLIT
    )
    day = TariffBand.objects.create(tariff=tariff, name="Day", days="12345", start=time(8), end=time(18))
    for prefixes, band, price, first, following, _ in table_below("| prefix | band | per minute |", guide):
        for prefix in prefixes.split(", "):
            Rate.objects.create(
                tariff=tariff, prefix=prefix, band=day if band == "Day" else None, price_per_minute=price,
                first_increment=first, increment=following,
            )  # fmt: skip
    client.force_login(make.administrator())
    calls = table_below("| answered at | to | duration |", guide)
    assert len(calls) == 6
    for clock, number, duration, _, cost in calls:
        asked = {"number": number, "gateway": gateway.pk, "moment": f"2026-06-16T{clock}", "duration": duration}
        answer = client.get(reverse("simulator"), asked)
        told = answer.context["cost"]
        assert told == (None if cost == "No price yet" else Decimal(cost)), (number, clock)


def test_example_files_are_taken_in_the_order_of_the_guide(db: None) -> None:
    make.phone_system()
    text = (BASE_DIR / "docs" / "administrator" / "people.md").read_text(encoding="utf-8")
    examples = re.findall(r"^\*\*([^*]+)\*\*(?:(?!^\*\*).)*?^```text\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert len(examples) == 6
    for name, content in examples:
        sheet = SHEETS[name.lower().replace(" ", "_")]()
        plan = sheets.plan(sheet, sheets.rows_of(sheet, spreadsheets.read(content.encode())))
        assert plan.errors == [], name
        assert len(plan.changes) == content.count("\n") - 1, name
        sheets.apply(sheet, plan, source="example.csv")


def test_example_price_list_is_taken(db: None) -> None:
    text = (BASE_DIR / "docs" / "administrator" / "numbers-and-prices.md").read_text(encoding="utf-8")
    [content] = re.findall(r"^```text\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    tariff = Tariff.objects.create(carrier=Carrier.objects.create(name="Alpha Telecom"), name="Business 2026")
    sheet = SHEETS["rates"](Scope(tariff=tariff))
    plan = sheets.plan(sheet, sheets.rows_of(sheet, spreadsheets.read(content.encode())))
    assert plan.errors == []
    assert [change.values["prefix"] for change in plan.changes] == ["49", "4915", "4916", "4917", "44"]
