"""The options of a report as people use them: what is wrong stays in the form, marked; pick lists search by scope."""

import re
from html import unescape

import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import reverse

from accounting.models import User
from reports.catalogue import REPORTS
from reports.models import SavedReport
from tests import factories as make
from tests.reports.test_reports import rows


@pytest.fixture
def admin(client: Client, db: None) -> User:
    user = make.administrator()
    client.force_login(user)
    return user


def field(html: str, name: str) -> str:
    """Return the element of a field of the form."""
    return next(re.finditer(rf'<(?:input|select|div)[^>]*id="o-{name}"[^>]*>', html)).group()


@pytest.mark.parametrize(
    ("query", "name", "typed"),
    [
        ({"talk": "soon"}, "talk", "soon"),
        ({"talk.begins": "20"}, "talk", "20"),
        ({"from": "2026-13-45"}, "from", "2026-13-45"),
        ({"zone": "Mars/Base"}, "zone", "Mars/Base"),
        ({"department": "99"}, "department", "99"),
        ({"top": "-3"}, "top", "-3"),
        ({"tax": "much"}, "tax", "much"),
        ({"where": "any(talk.ge(20)"}, "where", "any(talk.ge(20)"),
        ({"hour": "77"}, "hour", "77"),
    ],
)
def test_a_wrong_value_stays_in_its_field_marked_and_focused(
    client: Client, admin: User, query: dict[str, str], name: str, typed: str
) -> None:
    response = client.get(reverse("report", args=["calls"]), {"extension": "211,729", "markup": "3", **query})
    assert response.status_code == 400
    html = unescape(response.content.decode())
    wrong = field(html, name)
    assert f'value="{typed}"' in wrong
    assert 'aria-invalid="true"' in wrong
    assert "autofocus" in wrong
    assert html.count("autofocus") == 1
    message = re.search(rf'id="o-{name}-error">(.*?)</div>', html, re.DOTALL)
    assert message
    assert f'href="#o-{name}"' in html
    assert 'value="211, 729"' in field(html, "extension")
    assert 'value="3"' in field(html, "markup")
    assert "report-table" not in html


def test_a_ticked_value_that_is_none_is_shown_ticked_and_what_no_field_has_is_named(
    client: Client, admin: User
) -> None:
    html = client.get(reverse("report", args=["calls"]), {"direction": "sideways", "colour": "red"}).content.decode()
    assert re.search(r'value="sideways" checked', html)
    assert "“colour” is no filter" in html
    html = client.get(reverse("report", args=["calls"]), {"colour": "red"}).content.decode()
    assert re.search(r'role="alert" tabindex="-1" autofocus', html)


@pytest.mark.parametrize(
    ("name", "typed"), [("period", "soon"), ("sort", "-colour"), ("chart", "cake"), ("group", "day,colour")]
)
def test_a_choice_that_is_none_is_shown_chosen(client: Client, admin: User, name: str, typed: str) -> None:
    html = client.get(reverse("report", args=["by-day"]), {name: typed}).content.decode()
    assert "aria-invalid" in field(html, name)
    chosen = html.partition(field(html, name))[2].partition("</select>")[0]
    assert re.findall(r'<option value="([^"]*)" selected>', chosen) == [typed]


def test_sending_the_form_keeps_what_was_typed_wrongly(client: Client, admin: User) -> None:
    sent = {"form": "1", "period": "all", "talk": "soon", "talk.op": "le", "number": "+4930", "number.op": "begins"}
    response = client.get(reverse("report", args=["calls"]), sent, follow=True)
    assert response.status_code == 400
    html = response.content.decode()
    assert 'value="soon"' in field(html, "talk")
    assert 'value="+4930"' in field(html, "number")
    assert re.search(r'name="talk.op".*?<option value="le" selected>', html, re.DOTALL)


def test_a_filter_given_twice_is_refused(client: Client, admin: User) -> None:
    response = client.get(reverse("report", args=["calls"]) + "?talk=10&talk=20")
    assert response.status_code == 400
    assert "given more than once" in response.content.decode()


def test_an_export_answers_with_sentences_only(client: Client, admin: User) -> None:
    response = client.get(reverse("report", args=["calls"]), {"talk": "soon", "export": "csv"})
    assert response.status_code == 400
    html = response.content.decode()
    assert "“soon” is no value" in html
    assert 'name="form"' not in html


