"""Groups by prefix never tell digits that the reader does not see; the collection log leads to its calls."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounting.models import CallType, ImportBatch, ImportFile, Purpose
from accounting.services.columns.copying import copy_columns
from accounting.services.columns.touching import touch
from tests import factories as make
from tests.reports.test_columns import NOW
from tests.reports.test_reports import page, rows

NUMBERS = ("+999123456", "+999123999", "+99912", "+999555000", "2001")


@pytest.fixture(params=["database", "copy"])
def calls(request: pytest.FixtureRequest, db: None, settings: Any, tmp_path: Path) -> None:
    """Unknown numbers called from Sales, one of them privately."""
    settings.DATA_DIR = tmp_path
    sales = make.department("Sales")
    for number in NUMBERS:
        make.record(other_number=number, call_type=CallType.UNKNOWN, department_id=sales.pk)
    make.record(
        other_number="+888777666", call_type=CallType.UNKNOWN, department_id=sales.pk, purpose=Purpose.MARKED,
        user_id=make.person("olga").pk,
    )  # fmt: skip
    if request.param == "copy":
        copy_columns(quiet=NOW)


def prefixes(html: str) -> dict[str, str]:
    """Return the number of calls of each prefix."""
    return {row.split("…")[0].strip(): row.split()[-1] for row in rows(html)[:-1]}


def test_unknown_destinations_are_grouped_by_prefix_and_lead_to_their_calls(client: Client, calls: None) -> None:
    client.force_login(make.administrator())
    html = page(client, "unknown-destinations", period="all", columns="calls")
    found = prefixes(html)
    assert {key: found[key] for key in ("+999123", "+99912", "+999555")} == {
        "+999123": "2", "+99912": "1", "+999555": "1",
    }  # fmt: skip
    assert "+888" not in html
    body = html.partition("<tbody>")[2].partition("</table>")[0]
    links = re.findall(r'<a href="([^"]+)">(?:.|\n)*?<td class="end"[^>]*>(?:<a[^>]*>)?(\d+)', body)
    assert len(links) == 6, "five groups and the total"
    for address, figure in links:
        listed = client.get(unescape(address)).content.decode()
        assert len(rows(listed)) == int(figure), address
        assert "888" not in "".join(rows(listed))


def test_a_masked_number_counts_by_what_is_visible_of_it(client: Client, calls: None) -> None:
    make.masking_rule(digits=4)
    client.force_login(make.supervisor(of=make.department("Sales")))
    html = page(client, "calls", period="all", group="prefix", columns="calls", sort="-calls")
    found = prefixes(html)
    assert found["+99912"] == "2"
    assert found["+99955"] == "1"
    assert found["+9"] == "1"
    assert "+999123" not in html
    assert "+888" not in html
    # Guessing on the hidden digits finds nothing.
    guess = page(client, "calls", period="all", prefix="+999123")
    assert "No calls meet these filters" in guess


def test_the_order_of_masked_numbers_tells_nothing_of_hidden_digits(
    client: Client, calls: None, request: pytest.FixtureRequest
) -> None:
    sales, hidden = make.department("Sales"), (5, 1, 7, 3, 6, 2, 4)
    for digit in hidden:
        for _ in range(digit):
            make.record(other_number=f"+77712345{digit}", talk_seconds=digit, department_id=sales.pk)
    if request.node.callspec.params["calls"] == "copy":
        touch([make.NOON.date()])
        copy_columns(quiet=NOW)
    lists = {"period": "all", "number.begins": "+777", "columns": "other,talk"}
    groups = {**lists, "group": "number", "columns": "calls"}
    orders = []
    for reader in (make.administrator(), make.supervisor(of=sales)):
        client.force_login(reader)
        calls_in_order = [int(row.rpartition(":")[2]) for row in rows(page(client, "calls", **lists, sort="other"))]
        named = [int(row.split()[-1]) for row in rows(page(client, "calls", **groups, sort="name"))[:-1]]
        orders.append((list(dict.fromkeys(calls_in_order)), named))
        make.masking_rule(digits=2)
    assert orders[0] == (sorted(hidden), sorted(hidden))
    by_time, by_name = orders[1]
    assert by_time == list(reversed(hidden))
    assert sorted(by_name) == sorted(hidden)
    assert by_name not in (sorted(hidden), sorted(hidden, reverse=True))


def test_the_collection_log_leads_to_the_calls_that_arrived(client: Client, db: None) -> None:
    system = make.phone_system()
    for back, calls in ((0, 2), (1, 3)):
        batch = ImportBatch.objects.create(phone_system=system)
        ImportBatch.objects.filter(pk=batch.pk).update(committed_at=timezone.now() - timedelta(days=back))
        ImportFile.objects.create(
            phone_system=system, batch=batch, name=f"cdr{back}", sha256=str(back), size=1, records=9, call_records=calls
        )
        ImportFile.objects.filter(batch=batch).update(imported_at=timezone.now() - timedelta(days=back))
        for _ in range(calls):
            make.record(batch_id=batch.pk, started_at=datetime(2026, 3, 1, 12, tzinfo=UTC))
    client.force_login(make.administrator())
    html = page(client, "collection-log")
    links = [unescape(link) for link in re.findall(r'<th scope="row"><a href="([^"]+)"', html)]
    assert [len(rows(client.get(link).content.decode())) for link in links] == [2, 3]
    chart = html.partition("<figure")[2].partition("</figure>")[0]
    assert len(re.findall(r'href="[^"]*arrived=', chart)) == 2
