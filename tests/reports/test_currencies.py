"""Amounts of several currencies are never compared: each is ranked by itself, one currency after the other."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from accounting.services.columns.copying import copy_columns
from tests import factories as make
from tests.reports.test_columns import NOW
from tests.reports.test_reports import page, rows

AMOUNTS = (("1", "EUR", 5), ("2", "GBP", 4), ("3", "EUR", 3), ("4", "GBP", 9), ("5", "AED", 7), ("6", "EUR", 1))


@pytest.fixture(params=["database", "copy"])
def priced(request: pytest.FixtureRequest, client: Client, db: None, settings: Any, tmp_path: Path) -> None:
    """Calls of one extension each, priced in three currencies, and one without a price."""
    settings.DATA_DIR = tmp_path
    for extension, currency, cost in AMOUNTS:
        make.record(extension=extension, other_number=f"+49{extension}", currency=currency, cost=Decimal(cost))
    make.record(extension="7", other_number="+497", currency="", cost=None)
    if request.param == "copy":
        copy_columns(quiet=NOW)
    client.force_login(make.administrator())


def order(html: str) -> list[str]:
    return [row.split()[0] for row in rows(html)]


def test_groups_stand_by_currency_and_then_by_amount(client: Client, priced: None) -> None:
    # Sorted by the destination's number: no table of totals can answer.
    query = {"period": "all", "group": "number", "columns": "calls,cost", "kind": "", "direction": ""}
    falling = order(page(client, "cost-by-extension", sort="-cost", **query))
    assert falling == ["+495", "+491", "+493", "+496", "+494", "+492", "+497", "Total"]
    rising = order(page(client, "cost-by-extension", sort="cost", **query))
    assert rising == ["+495", "+496", "+493", "+491", "+492", "+494", "+497", "Total"]


def test_the_first_are_the_first_of_each_currency(client: Client, priced: None) -> None:
    query = {"period": "all", "group": "number", "columns": "calls,cost", "sort": "-cost", "top": "1"}
    html = page(client, "cost-by-extension", kind="", direction="", **query)
    assert order(html) == ["+495", "+491", "+494", "Total"]
    assert rows(html)[-1].startswith("Total 7 ")


def test_calls_stand_by_currency_and_then_by_cost(client: Client, priced: None) -> None:
    query = {"period": "all", "columns": "extension,cost", "price": ""}
    assert order(page(client, "most-expensive-calls", **query)) == ["5", "1", "3", "6", "4", "2", "7"]
    assert order(page(client, "most-expensive-calls", top="1", **query)) == ["5", "1", "4", "7"]
    written = client.get("/reports/most-expensive-calls/", {**query, "top": "1", "export": "csv"})
    lines = b"".join(written.streaming_content).decode() if written.streaming else written.content.decode()
    assert re.findall(r"^\"?(\d)\"?[,;]", lines, re.MULTILINE) == ["5", "1", "4", "7"]


def test_a_change_has_its_sign(client: Client, db: None) -> None:
    for day, calls in ((1, 2), (2, 3), (3, 2)):
        for _ in range(calls):
            make.record(extension="1", started_at=datetime(2026, 10, day, 12, tzinfo=UTC))
    client.force_login(make.administrator())
    query = {"columns": "calls,change", "sort": "-calls", "group": "number", "kind": "", "direction": ""}
    html = page(client, "cost-by-extension", **{"from": "2026-10-02", "to": "2026-10-02"}, **query)
    assert "+50.0 %" in rows(html)[-1]
    html = page(client, "cost-by-extension", **{"from": "2026-10-03", "to": "2026-10-03"}, **query)
    assert "-33.3 %" in rows(html)[-1]
