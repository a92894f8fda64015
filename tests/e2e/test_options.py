"""The options of a report in a browser: they come when they are opened; the manuals' worked example by pointing."""

from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from accounting.models import CallType
from tests import factories as make

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]
PASSWORD = "a demo password"


def sign_in(page: Page) -> None:
    """Sign in as an administrator."""
    admin = make.administrator()
    admin.set_password(PASSWORD)
    admin.save()
    page.goto("/sign-in/")
    page.locator("[name=username]").fill("admin")
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("[name=password]").press("Enter")
    page.wait_for_url(lambda url: "sign-in" not in url)


def test_the_form_comes_once_by_keyboard_and_says_when_it_cannot(page: Page) -> None:
    sign_in(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "options=alone" in request.url else None)
    page.goto("/reports/calls/?talk=20")
    summary = page.locator(".filters-summary")
    page.route("**options=alone", lambda route: route.abort())
    summary.press("Enter")
    expect(page.get_by_role("status").filter(has_text="cannot be loaded")).to_be_visible()
    link = page.get_by_role("link", name="Show the options")
    expect(link).to_be_visible()
    page.unroute("**options=alone")
    summary.press("Enter")
    summary.press("Enter")
    expect(page.locator("#o-period")).to_be_visible()
    expect(link).to_have_count(0)
    summary.press("Tab")
    expect(page.locator("summary", has_text="Period and time zone")).to_be_focused()
    summary.press("Enter")
    summary.press("Enter")
    expect(page.locator("#o-period")).to_be_visible()
    assert len(asked) == 2
    page.locator("summary", has_text="Duration, cost").click()
    assert page.locator("#o-talk").input_value() == "20"


def test_the_list_of_reports_is_searched_while_one_types(page: Page) -> None:
    sign_in(page)
    page.goto("/reports/")
    every = page.locator(".report-card:visible").count()
    search = page.get_by_role("searchbox", name="Find a report")
    search.focus()
    page.keyboard.type("CÓST month")
    found = page.get_by_role("status").filter(has_text="Reports found: ")
    expect(found).to_be_visible()
    names = page.locator(".report-card:visible")
    assert 0 < names.count() < 10
    assert found.inner_text() == f"Reports found: {names.count()}"
    expect(page.locator(".report-name", has_text="Call list")).to_be_hidden()
    expect(page.locator(".report-group:visible h2", has_text="My reports")).to_have_count(0)
    page.keyboard.press("Tab")
    expect(names.first.locator(".report-name")).to_be_focused()
    search.fill("nothing like it")
    expect(page.get_by_role("status").filter(has_text="No report fits.")).to_be_visible()
    search.press("Escape")
    assert page.locator(".report-card:visible").count() == every


def test_the_form_without_script(browser: Browser, live_portal: str) -> None:
    context = browser.new_context(base_url=live_portal, java_script_enabled=False)
    page = context.new_page()
    sign_in(page)
    page.goto("/reports/calls/?talk=20")
    page.locator(".filters-summary").click()
    page.get_by_role("link", name="Show the options").click()
    page.locator("#o-from").fill("2021-02-01")
    page.get_by_role("button", name="Run", exact=True).click()
    page.wait_for_url("**from=2021-02-01**")
    page.locator(".filters-summary").click()
    page.get_by_role("link", name="Show the options").click()
    page.locator("#o-period").select_option("all")
    page.get_by_role("button", name="Run", exact=True).click()
    page.wait_for_url("**period=all**")
    assert "from=" not in page.url
    assert "talk=20" in page.url
    context.close()


def test_the_manuals_example_by_pointing(page: Page) -> None:
    make.person("long", extension="2110")
    for number, seconds in (("+6599775544", 5), ("+33144556677", 20), ("+33100000001", 19)):
        make.record(
            extension="729", other_number=number, talk_seconds=seconds, call_type=CallType.INTERNATIONAL,
            started_at=datetime(2021, 3, 25, 3, 59, tzinfo=UTC),
        )  # fmt: skip
    sign_in(page)
    page.goto("/reports/calls/")
    page.locator(".filters-summary").click()
    page.fill("#o-from", "2021-02-01")
    page.fill("#o-to", "2021-03-24")
    expect(page.locator("#o-period")).to_have_value("custom")
    page.locator("#o-zone").press_sequentially("eastern time")
    expect(page.locator(".pick-list:visible [role=option]").first).to_contain_text("America/New_York")
    page.locator("#o-zone").press("Enter")
    page.locator("summary", has_text="Who").click()
    page.locator("#o-extension").press_sequentially("211")
    expect(page.get_by_role("option", name="2110")).to_be_visible()
    page.locator("#o-extension").press("Enter")
    page.locator("#o-extension").fill("729, 731")
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
    assert query["zone"] == "America/New_York"
    assert (query["from"], query["to"]) == ("2021-02-01", "2021-03-24")
    # What was chosen stands in the form again, and a chip takes it away by keyboard.
    chip = page.get_by_role("link", name="Remove the filter Condition")
    chip.focus()
    chip.press("Enter")
    expect(page.locator(".report-table tbody tr")).to_have_count(3)