def test_the_options_hold_no_list_of_people_or_units(client: Client, admin: User) -> None:
    for place in range(60):
        make.person(f"walter{place}", extension=f"7{place:03}")
        make.department(f"Unit {place}")
    html = client.get(reverse("report", args=["calls"]), {"options": "open"}).content.decode()
    assert 'id="o-person"' in html
    assert "walter7" not in html
    assert "Unit 7" not in html


def test_the_form_comes_when_it_is_asked_for(client: Client, admin: User) -> None:
    make.record(talk_seconds=30)
    address = reverse("report", args=["calls"])
    plain = client.get(address, {"period": "all", "talk": "20", "size": "25"}).content.decode()
    assert "report-table" in plain
    assert 'name="form"' not in plain
    asked = re.search(r'data-options-form="(.*?)"', plain)
    linked = re.search(r'href="([^"]*options=open)"', plain)
    assert asked
    assert linked
    alone = client.get(address + unescape(asked[1])).content.decode()
    assert 'value="20"' in field(alone, "talk")
    assert "report-table" not in alone
    assert "<html" not in alone
    page = client.get(address + unescape(linked[1])).content.decode()
    assert alone.strip() in page
    assert "report-table" in page
    assert "size=25" in linked[1]
    # What is shown leads on without the form; what the form does not know is refused as anything else.
    assert not re.search(r'href="[^"]*options=', page)
    assert client.get(address, {"options": "perhaps"}).status_code == 400


def test_the_form_of_a_saved_report_leads_to_the_saved_one(client: Client, admin: User) -> None:
    saved = SavedReport.objects.create(owner=admin, name="Long ones", slug="calls", query="talk=900")
    address = reverse("saved_report", args=[saved.pk])
    alone = client.get(address, {"options": "alone"}).content.decode()
    assert f'action="{address}"' in alone
    assert 'value="900"' in field(alone, "talk")
    client.force_login(make.person("anna"))
    assert client.get(address, {"options": "alone"}).status_code == 404
    client.logout()
    assert client.get(reverse("report", args=["calls"]), {"options": "alone"}).status_code == 302


def choices(client: Client, name: str, typed: str) -> list[list[str]]:
    """Return what a pick list offers."""
    answer = client.get(reverse("report_choices", args=[name]), {"q": typed})
    assert answer.status_code == 200
    found: list[list[str]] = answer.json()["choices"]
    return found


def test_a_pick_list_searches_within_the_scope_of_the_reader(client: Client, db: None) -> None:
    sales, other = make.department("Sales"), make.department("Sailing")
    ben = make.supervisor(of=sales)
    anna = make.person("anna", first_name="Anna", extension="2001")
    make.membership(anna, department=sales)
    make.membership(make.person("andy", first_name="Andy", extension="2002"), department=other)
    client.force_login(ben)
    assert [one[0] for one in choices(client, "person", "an")] == ["anna"]
    assert [one[:1] for one in choices(client, "extension", "200")] == [["2001"]]
    assert [one[0] for one in choices(client, "extension", "Anna")] == ["2001"]
    assert [one[1] for one in choices(client, "department", "sa")] == ["Sales"]
    client.force_login(anna)
    assert client.get(reverse("report_choices", args=["person"])).status_code == 404
    assert client.get(reverse("report_choices", args=["department"])).status_code == 404
    assert [one[0] for one in choices(client, "extension", "200")] == ["2001"]
    client.force_login(make.administrator())
    assert {one[0] for one in choices(client, "person", "an")} == {"anna", "andy"}
    assert client.get(reverse("report_choices", args=["talk"])).status_code == 404
    client.logout()
    assert client.get(reverse("report_choices", args=["person"])).status_code == 302


def test_a_pick_list_offers_a_few_and_says_that_there_are_more(client: Client, admin: User) -> None:
    for place in range(30):
        make.department(f"Unit {place:02}")
    answer = client.get(reverse("report_choices", args=["department"]), {"q": "unit"}).json()
    assert len(answer["choices"]) == 20
    assert answer["more"]
    assert ["US/Eastern", "US/Eastern", "Eastern Time"] in choices(client, "zone", "eastern time us")
    assert choices(client, "zone", "Eastern Time")[0] == ["America/New_York", "America/New_York", "Eastern Time"]
    assert [one[0] for one in choices(client, "zone", "New_York")] == ["America/New_York"]
    assert ["DE", "Germany", "DE"] in choices(client, "country", "germ")


