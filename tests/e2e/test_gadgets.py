"""A gadget framed by a page of another site in a real browser: signed in, used, refused elsewhere."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from accounting.models import GadgetRules
from accounting.services import gadgets
from phonelock.models import Lock
from tests import factories as make
from tests.conftest import PASSWORD

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]


@pytest.fixture
def host_page(live_portal: str) -> Iterator[str]:
    """The address of a page of another site that frames the Phone Lock gadget."""
    portal = live_portal.replace("127.0.0.1", "localhost")
    content = f'<!doctype html><title>Host</title><iframe width="320" height="560" src="{portal}/gadgets/lock/">'

    class Host(BaseHTTPRequestHandler):
        """Answers every address with the frame."""

        def do_GET(self) -> None:
            """Answer."""
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(content.encode())

        def log_message(self, *_args: Any) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Host)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_person_locks_their_line_in_a_frame_of_another_site(page: Page, host_page: str, settings: Any) -> None:
    # Browsers take such cookies from localhost without encryption; elsewhere they need HTTPS.
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    GadgetRules(enabled=True, origins=host_page).save()
    ana = make.person("ana", extension="2001")
    ana.set_password(PASSWORD)
    ana.save()
    page.goto(host_page)
    frame = page.frame_locator("iframe")
    frame.get_by_label("User name").fill("ana")
    frame.get_by_label("Password").fill(PASSWORD)
    frame.get_by_role("button", name="Sign in").click()
    frame.get_by_role("button", name="Lock 2001").click()
    expect(frame.get_by_role("button", name="Unlock 2001")).to_be_visible()
    assert Lock.objects.count() == 1
    page.reload()
    expect(frame.get_by_role("button", name="Unlock 2001")).to_be_visible()
    (cookie,) = [one for one in page.context.cookies() if one["name"] == "gadget"]
    assert (cookie["path"], cookie["sameSite"], cookie["httpOnly"]) == ("/gadgets/", "None", True)


def test_other_sites_cannot_frame_a_gadget(page: Page, host_page: str) -> None:
    GadgetRules(enabled=True, origins="https://*.webex.com").save()
    page.goto(host_page)
    page.wait_for_timeout(500)
    assert page.frame_locator("iframe").get_by_label("User name").count() == 0


def test_an_ended_sign_in_shows_the_door_with_a_word_why_and_leads_back(page: Page, live_portal: str) -> None:
    GadgetRules(enabled=True).save()
    ana = make.person("ana", extension="2001")
    ana.set_password(PASSWORD)
    ana.save()
    page.goto(f"{live_portal}/gadgets/budget/?theme=dark")
    enter(page)
    expect(page.get_by_role("heading", name="My budgets")).to_be_visible()
    details = page.get_by_role("link", name="Details")
    assert (details.get_attribute("target"), details.get_attribute("rel")) == ("_blank", "noopener noreferrer")
    page.get_by_text("Help", exact=True).click()
    expect(page.get_by_text("The sign-in lasts until you sign out")).to_be_visible()
    gadgets.end_everywhere()
    expect(page.get_by_text("Your sign-in in gadgets has ended.")).to_be_visible(timeout=15_000)
    enter(page)
    expect(page).to_have_url(f"{live_portal}/gadgets/budget/?theme=dark")


def test_a_lost_network_is_said_and_comes_back(page: Page, live_portal: str) -> None:
    GadgetRules(enabled=True).save()
    ana = make.person("ana", extension="2001")
    ana.set_password(PASSWORD)
    ana.save()
    page.goto(f"{live_portal}/gadgets/lock/")
    enter(page)
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    page.context.set_offline(True)
    expect(page.get_by_text("No connection, trying again")).to_be_visible(timeout=15_000)
    page.get_by_role("button", name="Lock 2001").click()
    page.context.set_offline(False)
    expect(page.get_by_text("Live", exact=True)).to_be_visible(timeout=30_000)
    assert not Lock.objects.exists()


def enter(page: Page) -> None:
    """Sign in at the door."""
    page.get_by_label("User name").fill("ana")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
