"""The call list: who sees what, filters by address, pages that neither skip nor repeat."""

import re
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounting.models import CallRecord, CallType, Direction, Kind, Outcome, Pricing, Role, User
from accounting.services.masking import mask_for
from tests import factories as make

pytestmark = pytest.mark.django_db

URL = reverse("calls")
MOMENT = make.NOON + timedelta(hours=6)


@pytest.fixture(autouse=True)
def frozen() -> Any:
    with time_machine.travel(MOMENT, tick=False):
        yield


@pytest.fixture
def ada(db: None) -> User:
    return make.administrator(extension="2100")


def shown(client: Client, query: str = "") -> list[str]:
    """Return the ids of the shown calls, in order."""
    response = client.get(f"{URL}?{query}")
    assert response.status_code == 200, response.content.decode()[:3000]
    table = response.content.decode().partition("<tbody>")[2]
    return re.findall(r'class="open-row" href="/calls/(\d+)/"', table)


def ids(*records: CallRecord) -> list[str]:
    return [str(record.pk) for record in records]


def test_strangers_are_asked_to_sign_in(client: Client, db: None) -> None:
    assert client.get(URL).headers["Location"].startswith(reverse("sign_in"))


def test_people_see_their_own_calls_supervisors_their_units_administrators_all(client: Client, ada: User) -> None:
    sales, logistics = make.department("Sales"), make.department("Logistics")
    below = make.department("Field sales", parent=sales)
    ana, ben = make.person(extension="2001"), make.person(extension="2002")
    hers = make.record(ana, department_id=below.pk)
    his = make.record(ben, department_id=logistics.pk)
    nobodys = make.record(extension="2099")
    boss = make.supervisor(of=sales, extension="2003")
    own = make.record(boss, department_id=logistics.pk)
    for reader, expected in ((ana, [hers]), (ben, [his]), (boss, [own, hers]), (ada, [own, nobodys, his, hers])):
        client.force_login(reader)
        assert shown(client) == ids(*expected)


def test_calls_of_a_line_held_by_another_before_stay_theirs(client: Client) -> None:
    before, now = make.person(extension="2001"), make.person(extension="2001")
    old = make.record(before)
    new = make.record(now)
    client.force_login(now)
    assert shown(client) == ids(new)
    client.force_login(before)
    assert shown(client) == ids(old)


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ("colour=red", "colour"),
        ("direction=3", "Direction"),
        ("direction=2&direction=1", "more than once"),
        ("period=forever", "Period"),
        ("from=2026-13-01", "From"),
        ("from=2026-11-02&to=2026-11-01", "after the last"),
        ("to=9999-12-31", "1990"),
        ("min_duration=-5", "seconds"),
        ("min_duration=99999999999999999999", "seconds"),
        ("gateway=77", "Gateway"),
        ("gateway=1%00", "Gateway"),
        ("number=%2B49301234***", "Hidden digits"),
        ("number=~abcd", "another person"),
        ("mine=maybe", "My calls"),
        ("size=7", "page size"),
        ("sort=cost", "sorted"),
        ("after=x", "not readable"),
        ("after=1-1&before=1-1", "either"),
        ("after=99999999999999999999999-1", "not readable"),
        ("after=1-99999999999999999999999", "not readable"),
        (f"after={'9' * 390}-1", "not readable"),
        ("person=1%3BDROP", "Person"),
        (f"number={'9' * 401}", "too long"),
    ],
)
def test_an_address_that_cannot_be_read_shows_nothing(client: Client, ada: User, query: str, word: str) -> None:
    make.record()
    client.force_login(ada)
    response = client.get(f"{URL}?{query}")
    assert response.status_code == 400
    assert word in response.content.decode()
    assert "open-row" not in response.content.decode()


def test_filters_of_others_are_unknown_to_people_without_others(client: Client, ada: User) -> None:
    client.force_login(make.person(extension="2001"))
    assert client.get(f"{URL}?person={ada.pk}").status_code == 400


def test_the_person_comes_first_for_people_who_see_others(client: Client, ada: User) -> None:
    names = {}
    for reader in (make.supervisor(of=make.department()), ada, make.person()):
        client.force_login(reader)
        form = client.get(URL).content.decode().partition('class="filter-form"')[2].partition("</form>")[0]
        names[reader.role] = re.findall(r'name="(\w+)"', form)
    assert names[Role.SUPERVISOR][0] == names[Role.ADMINISTRATOR][0] == "person"
    assert names[Role.ADMINISTRATOR].count("person") == 1
    assert "person" not in names[Role.USER]


