"""A gadget framed by a page of another site in a real browser: signed in, used, refused elsewhere."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from accounting.models import GadgetRules
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
