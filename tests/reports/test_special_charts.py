"""Charts of the reports that are no plain question: what is drawn, and that each mark leads to its calls."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from html import unescape

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounting.models import Direction, ImportFile, Outcome
from budget.models import Account, BudgetPeriod, Threshold
from budget.services.following import follow
from tests import factories as make
from tests.budget.world import arrive, budget

NUMBER, OTHER = "+493012345678", "+442079468899"


@pytest.fixture
def browser(client: Client, db: None) -> Client:
    client.force_login(make.administrator())
    return client


def marks(browser: Client, slug: str) -> list[tuple[str, str]]:
    """Return the words of each mark of a report's chart, and the address it leads to."""
    response = browser.get(reverse("report", args=[slug]), {"period": "all"})
    assert response.status_code == 200
    drawing = response.content.decode().partition('class="chart"')[2].partition("</svg>")[0]
    found = re.findall(r'(?:<a href="([^"]*)"[^>]*>)?<(?:rect|circle) [^>]*><title>([^<]*)', drawing)
    return [(unescape(words), unescape(address)) for address, words in found]


def rows_at(browser: Client, address: str) -> int:
    """Return how many calls a list shows."""
    page = browser.get(address).content.decode()
    return page.partition("<tbody>")[2].partition("</tbody>")[0].count("<tr")


def missed(number: str, at: datetime) -> None:
    make.record(other_number=number, direction=Direction.INCOMING, outcome=Outcome.MISSED, started_at=at)


def test_bars_of_those_not_called_back_lead_to_their_calls(browser: Client) -> None:
    noon = datetime(2026, 7, 1, 10, tzinfo=UTC)
    for minute in (0, 5, 9):
        missed(NUMBER, noon + timedelta(minutes=minute))
    missed(OTHER, noon)
    missed("+390612345678", noon)
    make.record(other_number="+390612345678", outcome=Outcome.ANSWERED, started_at=noon + timedelta(hours=1))
    drawn = marks(browser, "missed-open")
    assert [words for words, _address in drawn] == ["+49 30 12345678: 3", "+44 20 7946 8899: 1"]
    assert rows_at(browser, drawn[0][1]) == 3


def test_each_burst_is_a_dot_that_leads_to_its_calls(browser: Client) -> None:
    begin = datetime(2026, 7, 1, 22, 58, tzinfo=UTC)
    for minute in range(6):
        make.record(extension="2001", other_number=NUMBER, started_at=begin + timedelta(minutes=minute), talk_seconds=3)
    make.record(extension="2001", other_number=NUMBER, started_at=begin, talk_seconds=90)
    make.record(extension="2002", other_number=NUMBER, started_at=begin, talk_seconds=3)
    [(words, address)] = marks(browser, "bursts")
    assert words.startswith("2001 · +49 30 12345678 · ")
    assert words.endswith(": 6 calls")
    assert rows_at(browser, address) == 6


def test_the_collection_log_is_drawn_day_by_day_and_system_by_system(browser: Client) -> None:
    old, new = make.phone_system(name="Old"), make.phone_system(name="New")
    for system, day, records in ((old, 1, 30), (old, 1, 10), (new, 1, 500), (new, 3, 7)):
        file = make.import_file(phone_system=system, records=records)
        ImportFile.objects.filter(pk=file.pk).update(imported_at=datetime(2026, 7, day, 10, tzinfo=UTC))
    drawn = [words for words, _address in marks(browser, "collection-log")]
    first, third = (f"{date(2026, 7, day):%-d %b %Y}" for day in (1, 3))
    assert drawn == [f"{first}, New: 500", f"{first}, Old: 40", f"{third}, New: 7"]


def test_budgets_are_bullets_against_their_thresholds(browser: Client) -> None:
    ana = make.person("ana", extension="2001", first_name="Ana", last_name="Ruiz")
    with time_machine.travel(datetime(2026, 11, 20, 12, tzinfo=UTC), tick=False):
        made = budget(person=ana)
        for percent in (80, 100):
            Threshold.objects.create(budget=made, percent=percent)
        arrive(ana, datetime(2026, 11, 19, 12, tzinfo=UTC), cost=Decimal("1.50"), currency="EUR")
        follow()
        page = unescape(browser.get(reverse("report", args=["budgets"])).content.decode())
        words = "Used share of the budget: Ana Ruiz · Calls 75.0 % (thresholds 80.0 %, 100.0 %)"
        assert f'aria-label="{words}"' in " ".join(page.split())
        for form, start in (("xlsx", b"PK"), ("pdf", b"%PDF")):
            response = browser.get(reverse("report", args=["budgets"]), {"export": form})
            assert b"".join(response).startswith(start)  # type: ignore[call-overload]


def test_of_many_budgets_the_most_used_are_shown(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reports.special.budgets.MOST_ROWS", 2)
    month = {"start": date(2026, 11, 1), "end": date(2026, 12, 1)}
    for name, assigned, spent in (
        ("Little", 9, 1),
        ("None", 9, 0),
        ("Of nothing", 0, 1),
        ("Much", 9, 8),
        ("More", 9, 18),
    ):
        account = Account.objects.create(budget=budget(name=name, person=make.person()), person=None)
        BudgetPeriod.objects.create(account=account, **month, assigned=assigned, spent=spent)
    page = browser.get(reverse("report", args=["budgets"]), {"from": "2026-11-20", "to": "2026-11-20"}).content.decode()
    table = page[page.index("<tbody") :]
    assert re.findall("More|Of nothing|Much|Little|None", table)[:2] == ["More", "Of nothing"]
    assert not re.search("Much|Little", table)


def test_exports_have_the_chart_of_a_scatter(browser: Client) -> None:
    begin = datetime(2026, 7, 1, 10, tzinfo=UTC)
    for minute in range(6):
        make.record(extension="2001", other_number=NUMBER, started_at=begin + timedelta(minutes=minute), talk_seconds=3)
    for form, start in (("xlsx", b"PK"), ("pdf", b"%PDF")):
        response = browser.get(reverse("report", args=["bursts"]), {"period": "all", "export": form})
        assert b"".join(response).startswith(start)  # type: ignore[call-overload]


def test_a_narrow_page_has_narrow_pictures(browser: Client) -> None:
    missed(NUMBER, datetime(2026, 7, 1, 10, tzinfo=UTC))
    address, asked = reverse("report", args=["missed-open"]), {"period": "all"}
    wide = browser.get(address, asked).content.decode()
    browser.cookies["screen"] = "narrow"
    narrow = browser.get(address, asked).content.decode()
    widths = [re.findall(r'viewBox="\S+ \S+ (\d+) [^>]*class="chart"', page) for page in (wide, narrow)]
    assert widths == [["960"], ["400"]]
    assert 'data-label="' in narrow
