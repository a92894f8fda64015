"""The promise of the product: drop a call file into the inbox and watch the call appear on the home page."""

import os
import re
import time
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from accounting.demo.records import cdr_file, cdr_row
from accounting.models import NumberRule
from accounting.services.reference import forget_reference
from accounting.tasks import collect
from tests import factories

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]
NUMBER = "+493022734567"


@pytest.fixture
def line(inbox: Path) -> Path:
    """Ana, in Berlin, on extension 2001 of a priced cluster; returns the cluster's inbox."""
    forget_reference()
    berlin = factories.office("Berlin")
    system = factories.phone_system("cluster", office=berlin)
    NumberRule.objects.create(office=berlin, kind=NumberRule.Kind.EXTENSION, first="2000", last="2999")
    trunk = factories.gateway("SIP-BERLIN", phone_system=system, office=berlin, name="Berlin trunk")
    rate = factories.rate("4930")
    trunk.carriers.create(carrier=rate.tariff.carrier)
    ana = factories.person("ana", first_name="Ana", last_name="Ruiz", language="en")
    ana.set_password(factories.PASSWORD)
    ana.save()
    extension = system.extensions.create(number="2001")
    extension.assignments.create(user=ana)
    (inbox / "cluster").mkdir()
    return inbox / "cluster"


def drop_call(inbox: Path, number: int, talk: int) -> None:
    """Push a file of one outgoing call that has just ended, as UCM does."""
    now = int(time.time())
    row = cdr_row(
        "15",
        pkid=f"00000000-0000-4000-8000-{number:012d}", globalCallID_callId=number,
        origLegCallIdentifier=number * 2, destLegIdentifier=number * 2 + 1,
        callingPartyNumber="2001", originalCalledPartyNumber=f"0{NUMBER.replace('+49', '0')}",
        finalCalledPartyNumber=f"0{NUMBER.replace('+49', '0')}", origDeviceName="SEP001122334455",
        destDeviceName="SIP-BERLIN", dateTimeOrigination=now - talk - 10, dateTimeConnect=now - talk,
        dateTimeDisconnect=now, duration=talk, origCause_value=16, IncomingProtocolID=0, OutgoingProtocolID=1,
    )  # fmt: skip
    path = inbox / f"cdr_cluster_01_202611210000_{number}"
    path.write_bytes(cdr_file([row], "15"))
    os.utime(path, (now - 5, now - 5))


def test_a_call_appears_by_itself_and_leads_to_its_details(line: Path, page: Page) -> None:
    """Sign in, wait, see the call and its cost, follow the number, open the call."""
    page.goto("/")
    page.get_by_label("User name").fill("ana")
    page.get_by_label("Password").fill(factories.PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name=re.compile("Call Analytics")).last.click()
    expect(page.get_by_text("No calls yet")).to_be_visible()

    drop_call(line, 1, talk=90)
    collect()
    row = page.get_by_role("row").filter(has_text="Berlin trunk")
    expect(row).to_be_visible(timeout=15_000)
    expect(row).to_contain_text("0:01:30")
    expect(row).to_contain_text("€0.045")

    drop_call(line, 2, talk=30)
    collect()
    expect(page.get_by_role("row").filter(has_text="Berlin trunk")).to_have_count(2, timeout=15_000)

    page.get_by_role("link", name=re.compile(r"\+49\s?30\s?22734567")).first.click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="Berlin trunk")).to_have_count(2)
    page.get_by_role("link", name="Details of this call").first.click()
    expect(page.get_by_text("Berlin trunk").locator("visible=true").first).to_be_visible()
    expect(page.get_by_text("2001").locator("visible=true").first).to_be_visible()