def test_a_unit_can_be_named(client: Client, admin: User) -> None:
    sales = make.department("Sales (EMEA), north")
    make.record(department_id=sales.pk)
    make.record()
    address = reverse("report", args=["calls"])
    found = client.get(address, {"period": "all", "department": '"sales (EMEA), north"'}).content.decode()
    assert len(rows(found)) == 1
    # As the form shows it, it can be sent again.
    again = client.get(address, {"form": "1", "period": "all", "department": '"sales (EMEA), north"'}, follow=True)
    assert len(rows(again.content.decode())) == 1


def test_each_condition_that_must_hold_has_its_own_chip(client: Client, admin: User) -> None:
    make.record(talk_seconds=30)
    query = {"period": "all", "where": "all(talk.ge(20),not(extension.is(9)))", "top": "5"}
    html = client.get(reverse("report", args=["calls"]), query).content.decode()
    links = [unescape(link) for link in re.findall(r'class="chip".*?href="\?([^"]*)"', html, re.DOTALL)]
    assert len(links) == 3
    assert any("where=all%28talk.ge%2820%29%29" in link and "extension" not in link for link in links)
    for link in links:
        assert client.get(f"{reverse('report', args=['calls'])}?{link}").status_code == 200


def test_grouping_a_list_of_calls_in_the_form_chooses_columns_that_go_with_it(client: Client, admin: User) -> None:
    make.record(talk_seconds=30)
    sent = {
        "form": "1",
        "period": "all",
        "talk": "20",
        "group": ["extension", "", ""],
        "columns": ["time", "person"],
        "sort": "-time",
    }
    response = client.get(reverse("report", args=["calls"]), sent, follow=True)
    assert response.status_code == 200
    html = response.content.decode()
    assert len(rows(html)) == 2, "one extension and the total"
    assert '<th scope="col" class="end">Calls</th>' in html


def test_no_chart_is_called_so(client: Client, admin: User) -> None:
    html = client.get(reverse("report", args=["calls"]), {"options": "open"}).content.decode()
    assert re.search(r'<option value="none" selected>No chart</option>', html)
    assert ">–</option>" not in html


@pytest.mark.parametrize("slug", [slug for slug, report in REPORTS.items() if report.run is not None])
def test_a_report_with_a_layout_of_its_own_refuses_another(client: Client, admin: User, slug: str) -> None:
    for name, text in (("group", "person"), ("columns", "calls"), ("sort", "-calls"), ("top", "5"), ("chart", "bar")):
        refused = client.get(reverse("report", args=[slug]), {name: text})
        assert refused.status_code == 400
        assert f"This report has a fixed layout: “{name}” cannot be “{text}”." in refused.content.decode()
    page = client.get(reverse("report", args=[slug]), {"form": "1", "period": "7d", "zone": "Europe/Berlin"})
    assert client.get(page["Location"]).status_code == 200


@pytest.mark.parametrize(
    ("shown", "sent", "held"),
    [
        ("30d", {"period": "30d", "from": "2021-02-01", "to": ""}, {"period": "custom", "from": "2021-02-01"}),
        ("custom", {"period": "month", "from": "2021-02-01", "to": "2021-03-24"}, {"period": "month"}),
        ("custom", {"period": "custom", "from": "", "to": "2021-03-24"}, {"period": "custom", "to": "2021-03-24"}),
        ("30d", {"period": "7d", "from": "", "to": ""}, {"period": "7d"}),
    ],
)
def test_days_or_the_named_period_hold_whichever_was_changed(
    client: Client, admin: User, shown: str, sent: dict[str, str], held: dict[str, str]
) -> None:
    page = client.get(reverse("report", args=["calls"]), {"form": shown, **sent})
    asked = QueryDict(page["Location"].partition("?")[2]).dict()
    assert {key: text for key, text in asked.items() if text} == held
    assert client.get(page["Location"]).status_code == 200


def test_the_form_tells_which_period_it_has_shown(client: Client, admin: User) -> None:
    html = client.get(reverse("report", args=["calls"]), {"period": "last_month", "options": "alone"}).content.decode()
    assert '<input type="hidden" name="form" value="last_month">' in html
