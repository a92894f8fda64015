"""The dashboard in a browser: people stay where they are while they minimise and close widgets."""

import pytest
from playwright.sync_api import Page, expect

from tests import factories as make
from tests.e2e.test_pages import SignIn, sign_in

__all__ = ["sign_in"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]
SIDE = "document.querySelector('[gs-id=\"top-destinations\"]').getBoundingClientRect().top"


def test_minimising_by_keyboard_leaves_focus_and_screen_where_they_were(page: Page, sign_in: SignIn) -> None:
    sign_in(make.person("anna", extension="2001"))
    page.set_viewport_size({"width": 1280, "height": 700})
    page.goto("/dashboard/")
    for name in ("Minimise", "Restore"):
        button = page.locator('[gs-id="top-destinations"]').get_by_role("button", name=name)
        page.evaluate("scrollTo({ top: 99999, behavior: 'instant' })")
        button.focus()
        before = page.evaluate(SIDE)
        button.press("Enter")
        again = page.locator('[gs-id="top-destinations"] button[aria-expanded]')
        expect(again).to_have_attribute("aria-expanded", "false" if name == "Minimise" else "true")
        expect(again).to_be_focused()
        assert page.evaluate("scrollY") > 100
        assert abs(page.evaluate(SIDE) - before) < 250
    page.locator('[gs-id="top-destinations"]').get_by_role("button", name="Close").press("Enter")
    expect(page.get_by_role("button", name="Undo")).to_be_focused()


CUT = """[...document.querySelectorAll('.widget-head h2')]
  .filter(one => one.scrollWidth > one.clientWidth || one.scrollHeight > one.clientHeight)
  .map(one => one.textContent)"""


@pytest.mark.parametrize("width", [1280, 800, 390])
def test_names_of_narrow_widgets_can_be_read_whole(page: Page, sign_in: SignIn, width: int) -> None:
    sign_in(make.person("anna", extension="2001"))
    page.set_viewport_size({"width": width, "height": 700})
    page.goto("/dashboard/")
    expect(page.locator(".widget-head h2").last).to_be_visible()
    assert page.evaluate(CUT) == []
