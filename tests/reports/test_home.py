"""The home page: the person's own newest calls, a summary by period, and news at the price of one small query."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounting.demo.records import cdr_file, cdr_row
from accounting.models import (
    CallRecord,
    Direction,
    Extension,
    ImportBatch,
    Kind,
    LineAssignment,
    Outcome,
    Pricing,
    Role,
    User,
)
from accounting.services import arrivals
from accounting.services.arrivals import BATCHES_IN_FLIGHT
from accounting.services.importing import import_files
from tests import factories as make
from tests.accounting.scenarios import XFER, record

pytestmark = pytest.mark.django_db

HOME, LIVE = reverse("home"), reverse("home_live")
MOMENT = make.NOON + timedelta(hours=6)


@pytest.fixture(autouse=True)
def clock() -> Any:
    with time_machine.travel(MOMENT, tick=False) as clock:
        yield clock


@pytest.fixture
def ana(client: Client, db: None) -> User:
    ana = make.person("ana", extension="2001")
    client.force_login(ana)
    return ana


def rows(page: str) -> list[str]:
    return re.findall(r'data-record="(\d+)"', page)


def content(client: Client, query: str = "") -> str:
    response = client.get(f"{HOME}?{query}")
    assert response.status_code == 200
    return str(response.content.decode())


def ask(client: Client, tag: str = "", query: str = "") -> Any:
    return client.get(f"{LIVE}?{query}", headers={"If-None-Match": tag} if tag else {})


def test_the_last_twenty_calls_of_the_person_newest_first(client: Client, ana: User) -> None:
    calls = [make.record(ana) for _ in range(22)]
    make.record(make.person(extension="2002"))
    make.record(extension="2001")
    assert rows(content(client)) == [str(call.pk) for call in reversed(calls[2:])]


def test_supervisors_and_administrators_see_their_own_calls_only(client: Client, ana: User) -> None:
    make.record(ana)
    client.force_login(make.administrator(extension="2009"))
    assert rows(content(client)) == []


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"direction": Direction.INCOMING}, "Incoming"),
        ({"direction": Direction.OUTGOING}, "Outgoing"),
        ({"direction": Direction.INCOMING, "outcome": Outcome.MISSED}, "Missed"),
        ({"direction": Direction.INCOMING, "outcome": Outcome.VOICEMAIL}, "Missed"),
        ({"direction": Direction.OUTGOING, "outcome": Outcome.MISSED}, "No answer"),
        ({"kind": Kind.INTERNAL, "direction": Direction.INCOMING}, "Internal, incoming"),
        ({"kind": Kind.INTERNAL, "direction": Direction.OUTGOING, "outcome": Outcome.BUSY}, "Internal, no answer"),
    ],
)
def test_the_type_is_told_in_words(client: Client, ana: User, fields: dict[str, Any], words: str) -> None:
    make.record(ana, **fields)
    assert f'<span class="call-text">{words}</span>' in content(client)


def test_a_row_shows_zone_time_party_duration_cost_and_gateway(client: Client) -> None:
    reader = make.person(extension="2001", time_zone="Asia/Dubai")
    client.force_login(reader)
    make.record(
        reader, started_at=make.NOON, talk_seconds=3725, cost="0.0123", gateway_id=make.gateway(name="Berlin").pk
    )
    page = content(client)
    assert re.search(r"18 Nov 2026</bdi> <bdi>16:00", page)
    for words in ("+49 30 1234567", "1:02:05", "€0.0123", "Berlin"):
        assert words in page


def test_internal_numbers_bear_the_name_of_their_holder_at_the_time(client: Client, ana: User) -> None:
    ben = make.person("ben", extension="2002", first_name="Ben", last_name="Adler")
    line = ben.lines.get()
    line.valid_to = make.NOON
    line.save()
    make.record(ana, kind=Kind.INTERNAL, other_number="2002", started_at=make.NOON - timedelta(hours=1))
    assert "Ben Adler" in content(client)
    CallRecord.objects.update(started_at=make.NOON + timedelta(hours=1))
    make.batch()
    assert "Ben Adler" not in content(client)


def test_a_number_leads_to_all_own_calls_with_it(client: Client, ana: User) -> None:
    call = make.record(ana, other_number="+493012345678", started_at=make.NOON - timedelta(days=300))
    make.record(ana, other_number="+493099999999")
    link = re.findall(rf'id="number-{call.pk}" href="([^"]+)"', content(client))[0].replace("&amp;", "&")
    assert re.findall(r'open-row" href="/calls/(\d+)/', client.get(link).content.decode()) == [str(call.pk)]


def test_a_missing_price_is_said_and_never_0(client: Client, ana: User) -> None:
    make.record(ana, pricing=Pricing.NO_RATE, cost=None, currency="")
    page = content(client)
    assert "No price yet" in page
    assert "1 call has no price yet" in page
    assert "€0" not in page


def test_own_masking_holds_on_the_home_page(client: Client, ana: User) -> None:
    make.masking_rule(Role.USER, 3, own_calls=True)
    make.record(ana, other_number="+493012345678")
    page = content(client)
    assert "+49 30 12345***" in page
    assert "678" not in page.partition("<tbody>")[2].partition("</tbody>")[0]


def test_the_summary_covers_the_chosen_period(client: Client, ana: User) -> None:
    make.record(ana, talk_seconds=60, cost="1.00")
    make.record(ana, talk_seconds=121, cost="2.00", currency="GBP")
    make.record(ana, direction=Direction.INCOMING, outcome=Outcome.MISSED)
    make.record(ana, direction=Direction.OUTGOING, outcome=Outcome.MISSED)
    make.record(ana, talk_seconds=600, cost="5.00", started_at=make.NOON - timedelta(days=20))

    def summary(period: str) -> str:
        return content(client, f"period={period}").partition("<dl")[2].partition("</dl>")[0]

    today = summary("today")
    assert re.search(r'stat-value">2<.*stat-value">1<', today, re.DOTALL), "two answered, one missed"
    for amount in ("€1.00", "£2.00", "0:01:30"):
        assert amount in today
    assert "€6.00" in summary("30d")


@pytest.mark.parametrize("query", ["period=eternity", "colour=red"])
def test_an_unknown_setting_is_refused(client: Client, ana: User, query: str) -> None:
    assert client.get(f"{HOME}?{query}").status_code == 400
    assert client.get(f"{LIVE}?{query}").status_code == 400


def test_nothing_new_costs_one_small_query_beside_the_session(client: Client, ana: User) -> None:
    make.record(ana)
    tag = ask(client, ask(client)["ETag"])["ETag"]
    with CaptureQueriesContext(connection) as queries:
        answer = ask(client, tag)
    assert (answer.status_code, answer.content) == (304, b"")
    tables = [query["sql"] for query in queries if "session" not in query["sql"]]
    assert len(tables) == 2, "the person, and the mark of arrival"
    assert not any("callrecord" in sql for sql in tables)


def test_a_new_call_is_there_at_the_next_question(client: Client, ana: User) -> None:
    make.record(ana)
    tag = ask(client)["ETag"]
    call = make.record(ana)
    answer = ask(client, tag)
    assert answer.status_code == 200
    assert str(call.pk) in rows(answer.content.decode())
    assert ask(client, answer["ETag"]).status_code == 304


def test_calls_of_others_are_no_news(client: Client, ana: User) -> None:
    make.record(ana)
    tag = ask(client)["ETag"]
    make.record(make.person(extension="2002"), batch_id=make.batch().pk)
    make.person("raises-the-revision")
    tag = ask(client, tag)["ETag"]
    make.record(extension="2002")
    answer = ask(client, tag)
    assert answer.status_code == 304
    assert answer["ETag"] != tag
    assert ask(client, answer["ETag"]).status_code == 304


def arrive(folder: Path, number: int, caller: str, called: str, **fields: Any) -> None:
    """Import a file with one record of a call between two numbers."""
    begun = int(MOMENT.timestamp()) - 3600 + number
    usual = {"call": number, "legs": (10 * number, 10 * number + 1), "at": begun, "talk": 30}
    row = cdr_row("15", **record(caller, called, **usual | fields), pkid=f"00000000-0000-4000-8000-{number:012d}")
    path = folder / f"cdr_StandAloneCluster_01_202611181700_{number}"
    path.write_bytes(cdr_file([row], "15"))
    import_files(make.phone_system(), [path])


def test_arriving_calls_of_others_cost_nobody_else_a_look(client: Client, ana: User, tmp_path: Path) -> None:
    """Once a process has read whom an import concerns; those whom it does have their call at the next question."""
    ben = make.person("ben", extension="2002")
    make.person("cem", extension="2003")
    make.person("dua", extension="2004")
    arrive(tmp_path, 1, "2001", "2002")
    arrive(tmp_path, 2, "2003", "2004")
    tags = {}
    for person in (ana, ben):
        client.force_login(person)
        tags[person] = ask(client, ask(client)["ETag"])["ETag"]
    arrive(tmp_path, 3, "2003", "2004")
    assert ask(client, tags[ben]).status_code == 304
    client.force_login(ana)
    with CaptureQueriesContext(connection) as queries:
        answer = ask(client, tags[ana])
    assert answer.status_code == 304
    assert not any("callrecord" in query["sql"] for query in queries)
    arrive(tmp_path, 4, "2002", "2003")
    assert ask(client, answer["ETag"]).status_code == 304
    client.force_login(ben)
    answer = ask(client, tags[ben])
    assert answer.status_code == 200
    assert len(rows(answer.content.decode())) == 2


def test_a_late_part_is_news_to_all_who_had_the_call(client: Client, ana: User, tmp_path: Path) -> None:
    """Ben hands a call of Ana's on; the record of the rest comes in a file of its own."""
    ben, cem = make.person("ben", extension="2002"), make.person("cem", extension="2003")
    arrive(tmp_path, 1, "2001", "2002", **XFER)
    arrive(tmp_path, 2, "2003", "2002")
    tags = {}
    for person in (ana, ben, cem):
        client.force_login(person)
        tags[person] = ask(client, ask(client)["ETag"])["ETag"]
    rest: dict[str, Any] = {"join": 10, "reasons": (0, 4), "by": (0, 10), "redirect": "2002"}
    arrive(tmp_path, 3, "2001", "3071111", call=1, legs=(10, 34), **rest)
    assert ImportBatch.objects.latest("pk").taken_from == sorted([ana.pk, ben.pk])
    found = {}
    for person in (ana, ben, cem):
        client.force_login(person)
        found[person] = ask(client, tags[person]).status_code
    assert found == {ana: 200, ben: 200, cem: 304}


