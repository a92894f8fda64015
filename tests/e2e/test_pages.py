"""The pages in a real browser: what scripts, keyboard and phone width do to them."""

from collections.abc import Callable

import pytest
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect

from accounting.models import Direction, FileState, Kind, Outcome, Pricing, RejectedRow, Role, User
from tests import factories as make

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]

PAGES = ("/", "/status/", "/profile/", "/help/", "/calls/?direction=2&extension=999", "/calls/", "/calls/home/")
SET_UP_PAGES = (
    "/setup/",
    "/setup/organisation/",
    "/setup/accounting/user/?role__exact=user",
    "/setup/accounting/user/add/",
    "/setup/accounting/phonesystem/add/",
    "/setup/accounting/mailserver/1/change/",
)
SignIn = Callable[[User], None]


@pytest.fixture
def sign_in(context: BrowserContext, live_portal: str) -> SignIn:
    """Give the browser the session of a person."""

    def signed_in(person: User) -> None:
        client = Client()
        client.force_login(person)
        context.add_cookies([{"name": "session", "value": client.cookies["session"].value, "url": live_portal}])

    return signed_in


@pytest.fixture
def ada(live_portal: str) -> User:
    """An administrator with calls of every kind, and a file and a row that could not be taken."""
    ada = make.administrator(extension="2001", first_name="Ada", last_name="Novak")
    make.person(extension="2002", first_name="Ben", last_name="Adler")
    make.masking_rule(Role.ADMINISTRATOR, 3, own_calls=True)
    calls = [
        make.record(ada, gateway_id=make.gateway().pk, rate_id=make.rate().pk),
        make.record(ada, direction=Direction.INCOMING, outcome=Outcome.MISSED),
        make.record(ada, kind=Kind.INTERNAL, direction=Direction.INCOMING),
        make.record(ada, pricing=Pricing.NO_RATE, cost=None, currency=""),
    ]
    make.leg(calls[0])
    make.import_file(records=500, unanswered=0)
    make.import_file("x.txt", state=FileState.SET_ASIDE, reason_code="not_cdr", unanswered=0)
    RejectedRow.objects.create(file=make.import_file(unanswered=0), line=7, reason_code="time", content="1,2,3")
    return ada


def test_no_page_breaks_the_content_security_policy_or_fails_in_a_script(
    page: Page, sign_in: SignIn, ada: User
) -> None:
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda line: complaints.append(line.text) if line.type in ("error", "warning") else None)
    page.goto("/sign-in/")
    sign_in(ada)
    for path in (*PAGES, *SET_UP_PAGES, f"/setup/accounting/user/{ada.pk}/change/"):
        page.goto(path)
    page.goto("/calls/home/")
    page.locator(".open-row").first.click()
    expect(page.locator(".timeline")).to_be_visible()
    assert complaints == []


