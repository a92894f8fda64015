"""Business hours by the clock, the weekend and the holidays of each call's office."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from accounting.models import Office, PublicHoliday
from tests import factories as make

BERLIN, CAIRO = ZoneInfo("Europe/Berlin"), ZoneInfo("Africa/Cairo")
INSIDE = [
    (BERLIN, datetime(2026, 10, 1, 8, 0)),  # noqa: DTZ001  (the office's clock)
    (BERLIN, datetime(2026, 10, 2, 17, 59)),  # noqa: DTZ001
    (CAIRO, datetime(2026, 10, 4, 9, 0)),  # noqa: DTZ001  (a Sunday, when Cairo works)
    (None, datetime(2026, 10, 1, 9, 0)),  # noqa: DTZ001
]
OUTSIDE = [
    (BERLIN, datetime(2026, 10, 1, 18, 0)),  # noqa: DTZ001
    (BERLIN, datetime(2026, 10, 1, 7, 59)),  # noqa: DTZ001
    (BERLIN, datetime(2026, 10, 3, 9, 0)),  # noqa: DTZ001  (a Saturday)
    (BERLIN, datetime(2026, 10, 5, 9, 0)),  # noqa: DTZ001  (a day off that was entered)
    (BERLIN, datetime(2026, 12, 25, 9, 0)),  # noqa: DTZ001  (Christmas, a Friday)
    (CAIRO, datetime(2026, 10, 2, 9, 0)),  # noqa: DTZ001  (a Friday)
    (None, datetime(2026, 10, 4, 9, 0)),  # noqa: DTZ001  (a Sunday, of no office)
]


@pytest.mark.parametrize(("operator", "expected"), [("", INSIDE), (".outside", OUTSIDE)])
def test_calls_are_inside_or_outside_by_their_own_office(
    client: Client, db: None, operator: str, expected: list[tuple[ZoneInfo | None, datetime]]
) -> None:
    berlin = Office.objects.create(name="Berlin", country="DE", subdivision="BE", time_zone="Europe/Berlin")
    cairo = Office.objects.create(name="Cairo", country="EG", time_zone="Africa/Cairo")
    PublicHoliday.objects.create(office=berlin, day=date(2026, 10, 5))
    offices = {BERLIN: berlin.pk, CAIRO: cairo.pk, None: None}
    batch = make.batch()
    for zone, local in (*INSIDE, *OUTSIDE):
        make.record(batch_id=batch.pk, office_id=offices[zone], started_at=local.replace(tzinfo=zone or BERLIN))
    client.force_login(make.administrator())
    address = (
        f"/reports/calls/?period=&from=2026-09-01&to=2026-12-31&zone=Europe/Berlin&business_hours{operator}=08:00-18:00"
    )
    response = client.get(address)
    shown = sorted(row.cells[0] for row in response.context["layout"].rows)
    assert shown == sorted(local.replace(tzinfo=zone or BERLIN) for zone, local in expected)
    assert "on working days" in response.content.decode()


def test_each_office_has_business_hours_of_its_own(client: Client, db: None) -> None:
    early = make.office("Early", business_hours="06:00-12:00, 13:00-15:00")
    usual = make.office("Usual")
    moments = {"05:59": "", "06:00": "e", "12:30": "u", "14:59": "eu", "15:00": "u", "18:00": ""}
    for text, inside in moments.items():
        hour, minute = map(int, text.split(":"))
        moment = datetime(2026, 10, 1, hour, minute, tzinfo=BERLIN)
        for office, letter in ((early, "e"), (usual, "u")):
            make.record(office_id=office.pk, started_at=moment, matter_code="in" if letter in inside else "out")
    client.force_login(make.administrator())
    for operator, expected in (("", "in"), (".outside", "out")):
        query = {"from": "2026-09-01", "zone": "Europe/Berlin", "columns": "matter_code"}
        response = client.get("/reports/calls/", {**query, f"business_hours{operator}": "office"})
        assert {row.cells[0] for row in response.context["layout"].rows} == {expected}
        assert "own hours on working days" in response.content.decode()
    report = client.get(
        "/reports/calls-at-night/", {"from": "2026-09-01", "zone": "Europe/Berlin", "group": "matter_code"}
    )
    assert [row.cells[0] for row in report.context["layout"].rows] == ["out"]


def test_the_form_keeps_filters_that_it_has_no_place_for(client: Client, db: None) -> None:
    client.force_login(make.administrator())
    options = client.get("/reports/calls/?options=open&hour=9&talk=20&talk.le=60").context["options"]
    assert [field.name for field in options.filters[-1].fields] == ["hour"]
    assert options.typed["where"] == "all(talk.le(60))"