def test_a_corrected_call_is_news(client: Client, ana: User) -> None:
    call = make.record(ana)
    tag = ask(client)["ETag"]
    CallRecord.objects.filter(pk=call.pk).update(talk_seconds=99, batch_id=make.batch().pk)
    answer = ask(client, tag)
    assert answer.status_code == 200
    assert "0:01:39" in answer.content.decode()


def test_an_import_that_commits_late_under_a_lower_id_is_news(client: Client, ana: User) -> None:
    late = make.batch()
    late_id = late.pk
    late.delete()
    make.record(ana)
    tag = ask(client)["ETag"]
    late.pk = late_id
    late.save(force_insert=True)
    make.record(ana, batch_id=late_id)
    assert ask(client, tag).status_code == 200


def test_an_import_that_has_committed_while_a_page_slept_for_long_is_news(client: Client, ana: User) -> None:
    """It was in flight when the page last asked, and is no longer among the latest when the page asks again."""
    make.record(ana)
    late = make.batch()
    late_id = late.pk
    late.delete()
    make.batch()
    tag = ask(client, ask(client)["ETag"])["ETag"]
    late.pk, late.taken_from = late_id, []
    late.save(force_insert=True)
    late.first_record = late.last_record = make.record(ana, batch_id=late_id).pk
    late.save()
    quiet = (ImportBatch(phone_system=late.phone_system, taken_from=[]) for _ in range(BATCHES_IN_FLIGHT - 1))
    ImportBatch.objects.bulk_create(quiet)
    assert ask(client, tag).status_code == 200


