"""Every page without violation of WCAG 2.2 AA: in English and Arabic, light and dark, wide and narrow."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from accounting.demo.database import create_organisation
from accounting.demo.generation import Generation
from accounting.demo.organisation import build_organisation
from accounting.models import CallRecord, PhoneSystem, User
from accounting.services.importing import import_files
from accounting.services.reference import forget_reference
from reports.models import ReportSchedule, RunState, ScheduleRun

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]
PAGES = (
    "/",
    "/calls/home/",
    "/dashboard/",
    "/dashboard/wall/",
    "/calls/?period=all",
    "/calls/?nonsense=1",
    "/profile/",
    "/profile/tokens/",
    "/setup/system/tokens/",
    "/api/v1/docs",
    "/help/",
    "/status/",
    "/reports/schedules/",
    "/reports/by-day/schedule/",
    "/nowhere/",
    "/setup/",
    "/setup/accounting/user/?q=a",
    "/setup/accounting/gateway/add/",
    "/setup/accounting/mailserver/1/change/",
    "/setup/system/mail/",
    "/setup/system/webhook-messages/",
    "/setup/alarms/webhook/",
    "/setup/alarms/webhook/add/",
    "/reports/calls/mail/",
    "/reports/by-call-type/",
    "/reports/calls/?options=open",
    "/reports/calls/?talk=soon&direction=sideways&extension=2001&where=any(talk.ge(20),not(person.is(admin)))",
)
PASSWORD = "a demo password"
AXE = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


@pytest.fixture
def organisation(tmp_path: Path) -> None:
    """A small organisation with a day of calls."""
    forget_reference()
    made = build_organisation(40)
    create_organisation(made, PASSWORD)
    for file in Generation(made, date(2026, 11, 18), 1, 120, records_per_file=1000):
        path = tmp_path / file.name
        path.write_bytes(file.content)
        import_files(PhoneSystem.objects.get(name=file.system), [path])


def scheduled(person: User) -> ReportSchedule:
    """Make a scheduled report with runs that ended in every way."""
    made = ReportSchedule.objects.create(
        name="Weekly", owner=person, slug="by-day", query="period=all", format="pdf", subject="{report}", zone="UTC",
        weekdays=[0, 2], recipients=["reader@example.com"],
    )  # fmt: skip
    for day, state in enumerate(set(RunState) - {RunState.RUNNING}, 1):
        ended = datetime(2026, 11, day, tzinfo=UTC)
        ScheduleRun.objects.create(schedule=made, due_at=ended, finished_at=ended, state=state, text="Why", rows=day)
    return made


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 390)])
def test_no_violation(
    language: str, theme: str, width: int, organisation: None, browser: Browser, live_portal: str
) -> None:
    """Sign in as administrator and look at each page with axe-core."""
    User.objects.update(language=language)
    record = CallRecord.objects.exclude(gateway_id=None).order_by("pk")[0]
    context = browser.new_context(
        base_url=live_portal, color_scheme=theme, viewport={"width": width, "height": 900}, locale=language
    )
    page = context.new_page()
    page.goto("/sign-in/")
    found = {"/sign-in/": Axe().run(page, options=AXE)}
    page.locator("[name=username]").fill("admin")
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("[name=password]").press("Enter")
    page.wait_for_url(lambda url: "sign-in" not in url)
    person = User.objects.filter(lines__isnull=False)[0]
    of_schedule = [f"/reports/schedules/{scheduled(person).pk}/{page}" for page in ("", "edit/", "hand-over/")]
    own = (
        f"/calls/{record.pk}/",
        *of_schedule,
        *(f"/setup/accounting/user/{person.pk}/{page}/" for page in ("change", "delete")),
    )
    for path in (*PAGES, *own):
        page.goto(path)
        assert page.locator("html").get_attribute("dir") == ("rtl" if language == "ar" else "ltr"), path
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"{path} scrolls sideways"
        found[path] = Axe().run(page, options=AXE)
    context.close()
    reports = [f"{path}: {result.generate_report()}" for path, result in found.items() if result.violations_count]
    assert not reports, "\n".join(reports)
