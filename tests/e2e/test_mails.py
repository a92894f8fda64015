"""Mailing a report in a browser: people are added by keyboard, the preview shows what was typed, also when refused."""

import pytest
from django.test import Client
from playwright.sync_api import BrowserContext, Page, expect

from accounting.models import OutgoingMail
from tests import factories as make

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]


def test_a_report_is_mailed_by_keyboard(page: Page, context: BrowserContext, live_portal: str) -> None:
    ada = make.administrator(extension="2001", first_name="Ada", last_name="Novak", email="ada@example.com")
    make.person("kim", first_name="Kim", last_name="Østby", email="kim@example.com")
    make.person("kit", first_name="Kit", last_name="Østergaard", email="kit@example.com")
    make.record(ada)
    client = Client()
    client.force_login(ada)
    context.add_cookies([{"name": "session", "value": client.cookies["session"].value, "url": live_portal}])
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.goto("/reports/calls/?period=all")
    page.get_by_role("link", name="Send mail").press("Enter")
    page.get_by_label("Find a person").press_sequentially("Østx")
    expect(page.get_by_text("Nobody found")).to_be_visible()
    page.get_by_label("Find a person").press("Backspace")
    expect(page.locator("#mail-people option")).to_have_count(2)
    page.get_by_label("Find a person").press("Enter")
    expect(page.get_by_text("Several people match")).to_be_visible()
    page.get_by_label("Find a person").press("b")
    expect(page.locator("#mail-people option")).to_have_count(1)
    page.get_by_label("Find a person").press("Enter")
    expect(page.get_by_label("Recipients", exact=True)).to_have_value("Kim Østby <kim@example.com>")
    page.get_by_label("Text").fill("Hello from {author}")
    page.get_by_role("button", name="Preview").press("Enter")
    shown = page.frame_locator("iframe[name=mail-preview]")
    expect(shown.get_by_text("Hello from Ada Novak")).to_be_visible()
    expect(shown.get_by_text("kim@example.com")).to_be_visible()
    page.get_by_label("Recipients", exact=True).fill("eve@elsewhere.example")
    page.get_by_role("button", name="Send", exact=True).press("Enter")
    expect(page.locator("#id_recipients_error")).to_contain_text("Mail to eve@elsewhere.example is not allowed")
    expect(shown.get_by_text("Hello from Ada Novak")).to_be_visible()
    expect(page.locator("[data-mail-preview]")).not_to_have_attribute("aria-busy", "true")
    page.get_by_label("Recipients", exact=True).fill("kim@example.com")
    page.get_by_role("button", name="Send", exact=True).press("Enter")
    page.wait_for_url("**/reports/mails/*/")
    expect(page.get_by_role("cell", name="kim@example.com")).to_be_visible()
    assert OutgoingMail.objects.get().recipient == "kim@example.com"
    assert complaints == []