def test_an_import_of_too_many_people_to_keep_is_looked_at_by_all(
    client: Client, ana: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrivals, "MOST_PEOPLE", 1)
    for name, extension in (("ben", "2002"), ("cem", "2003")):
        make.person(name, extension=extension)
    arrive(tmp_path, 1, "2001", "2002")
    tag = ask(client, ask(client)["ETag"])["ETag"]
    arrive(tmp_path, 2, "2002", "2003")
    with CaptureQueriesContext(connection) as queries:
        assert ask(client, tag).status_code == 304
    assert any("started_at" in query["sql"] and "callrecord" in query["sql"] for query in queries)
    arrive(tmp_path, 3, "2001", "2002")
    assert ask(client, tag).status_code == 200


def test_changed_names_rules_languages_and_days_are_news(client: Client, ana: User, clock: Any) -> None:
    make.record(ana, kind=Kind.INTERNAL, other_number="2002")
    tag = ask(client)["ETag"]
    make.person(extension="2002", first_name="Ben")
    assert ask(client, tag).status_code == 200
    tag = ask(client)["ETag"]
    make.masking_rule(Role.USER, 3, own_calls=True)
    assert ask(client, tag).status_code == 200
    tag = ask(client)["ETag"]
    assert ask(client, tag, "period=today").status_code == 200
    User.objects.update(language="de")
    assert ask(client, tag).status_code == 200
    tag = ask(client)["ETag"]
    clock.shift(timedelta(days=1))
    client.force_login(ana)
    assert ask(client, tag).status_code == 200


