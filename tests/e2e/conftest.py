"""The browser, and the portal that it visits."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
# As long as actions may take: what is looked for counts, not how busy the machine is.
PATIENCE = 15_000
expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Debian's Chromium without a window, started once."""
    # Playwright keeps an event loop in this thread, which makes Django refuse every query; lifted only while it runs.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        )
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def live_portal(live_server: Any) -> str:
    """The address of a portal that answers real requests on the test's database."""
    return str(live_server.url)


@pytest.fixture
def context(browser: Browser, live_portal: str) -> Iterator[BrowserContext]:
    """A fresh browser profile."""
    context = browser.new_context(base_url=live_portal, locale="en-GB")
    context.set_default_timeout(PATIENCE)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """An empty page of a fresh profile."""
    return context.new_page()