def test_supervisors_choose_among_the_people_of_their_units(client: Client) -> None:
    sales = make.department()
    ana, ben = make.person(extension="2001"), make.person(extension="2002")
    make.membership(ana, department=make.department("Field sales", parent=sales))
    make.membership(ben, department=make.department("Logistics"))
    call = make.record(ana, department_id=sales.pk)
    client.force_login(make.supervisor(of=sales))
    assert shown(client, f"person={ana.username}") == ids(call)
    for typed in (ben.username, "2002", "nobody"):
        response = client.get(f"{URL}?person={typed}")
        assert response.status_code == 400
        assert "Nobody whose calls you may see" in response.content.decode()


@pytest.mark.parametrize("typed", ["ANA.RUIZ", "2001", "ruiz", "Ruiz, Ana", "ana ru", "Ana"])
def test_a_person_is_found_by_name_and_extension_and_the_address_names_the_user(
    client: Client, ada: User, typed: str
) -> None:
    ana = make.person("ana.ruiz", extension="2001", first_name="Ana", last_name="Ruiz")
    call = make.record(ana)
    make.record(make.person("ben", extension="2002", first_name="Ben", last_name="Ruizen"))
    client.force_login(ada)
    if typed == "ruiz":
        page = client.get(f"{URL}?person=ruiz").content.decode()
        assert "fits several people: Ana Ruiz (ana.ruiz), Ben Ruizen (ben)" in page
        return
    response = client.get(URL, {"person": typed, "period": "7d"})
    assert response.headers["Location"] == f"{URL}?person=ana.ruiz&period=7d"
    assert shown(client, "person=ana.ruiz&period=7d") == ids(call)


def test_suggestions_are_of_people_whose_calls_the_reader_may_see(client: Client, ada: User) -> None:
    sales, logistics = make.department("Sales"), make.department("Logistics")
    below = make.department("Field sales", parent=sales)
    now = make.person("ana", extension="2001", first_name="Ana", last_name="Muster")
    before = make.person("ben", first_name="Ben", last_name="Muster")
    other = make.person("cleo", extension="2003", first_name="Cleo", last_name="Muster")
    make.membership(now, department=below)
    make.membership(before, department=sales, valid_to=make.NOON - timedelta(days=90))
    make.membership(other, department=logistics)
    boss = make.supervisor("boss", of=sales, first_name="Bea", last_name="Muster")

    def suggested(reader: User, typed: str) -> list[str]:
        client.force_login(reader)
        response = client.get(reverse("suggested_people"), {"person": typed})
        return re.findall(r'<option value="([^"]+)"', response.content.decode())

    assert suggested(ada, "muster") == ["ana", "boss", "ben", "cleo"]
    assert suggested(boss, "muster") == ["ana", "boss", "ben"]
    assert suggested(now, "muster") == ["ana"]
    assert suggested(boss, "Muster, An") == ["ana"]
    assert suggested(boss, "2001") == ["ana"]
    assert suggested(boss, "2003") == suggested(boss, "200") == suggested(boss, "") == suggested(boss, " ,\0") == []
    for number in range(30):
        make.person(f"many{number}")
    assert len(suggested(ada, "many")) == 20


def test_no_page_lists_all_people(client: Client, ada: User) -> None:
    for number in range(30):
        make.person(f"someone{number}", extension=f"30{number:02}")
    client.force_login(ada)
    for name in ("calls", "home", "profile", "status", "menu", "help", "admin:index"):
        page = client.get(reverse(name)).content.decode()
        assert "someone1" not in page, name
        assert "3011" not in page, name


def test_supervisors_choose_among_the_units_that_they_supervise(client: Client, ada: User) -> None:
    sales = make.department("Sales")
    make.department("Field sales", parent=sales)
    logistics = make.department("Logistics")
    make.cost_centre()
    client.force_login(make.supervisor(of=sales))
    page = client.get(URL).content.decode()
    options = page.partition('name="department"')[2].partition("</select>")[0]
    assert re.findall(r">([^<>]+)</option>", options) == ["Any", "Field sales", "Sales"]
    assert 'name="cost_centre"' not in page
    assert client.get(f"{URL}?department={logistics.pk}").status_code == 400
    client.force_login(ada)
    assert 'name="cost_centre"' in client.get(URL).content.decode()


def test_the_costs_of_a_page_have_the_same_decimals(client: Client, ada: User) -> None:
    client.force_login(ada)
    for cost in ("12.3", "0.5"):
        make.record(cost=cost)

    def costs() -> list[str]:
        table = client.get(URL).content.decode().partition("<tbody>")[2].partition("</tbody>")[0]
        return re.findall(r'class="figure">([^<]+)<', table)

    assert costs() == ["€0.50", "€12.30"]
    make.record(cost="0.0123")
    assert costs() == ["€0.0123", "€0.5000", "€12.3000"]
    assert "€12.81" in client.get(URL).content.decode(), "totals are in cents"