def test_another_zone_at_the_next_sign_in_is_news(client: Client, ana: User) -> None:
    make.record(ana, started_at=make.NOON)
    tag = ask(client)["ETag"]
    make.membership(ana, office=make.office("Dubai", time_zone="Asia/Dubai"))
    client.force_login(ana)
    answer = ask(client, tag)
    assert answer.status_code == 200
    assert re.search(r"18 Nov 2026</bdi> <bdi>16:00", answer.content.decode())
    tag = answer["ETag"]
    assert ask(client, tag).status_code == 304
    User.objects.update(time_zone="Europe/Berlin")
    answer = ask(client, tag)
    assert answer.status_code == 200
    assert re.search(r"18 Nov 2026</bdi> <bdi>13:00", answer.content.decode())


def test_no_tag_of_another_person_is_taken(client: Client, ana: User) -> None:
    tag = ask(client)["ETag"]
    client.force_login(make.person(extension="2002"))
    assert ask(client, tag).status_code == 200
    assert ask(client, '"nonsense"').status_code == 200
    assert ask(client, '"a-b-c-d"').status_code == 200


def test_the_number_of_queries_is_bounded(client: Client, ana: User) -> None:
    for number in range(20):
        make.person(extension=f"30{number:02}")
        make.record(ana, kind=Kind.INTERNAL, other_number=f"30{number:02}", gateway_id=make.gateway(f"G{number}").pk)
    with CaptureQueriesContext(connection) as queries:
        content(client)
    assert len(queries) <= 13, "the ranking of reports, the own ones, the private calls and Phone Lock are one each"
    with CaptureQueriesContext(connection) as queries:
        content(client)
    assert len(queries) <= 5, "a page without news comes from the cache, but for own reports and Phone Lock"


def test_administrators_without_an_extension_are_led_to_where_they_enter_one(client: Client, ana: User) -> None:
    boss = make.administrator()
    client.force_login(boss)
    for page in (content(client), client.get(reverse("my_phone")).content.decode()):
        assert reverse("admin:accounting_user_change", args=[boss.pk]) in page
        assert "ask your administrator" not in page


def test_people_without_an_extension_learn_why_no_calls_appear(client: Client, ana: User) -> None:
    assert "No extension is assigned" not in content(client)
    client.force_login(make.person("ben"))
    page = content(client)
    assert "No extension is assigned to you yet; ask your administrator." in page
    tag = ask(client).headers["ETag"]
    assert ask(client, tag).status_code == 304
    LineAssignment.objects.create(extension=Extension.objects.get(), user=User.objects.get(username="ben"))
    answer = ask(client, tag)
    assert answer.status_code == 200
    assert "No extension is assigned" not in answer.content.decode()


@pytest.mark.parametrize("page", [HOME, LIVE])
def test_an_address_with_a_doubled_setting_is_refused(client: Client, ana: User, page: str) -> None:
    answer = client.get(f"{page}?period=7d&period=30d")
    assert answer.status_code == 400
    assert "given more than once" in answer.content.decode()
