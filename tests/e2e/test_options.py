"""The manuals' worked example, put together by pointing in the options of a report."""

from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from accounting.models import CallType
from tests import factories as make

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]
PASSWORD = "a demo password"


def test_the_manuals_example_by_pointing(page: Page) -> None:
    admin = make.administrator()
    admin.set_password(PASSWORD)
    admin.save()
    for number, seconds in (("+6599775544", 5), ("+33144556677", 20), ("+33100000001", 19)):
        make.record(
            extension="729", other_number=number, talk_seconds=seconds, call_type=CallType.INTERNATIONAL,
            started_at=datetime(2021, 3, 25, 3, 59, tzinfo=UTC),
        )  # fmt: skip
    page.goto("/sign-in/")
    page.locator("[name=username]").fill("admin")
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("[name=password]").press("Enter")
    page.wait_for_url(lambda url: "sign-in" not in url)
    page.goto("/reports/calls/")
    page.locator(".filters-summary").click()
    page.select_option("#o-period", "custom")
    page.fill("#o-from", "2021-02-01")
    page.fill("#o-to", "2021-03-24")
    page.locator("#o-zone").press_sequentially("us eastern")
    page.get_by_role("option", name="US/Eastern").click()
    page.locator("summary", has_text="Who").click()
    page.locator("#o-extension").fill("211, 729, 731")
    page.locator("#o-extension").press("Enter")
    page.locator("summary", has_text="What calls").click()
    for label in ("Public network", "Outgoing", "Answered", "International"):
        page.get_by_label(label, exact=True).check()
    page.locator("summary", has_text="Conditions with").click()
    page.locator(".condition-head select").select_option("any")
    page.get_by_role("button", name="Add a condition").click()
    page.locator(".condition input").fill("006599775544")
    page.get_by_role("button", name="Add a condition").click()
    page.locator(".condition").nth(1).locator("select").first.select_option("talk")
    page.locator(".condition input").nth(1).fill("20 s")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator(".report-table tbody tr")).to_have_count(2)
    query = {key: values[0] for key, values in parse_qs(urlsplit(page.url).query).items()}
    assert query["extension"] == "211,729,731"
    assert query["where"] == "any(number.is(006599775544),talk.ge(20 s))"
    assert query["zone"] == "US/Eastern"
    # What was chosen stands in the form again, and a chip takes it away by keyboard.
    chip = page.get_by_role("link", name="Remove the filter Condition")
    chip.focus()
    chip.press("Enter")
    expect(page.locator(".report-table tbody tr")).to_have_count(3)