def test_each_filter_narrows(client: Client, ada: User) -> None:
    client.force_login(ada)
    ana = make.person(extension="2001")
    gateway, unit, centre, office = (
        make.gateway(),
        make.department("Field", make.department()),
        make.cost_centre(),
        make.office(),
    )
    found = make.record(
        ana,
        direction=Direction.INCOMING,
        outcome=Outcome.BUSY,
        call_type=CallType.MOBILE,
        other_number="+4915112345678",
        talk_seconds=500,
        pricing=Pricing.NO_RATE,
        cost=None,
        currency="",
        gateway_id=gateway.pk,
        department_id=unit.pk,
        cost_centre_id=centre.pk,
        office_id=office.pk,
    )
    make.record(ada, kind=Kind.INTERNAL)
    for query in (
        "direction=2",
        "kind=1",
        "outcome=3",
        "call_type=4",
        "number=%2B49%201511%202345678",
        "number=004915112345678",
        "number=%2B٤٩١٥١١٢٣٤٥٦٧٨",
        "number=%2B4915&match=begins",
        "extension=2001",
        "min_duration=500",
        "price=unpriced",
        f"gateway={gateway.pk}",
        f"person={ana.username}",
        f"department={unit.parent_id}",
        f"cost_centre={centre.pk}",
        f"office={office.pk}",
    ):
        assert shown(client, query) == ids(found), query
    assert len(shown(client, "direction=&kind=&number=")) == 2
    assert len(shown(client, "mine=1")) == 1


def test_dates_are_whole_days_of_the_readers_zone(client: Client) -> None:
    reader = make.person(extension="2001", time_zone="Asia/Dubai")
    client.force_login(reader)
    # 20:00 UTC is midnight in Dubai.
    before = make.record(reader, started_at=make.NOON.replace(hour=19, minute=59) - timedelta(days=1))
    after = make.record(reader, started_at=make.NOON.replace(hour=20, minute=0) - timedelta(days=1))
    assert shown(client, "from=2026-11-17&to=2026-11-17") == ids(before)
    assert shown(client, "from=2026-11-18&to=2026-11-18") == ids(after)
    assert shown(client, "period=today") == ids(after)


def test_days_win_over_the_period_that_the_form_sends_along(client: Client, ada: User) -> None:
    client.force_login(ada)
    old = make.record(started_at=make.NOON - timedelta(days=60))
    make.record()
    day = f"{old.started_at:%Y-%m-%d}"
    assert shown(client, f"period=30d&from={day}&to={day}") == ids(old)
    page = client.get(f"{URL}?period=30d&from={day}&to={day}").content.decode()
    assert re.search(r'<option value="custom" selected', page)