@pytest.mark.parametrize("path", ["/", "/calls/home/", "/calls/", "/status/", "/profile/", "/help/", *SET_UP_PAGES])
def test_no_page_is_wider_than_a_phone(page: Page, sign_in: SignIn, ada: User, path: str) -> None:
    sign_in(ada)
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(path)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_long_addresses_fit_on_a_phone(page: Page, sign_in: SignIn, ada: User) -> None:
    address = f"{'conference-room-' * 5}@{'a' * 60}.example.com"
    call = make.record(ada, kind=Kind.INTERNAL, other_number=address, connected_number=address)
    make.leg(call, original_called=address)
    sign_in(ada)
    page.set_viewport_size({"width": 360, "height": 740})
    for path in ("/calls/home/", "/calls/", f"/calls/{call.pk}/", f"/calls/?number={address}"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path


def test_a_typed_day_ends_the_named_period(page: Page, sign_in: SignIn, ada: User) -> None:
    sign_in(ada)
    page.goto("/calls/")
    page.get_by_text("Filters", exact=True).click()
    page.get_by_label("From", exact=True).fill("2026-11-18")
    expect(page.get_by_label("Period")).to_have_value("custom")
    page.get_by_role("button", name="Show calls").click()
    expect(page.locator("tbody tr")).to_have_count(4)
    page.get_by_text("Filters", exact=True).click()
    page.get_by_label("Period").select_option("7d")
    expect(page.get_by_label("From", exact=True)).to_have_value("")


def test_a_new_call_appears_by_itself(page: Page, sign_in: SignIn, ada: User) -> None:
    sign_in(ada)
    page.clock.install()
    page.goto("/calls/home/")
    expect(page.locator("[data-record]")).to_have_count(4)
    expect(page.locator("#live-state [data-when=live]")).to_be_visible()
    call = make.record(ada, other_number="+442079460123")
    page.clock.run_for(6_000)
    row = page.locator(f'[data-record="{call.pk}"]')
    expect(row).to_be_visible()
    expect(row).to_have_class("is-new")
    expect(page.locator("#live-news")).to_have_text("New calls have arrived.")


def test_the_theme_is_kept(page: Page, sign_in: SignIn, ada: User) -> None:
    sign_in(ada)
    page.goto("/")
    page.get_by_role("button", name="Appearance").click()
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.goto("/profile/")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")


def test_keyboard_users_skip_to_the_content_and_open_menus(page: Page, sign_in: SignIn, ada: User) -> None:
    sign_in(ada)
    page.goto("/calls/home/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()
    page.get_by_role("button", name="Language").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("html")).to_have_attribute("lang", "de")
    assert page.url.endswith("/calls/home/")


def test_filters_make_short_addresses(page: Page, sign_in: SignIn, ada: User) -> None:
    sign_in(ada)
    page.goto("/calls/")
    page.get_by_text("Filters", exact=True).click()
    page.get_by_label("Direction").select_option("Incoming")
    page.get_by_role("button", name="Show calls").click()
    expect(page.locator("tbody tr")).to_have_count(2)
    assert page.url.endswith("/calls/?period=30d&direction=2")


def test_people_are_suggested_while_a_name_is_typed(page: Page, sign_in: SignIn, ada: User) -> None:
    sign_in(ada)
    page.goto("/calls/")
    page.get_by_text("Filters", exact=True).click()
    page.get_by_label("Person").press_sequentially("adl")
    option = page.locator("#people option")
    expect(option).to_have_count(1)
    expect(option).to_have_text("Ben Adler · 2002")
    page.get_by_label("Person").fill(str(option.get_attribute("value")))
    page.get_by_role("button", name="Show calls").click()
    expect(page.locator(".chips")).to_contain_text("Ben Adler")


def test_a_person_is_found_without_scripts(browser: Browser, live_portal: str, ada: User) -> None:
    context = browser.new_context(base_url=live_portal, java_script_enabled=False, locale="en-GB")
    client = Client()
    client.force_login(ada)
    context.add_cookies([{"name": "session", "value": client.cookies["session"].value, "url": live_portal}])
    page = context.new_page()
    page.goto("/calls/")
    page.get_by_text("Filters", exact=True).click()
    page.get_by_label("Person").fill("Adler")
    page.get_by_role("button", name="Show calls").click()
    expect(page.locator(".chips")).to_contain_text("Ben Adler")
    context.close()


def test_the_help_of_a_page_opens_beside_it(page: Page, sign_in: SignIn, ada: User) -> None:
    sign_in(ada)
    page.goto("/status/")
    page.get_by_role("button", name="Help for this page").click()
    expect(page.locator("#help")).to_contain_text("four times the quiet time")
    # Bootstrap listens to the keyboard once the panel has slid in.
    expect(page.locator("#help.show:not(.showing)")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#help")).to_be_hidden()


def test_the_set_up_stands_in_the_portals_frame(page: Page, sign_in: SignIn, ada: User) -> None:
    sign_in(ada)
    page.goto("/setup/")
    page.get_by_role("navigation", name="Set-up").get_by_role("link", name="Organisation").click()
    page.get_by_role("main").get_by_role("link", name="People Accounts").click()
    expect(page.locator(".bar-menu [aria-current=page]")).to_have_text("Organisation")
    page.get_by_role("searchbox").fill("Novak")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="Novak, Ada").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ada Novak")
    page.get_by_role("link", name="History").click()
    expect(page.get_by_role("row").filter(has_text="Administrator")).to_have_count(1)


def test_units_are_added_to_a_person_with_the_keyboard(page: Page, sign_in: SignIn, ada: User) -> None:
    make.department("Sales")
    sign_in(ada)
    page.goto(f"/setup/accounting/user/{ada.pk}/change/")
    page.get_by_role("button", name="Add another Membership").press("Enter")
    page.locator("#memberships-0 .field-department .select2-selection").press("Enter")
    page.keyboard.type("sal")
    option = page.get_by_role("option", name="Sales")
    expect(option).to_be_visible()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Save", exact=True).press("Enter")
    expect(page.get_by_role("status")).to_contain_text("was changed successfully")
    assert ada.memberships.get().department.name == "Sales"
