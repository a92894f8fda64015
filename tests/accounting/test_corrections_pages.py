"""Corrections through their pages: asked for, applied, journalled, exported, undone; unpriced calls; new lines."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounting.models import (
    AuditEntry,
    CallRecord,
    CorrectedRecord,
    Correction,
    Extension,
    GatewayCarrier,
    Job,
    LineAssignment,
    Membership,
    Pricing,
    Rate,
    Tariff,
    User,
)
from accounting.services import correcting, jobs
from tests import factories
from tests.accounting.agreement import assert_totals_agree

pytestmark = pytest.mark.django_db


@pytest.fixture
def site(client: Client, admin: User) -> Client:
    """The portal with an administrator signed in."""
    client.force_login(admin)
    return client


def unpriced_call(**fields: Any) -> CallRecord:
    """Make an unpriced call of two minutes over the Berlin gateway, counted in the totals."""
    missing = {"pricing": Pricing.NO_RATE, "cost": None, "currency": "EUR", "talk_seconds": 120, "trunk_seconds": 120}
    trunk = {"gateway_id": factories.gateway().pk, "carries_trunk": True}
    made = factories.record(**(missing | trunk | fields))
    totals = correcting.Totals()
    correcting.count(totals, correcting.read(CallRecord.objects.filter(pk=made.pk))[0], 1)
    correcting.write_totals(totals)
    return made


def tariff_behind_the_gateway() -> Rate:
    """Bind a carrier to the Berlin gateway whose tariff prices calls to Germany only."""
    rate = factories.rate("49")
    GatewayCarrier.objects.create(gateway=factories.gateway(), carrier=rate.tariff.carrier)
    return rate


def page(site: Client, name: str, *args: Any, query: str = "") -> str:
    """Return a page of the portal as text."""
    response = site.get(reverse(name, args=args) + query)
    assert response.status_code == 200
    return response.content.decode()


def work() -> Correction:
    """Do the latest job, and return the latest correction."""
    jobs.run(Job.objects.latest("pk").pk)
    return Correction.objects.latest("pk")


def test_a_recosting_goes_from_its_form_to_the_journal_and_back(site: Client) -> None:
    tariff_behind_the_gateway()
    call = unpriced_call()
    asked = site.post(reverse("recosting"), {"from": "2026-11-18", "to": "2026-11-18", "period": "all"})
    assert asked.headers["Location"] == reverse("job", args=[Job.objects.get().pk])
    correction = work()
    shown = page(site, "correction", correction.pk)
    assert "Change 1 call" in shown
    assert "€0.06" in shown
    assert reverse("call", args=[call.pk]) in shown
    apply = reverse("apply_correction", args=[correction.pk])
    assert "This field is required" in site.post(apply, {"reason": ""}).content.decode()
    site.post(apply, {"reason": "Contract of May"})
    work()
    call.refresh_from_db()
    assert (call.pricing, call.cost, call.currency) == (Pricing.PRICED, Decimal("0.06"), "EUR")
    assert_totals_agree()
    assert "Contract of May" in page(site, "correction", correction.pk)
    journal = page(site, "correction_journal", correction.pk)
    assert "No rate for the number" in journal
    assert "€0.06" in journal
    export = site.post(reverse("export_journal", args=[correction.pk]))
    assert b"0.060000,EUR" in b"".join(export.streaming_content)  # type: ignore[attr-defined]
    assert AuditEntry.objects.filter(action="exported", subject_type="correction_journal").exists()
    site.force_login(factories.administrator("zoe"))
    undo = reverse("undo_correction", args=[correction.pk])
    assert "This field is required" in site.post(undo, {"reason": " "}).content.decode()
    assert Correction.objects.get(pk=correction.pk).state == "applied"
    site.post(undo, {"reason": "Wrong list"})
    work()
    call.refresh_from_db()
    assert (call.pricing, call.cost) == (Pricing.NO_RATE, None)
    shown = site.get(reverse("correction", args=[correction.pk]))
    assert "Calls given back what they held" in shown.content.decode()
    assert "zoe" in shown.context["undone_by"]
    assert "Wrong list" in shown.content.decode()
    assert AuditEntry.objects.get(action="undone").details["reason"] == "Wrong list"
    assert "Which calls" in site.get(reverse("audit_log"), {"action": "dry_run"}).content.decode()
    assert shown.context["applied_by"] not in ("", shown.context["undone_by"])
    assert shown.context["undone_by"] in shown.content.decode()
    assert_totals_agree()


def test_steps_that_are_not_open_do_nothing(site: Client) -> None:
    site.post(reverse("recosting"), {"period": "all"})
    correction = work()
    undo = reverse("undo_correction", args=[correction.pk])
    assert "moved on" in site.post(undo, {"reason": "Late"}, follow=True).content.decode()
    site.post(reverse("discard_correction", args=[correction.pk]))
    assert Correction.objects.get().state == "discarded"
    site.post(reverse("apply_correction", args=[correction.pk]), {"reason": "Late"})
    assert Correction.objects.get().state == "discarded"
    assert Job.objects.count() == 1


def test_applying_with_prices_changed_since_repeats_the_dry_run(site: Client) -> None:
    rate = tariff_behind_the_gateway()
    unpriced_call()
    site.post(reverse("recosting"), {"period": "all"})
    correction = work()
    rate.price_per_minute = Decimal("0.10")
    rate.save()
    site.post(reverse("apply_correction", args=[correction.pk]), {"reason": "New prices"})
    assert work().summary["currencies"]["EUR"] == [0, 200_000]
    assert not CorrectedRecord.objects.exists()
    site.post(reverse("apply_correction", args=[correction.pk]), {"reason": "New prices"})
    assert work().state == "applied"
    assert CallRecord.objects.get().cost == Decimal("0.20")


@pytest.mark.parametrize(
    ("entered", "told"),
    [
        ({"from": "2026-11-19", "to": "2026-11-18"}, "The first day is after the last one."),
        ({"period": "custom"}, "Enter the first or the last day."),
        ({"period": "all", "beginning": "+49x"}, "A prefix has digits only"),
        ({"period": "never"}, "Select a valid choice"),
    ],
)
def test_a_form_that_makes_no_sense_says_why(site: Client, entered: dict[str, str], told: str) -> None:
    assert told in site.post(reverse("recosting"), entered).content.decode()
    assert not Correction.objects.exists()


def test_unpriced_calls_are_grouped_and_a_new_price_shows_what_they_would_cost(site: Client) -> None:
    rate = tariff_behind_the_gateway()
    calls = [unpriced_call(other_number=f"+88165{n:07}", country="001") for n in range(3)]
    unpriced_call(other_number="+442079460000", country="GB")
    free = factories.gateway("GW-NEW")
    unpriced_call(gateway_id=free.pk, pricing=Pricing.NO_CARRIER, currency="")
    shown = page(site, "unpriced")
    assert "5 calls wait" in shown
    assert [shown.count(text) for text in ("+8816", "+4420", "United Kingdom", "GW-NEW")] > [0, 0, 0, 0]
    query = f"?pricing=5&gateway={factories.gateway().pk}&prefix=%2B8816"
    form = {"tariff": rate.tariff_id, "prefix": "8816", "price_per_minute": "1.5", "connection_fee": "0.1",
            "first_increment": "60", "increment": "60", "minimum": "0"}  # fmt: skip
    address = reverse("price_unpriced") + query
    [price] = re.findall(r'<input[^>]*name="price_per_minute"[^>]*>', page(site, "price_unpriced", query=query))
    assert "required" in price
    assert "value=" not in price
    assert "This field is required" in site.post(address, {**form, "price_per_minute": ""}).content.decode()
    preview = site.post(address, form, headers={"HX-Request": "true"}).content.decode()
    assert "€9.30" in preview
    assert "3 of 3 calls" in preview
    assert Rate.objects.count() == 1
    assert "below zero" in site.post(address, {**form, "price_per_minute": "-1"}).content.decode()
    past = Tariff.objects.create(carrier=rate.tariff.carrier, name="Past", valid_to=date(2020, 1, 1))
    for useless in ({"prefix": "99"}, {"valid_from": "2099-01-01"}, {"tariff": past.pk}):
        assert site.post(address, {**form, **useless, "action": "save"}).status_code == 200
    assert (
        f"{rate.tariff} prices these days"
        in site.post(address, {**form, "prefix": "99", "action": "save"}).content.decode()
    )
    assert Rate.objects.count() == 1
    saved = site.post(address, {**form, "action": "save"})
    assert saved.status_code == 302
    correction = work()
    assert (correction.changed, correction.summary["currencies"]) == (3, {"EUR": [0, 9_300_000]})
    site.post(reverse("apply_correction", args=[correction.pk]), {"reason": "Satellite"})
    work()
    assert {CallRecord.objects.get(pk=call.pk).cost for call in calls} == {Decimal("3.1")}
    assert "+8816" not in page(site, "unpriced")
    assert site.get(address).status_code == 302
    assert_totals_agree()


def test_a_new_price_goes_into_the_tariff_of_the_day_at_the_gateway(site: Client) -> None:
    gateway, july, tariffs = factories.gateway(office=factories.office()), date(2026, 7, 1), []
    for name, days in (("Oldfon", {"valid_to": july}), ("Newfon", {"valid_from": july})):
        tariffs.append(factories.rate("49", carrier=name).tariff)
        GatewayCarrier.objects.create(gateway=gateway, carrier=tariffs[-1].carrier, **days)
    unpriced_call(other_number="+88165123", started_at=datetime(2026, 6, 30, 22, 30, tzinfo=UTC))
    shown = page(site, "price_unpriced", query=f"?pricing=5&gateway={gateway.pk}&prefix=%2B8816")
    assert re.findall(r'<option value="(\d+)" selected', shown)[0] == str(tariffs[1].pk)


def test_a_gateway_without_a_carrier_leads_to_the_set_up_and_then_to_re_costing(site: Client) -> None:
    unpriced_call(pricing=Pricing.NO_CARRIER, currency="")
    query = f"?pricing=3&gateway={factories.gateway().pk}"
    shown = page(site, "price_unpriced", query=query)
    assert reverse("admin:accounting_gateway_change", args=[factories.gateway().pk]) in shown
    tariff_behind_the_gateway()
    site.post(reverse("recost_unpriced") + query)
    assert work().changed == 1
    assert site.get(reverse("price_unpriced") + "?pricing=2").status_code == 404


def seen(number: str) -> Extension:
    """Make an extension that calls have shown."""
    return Extension.objects.create(
        phone_system=factories.phone_system(), number=number, found_in_calls=True, first_seen=factories.NOON
    )


def test_a_row_assigns_its_own_extension_only(site: Client, ana: User) -> None:
    one, two = seen("2001"), seen("2002")
    address = reverse("unknown_extensions")
    typed = {f"person-{one.pk}": "ana", f"person-{two.pk}": "nobody at all", "past": "keep"}
    told = site.post(address, {"action": f"assign-{one.pk}", **typed}, follow=True).content.decode()
    assert "1 extension adopted." in told
    assert [line.extension_id for line in LineAssignment.objects.all()] == [one.pk]
    told = site.post(address, {"action": f"assign-{two.pk}", f"person-{two.pk}": ""}, follow=True).content.decode()
    assert "Type the person beside the extension first." in told


def test_unknown_extensions_are_adopted_and_their_calls_re_assigned_on_request(site: Client, ana: User) -> None:
    one, two, fax = seen("2001"), seen("2002"), seen("2003")
    before = unpriced_call(extension="2001", started_at=datetime(2026, 11, 10, 9, tzinfo=UTC))
    after = unpriced_call(extension="2001", started_at=datetime(2026, 11, 20, 9, tzinfo=UTC))
    shown = page(site, "unknown_extensions")
    assert shown.index("disabled hidden></button>") < shown.index('value="assign"'), "Enter presses no button"
    assert all(number in shown for number in ("2001", "2002", "2003", reverse("call", args=[after.pk])))
    address = reverse("unknown_extensions")
    wrong = site.post(address, {"action": "assign", f"person-{one.pk}": "ana", f"person-{two.pk}": "nobody at all"})
    assert "Nobody has this name" in wrong.content.decode()
    assert 'value="ana"' in wrong.content.decode()
    assert not LineAssignment.objects.exists()
    typed = {"action": "assign", f"person-{one.pk}": "ana", "valid_from": "2026-11-15", "past": "reassign"}
    assert site.post(address, typed).status_code == 302
    correction = work()
    assert (correction.kind, correction.changed) == ("owner", 1)
    assert "Ana Ruiz" in page(site, "correction", correction.pk)
    assert "Sales" in page(site, "correction", correction.pk, query="?by=department")
    after.refresh_from_db()
    assert after.user_id is None
    site.post(reverse("apply_correction", args=[correction.pk]), {"reason": "Adopted"})
    work()
    after.refresh_from_db()
    before.refresh_from_db()
    assert (after.user_id, after.department_id) == (ana.pk, Membership.objects.get(user=ana).department_id)
    assert before.user_id is None
    assert "Ana Ruiz" in page(site, "correction_journal", correction.pk)
    assert_totals_agree()
    site.post(reverse("undo_correction", args=[correction.pk]), {"reason": "Wrong holder"})
    work()
    after.refresh_from_db()
    assert after.user_id is None
    assert_totals_agree()
    site.post(address, {"action": "ignore", "extension": [fax.pk]})
    site.post(address, {"action": "enter", "extension": [two.pk]})
    assert "No unknown extension" in page(site, "unknown_extensions")
    assert "2003" in page(site, "unknown_extensions", query="?show=ignored")
    site.post(f"{address}?show=ignored", {"action": "list", "extension": [fax.pk]})
    assert "2003" in page(site, "unknown_extensions")


def test_past_calls_of_a_line_go_to_whoever_is_entered_as_its_holder(site: Client, ana: User, cleo: User) -> None:
    line = seen("2001")
    LineAssignment.objects.create(extension=line, user=ana, valid_to=factories.NOON)
    LineAssignment.objects.create(extension=line, user=cleo, valid_from=factories.NOON)
    early = unpriced_call(extension="2001", started_at=factories.NOON - timedelta(hours=1), user_id=cleo.pk)
    late = unpriced_call(extension="2001", started_at=factories.NOON + timedelta(hours=1), user_id=cleo.pk)
    other = unpriced_call(extension="2009")
    change = page(site, "admin:accounting_extension_change", line.pk)
    assert reverse("reassign_calls", args=[line.pk]) in change
    assert "Cleo Haddad" in page(site, "reassign_calls", line.pk)
    site.post(reverse("reassign_calls", args=[line.pk]), {"period": "all"})
    correction = work()
    site.post(reverse("apply_correction", args=[correction.pk]), {"reason": "Moved desks"})
    work()
    owners = dict(CallRecord.objects.values_list("pk", "user_id"))
    assert owners == {early.pk: ana.pk, late.pk: cleo.pk, other.pk: None}
    assert_totals_agree()


def test_an_open_home_page_shows_a_corrected_cost_at_once(site: Client, ana: User) -> None:
    tariff_behind_the_gateway()
    LineAssignment.objects.create(extension=seen("2001"), user=ana)
    unpriced_call(extension="2001", user_id=ana.pk, started_at=timezone.now() - timedelta(hours=1))
    open_page = Client()
    open_page.force_login(ana)
    site.post(reverse("recosting"), {"period": "all"})
    correction = work()
    tag = open_page.get(reverse("home_live")).headers["ETag"]
    assert open_page.get(reverse("home_live"), headers={"If-None-Match": tag}).status_code == 304
    site.post(reverse("apply_correction", args=[correction.pk]), {"reason": "New contract"})
    work()
    fresh = open_page.get(reverse("home_live"), headers={"If-None-Match": tag})
    assert (fresh.status_code, "€0.06" in fresh.content.decode()) == (200, True)


def test_anonymised_calls_keep_the_price_they_had(site: Client) -> None:
    tariff_behind_the_gateway()
    unpriced_call(extension="", other_number="+4930123…")
    site.post(reverse("recosting"), {"period": "all"})
    assert work().records == 0
    assert "Every call has a price" in page(site, "unpriced")


def test_only_administrators_find_these_pages(client: Client, ben: User) -> None:
    client.force_login(ben)
    correction = Correction.objects.create(kind="cost")
    names = ("recosting", "unpriced", "unknown_extensions", "price_unpriced", "suggested_holders")
    for address in (*map(reverse, names), *(reverse(name, args=[correction.pk])
                    for name in ("correction", "correction_journal", "reassign_calls"))):  # fmt: skip
        assert client.get(address).status_code == 403
    for name in ("apply_correction", "undo_correction", "discard_correction", "repeat_dry_run", "export_journal"):
        assert client.post(reverse(name, args=[correction.pk])).status_code == 403


def test_the_pages_take_a_handful_of_queries_however_much_they_show(
    site: Client, django_assert_max_num_queries: Any
) -> None:
    for number in range(2001, 2031):
        seen(str(number))
        unpriced_call(extension=str(number), other_number=f"+8816{number}")
    tariff_behind_the_gateway()
    with django_assert_max_num_queries(16):
        page(site, "unknown_extensions")
    with django_assert_max_num_queries(10):
        page(site, "unpriced")


def test_re_assignments_stand_with_the_lines(site: Client, ana: User) -> None:
    unpriced_call(extension="2001", started_at=datetime(2026, 11, 20, 9, tzinfo=UTC))
    extension = seen("2001")
    LineAssignment.objects.create(extension=extension, user=ana)
    assert "Re-assignment of calls" in site.get(reverse("set_up_lines")).content.decode()
    assert site.get("/setup/prices/reassignment/").headers["Location"] == reverse("reassignment")
    address = reverse("reassignment")
    wrong = site.post(address, {"numbers": "2001, 77", "period": "all"}).content.decode()
    assert "There is no extension 77." in wrong
    assert site.post(address, {"numbers": "2001", "period": "all"}).status_code == 302
    assert work().kind == "owner"
    assert "2001" in site.get(address).content.decode()
    assert "No correction yet" in site.get(reverse("recosting")).content.decode()