@pytest.mark.parametrize("sort", ["newest", "oldest"])
def test_pages_neither_skip_nor_repeat_while_calls_arrive(client: Client, ada: User, sort: str) -> None:
    batch = make.batch()
    for number in range(60):
        make.record(started_at=make.NOON + timedelta(seconds=number // 7), batch_id=batch.pk)
    client.force_login(ada)
    expected = ids(*CallRecord.objects.order_by("-started_at", "-id"))
    if sort == "oldest":
        expected.reverse()
    seen, query = [], f"size=25&sort={sort}"
    while query:
        seen += shown(client, query)
        page = client.get(f"{URL}?{query}").content.decode()
        query = "".join(re.findall(r'rel="next" href="\?([^"]+)"', page)).replace("&amp;", "&")
        if sort == "newest":
            make.record(started_at=MOMENT - timedelta(minutes=1), batch_id=batch.pk)
    assert seen == expected
    back = re.findall(r'rel="prev" href="\?([^"]+)"', page)[0].replace("&amp;", "&")
    assert shown(client, back) == expected[25:50]


def test_totals_are_of_all_pages_and_never_mix_currencies(client: Client, ada: User) -> None:
    client.force_login(ada)
    for number in range(30):
        make.record(cost="0.10" if number % 2 else "0.20", currency="EUR" if number % 2 else "GBP")
    make.record(pricing=Pricing.NO_RATE, cost=None, currency="")
    page = client.get(f"{URL}?size=25").content.decode()
    assert "31 calls" in page
    totals = page.partition('class="totals"')[2].partition("</dl>")[0]
    assert "€1.50" in totals
    assert "£3.00" in totals
    assert re.search(r"No price yet</dt><dd>1<", totals)


def test_long_lists_are_counted_to_a_thousand_and_summed_up_later(client: Client, ada: User) -> None:
    client.force_login(ada)
    one = make.record()
    fields = {field.attname: getattr(one, field.attname) for field in CallRecord._meta.fields if field.attname != "id"}
    CallRecord.objects.bulk_create(CallRecord(**(fields | {"call_id": -n})) for n in range(1, 1001))
    page = client.get(URL).content.decode()
    assert "More than 1,000 calls" in page
    assert 'hx-get="/calls/totals/?' in page
    assert "1,001" in client.get(reverse("call_totals")).content.decode()
    assert client.get(f"{reverse('call_totals')}?colour=red").status_code == 400


def test_active_filters_can_be_removed_one_by_one(client: Client, ada: User) -> None:
    client.force_login(ada)
    page = client.get(f"{URL}?direction=2&number=%2B4930&match=begins&period=7d").content.decode()
    chips = page.partition('class="chips')[2].partition("</ul>")[0]
    assert "Last 7 days" in chips
    assert "12 Nov 2026" in chips
    assert "Incoming" in chips
    assert "begins with +49 30" in chips
    assert 'href="?direction=2&amp;match=begins&amp;period=7d"' in chips


def test_masked_digits_are_nowhere_in_the_page(client: Client) -> None:
    sales = make.department()
    boss = make.supervisor(of=sales)
    make.masking_rule(Role.SUPERVISOR, 4)
    ana = make.person(extension="2001")
    call = make.record(ana, department_id=sales.pk, other_number="+493012345678", dialled_number="0012345678")
    client.force_login(boss)
    page = client.get(URL).content.decode()
    assert "+49 30 1234****" in page
    assert not re.search(r"5678|1234\s?56", page)
    key = mask_for(boss).number(call).key
    linked = f"number={quote(key)}&period=all"
    assert quote(key) in page
    assert shown(client, linked) == ids(call)
    assert "5678" not in client.get(f"{URL}?{linked}").content.decode()
    assert shown(client, "number=%2B493012345678") == []
    assert shown(client, "number=%2B49301234&match=begins") == ids(call)
    assert shown(client, "number=%2B493012345&match=begins") == []


@pytest.mark.parametrize("address", ["2345@sip.example.com", f"2345@{'a' * 238}.example.com"])
def test_the_link_of_a_hidden_address_shows_no_more_than_the_list(client: Client, address: str) -> None:
    sales = make.department()
    make.masking_rule(Role.SUPERVISOR, 4)
    call = make.record(make.person(extension="2001"), department_id=sales.pk, other_number=address)
    boss = make.supervisor(of=sales)
    client.force_login(boss)
    page = client.get(f"{URL}?number={quote(mask_for(boss).number(call).key)}").content.decode()
    assert f"/calls/{call.pk}/" in page
    assert address.replace("2345", "****") in page.partition('class="chips')[2].partition("</ul>")[0]
    assert "2345" not in page


@pytest.mark.parametrize("number", ["*55", "#31#2002", "bob.local", "o'hara-2@example.com"])
def test_every_number_is_found_by_its_link(client: Client, ada: User, number: str) -> None:
    call = make.record(kind=Kind.INTERNAL, other_number=number)
    make.record(other_number="55")
    client.force_login(ada)
    page = client.get(URL).content.decode()
    link = re.findall(r'href="(?:/calls/)?\?([^"]*number=[^"]+)"', page.partition("<tbody>")[2])
    assert any(quote(number) in found for found in link)
    assert shown(client, f"number={quote(number)}") == ids(call)


def test_the_number_of_queries_does_not_grow_with_the_page(client: Client, ada: User) -> None:
    client.force_login(ada)

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as found:
            client.get(URL)
        return len(found)

    gateway = make.gateway()
    make.record(make.person(extension="2001"), gateway_id=gateway.pk)
    make.record(make.person(extension="2002"), kind=Kind.INTERNAL, other_number="2001")
    few = queries()
    for number in range(20):
        someone = make.person(extension=f"30{number:02}")
        make.record(someone, gateway_id=make.gateway(f"GW{number}").pk)
        make.record(someone, kind=Kind.INTERNAL, other_number=f"30{19 - number:02}")
    assert queries() == few
    assert few <= 18


def test_before_the_first_call_the_list_says_how_calls_arrive(client: Client, ana: User, admin: User) -> None:
    client.force_login(ana)
    page = client.get("/calls/").content.decode()
    assert "No calls have arrived yet" in page
    assert "Widen the period" not in page
    assert reverse("status") not in page
    client.force_login(admin)
    assert reverse("status") in client.get("/calls/").content.decode()
    make.record(ana)
    assert "Widen the period" in client.get("/calls/?period=all&number=12345").content.decode()
