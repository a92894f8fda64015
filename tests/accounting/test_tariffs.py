"""The tariff pages: time line, rates, what is wrong, copies, and what the forms refuse."""

from datetime import date, time
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounting.models import AuditEntry, Carrier, GatewayCarrier, Rate, Tariff, TariffBand
from accounting.services import tariff_review
from tests import factories as make


@pytest.fixture
def carrier(db: None) -> Carrier:
    """A carrier behind the only gateway, since ever."""
    made = Carrier.objects.create(name="Nordfon")
    GatewayCarrier.objects.create(gateway=make.gateway(office=make.office()), carrier=made)
    return made


@pytest.fixture
def tariff(carrier: Carrier) -> Tariff:
    """A tariff since ever with a band and two prefixes."""
    made = Tariff.objects.create(carrier=carrier, name="Business")
    peak = TariffBand.objects.create(tariff=made, name="Peak", days="12345", start=time(8), end=time(18))
    Rate.objects.create(tariff=made, prefix="49", destination="Germany", price_per_minute="0.02")
    Rate.objects.create(tariff=made, prefix="4930", destination="Berlin", price_per_minute="0.01", band=peak)
    Rate.objects.create(tariff=made, prefix="4930", destination="Berlin", price_per_minute="0.005")
    return made


@pytest.fixture
def administrator(client: Client, db: None) -> Client:
    client.force_login(make.administrator())
    return client


def texts() -> str:
    return "\n".join(problem.text for problem in tariff_review.problems())


def test_the_pages_show_tariffs_bands_and_rates(administrator: Client, tariff: Tariff) -> None:
    page = administrator.get(reverse("tariffs")).content.decode()
    for words in ("Nordfon", "Business", "GW-BERLIN", 'class="current"'):
        assert words in page
    assert 'id="problems"' not in page
    address = reverse("tariff", args=[tariff.pk])
    page = administrator.get(address).content.decode()
    for words in ("+4930", "Berlin", "3 rates", "08:00–18:00", 'class="band-1"'):
        assert words in page
    assert administrator.get(reverse("tariff", args=[99999])).status_code == 404


def test_rates_are_searched_and_the_winner_named(administrator: Client, tariff: Tariff) -> None:
    address = reverse("tariff", args=[tariff.pk])

    def found(**query: str) -> list[str]:
        return [rate.prefix for rate in administrator.get(address, query).context["page"]]

    assert found(search="+49 30") == ["4930", "4930"]
    assert found(search="germ") == ["49"]
    assert found(search="nowhere") == []
    assert found(page="99") == found() == ["49", "4930", "4930"]
    page = administrator.get(address, {"number": "0030123456"}).content.decode()
    assert "Longest prefix with a rate: <bdi>4930</bdi>" in page


def test_strangers_and_other_roles_stay_outside(client: Client, tariff: Tariff) -> None:
    client.force_login(make.person("ana"))
    for address in (reverse("tariffs"), reverse("tariff", args=[tariff.pk]), reverse("copy_tariff", args=[tariff.pk])):
        assert client.get(address).status_code == 403


def test_overlaps_and_gaps_of_tariffs_are_reported(carrier: Carrier, tariff: Tariff) -> None:
    assert tariff_review.problems() == []
    tariff.valid_to = date(2026, 1, 1)
    tariff.save()
    new = Tariff.objects.create(carrier=carrier, name="New", valid_from=date(2026, 1, 3))
    assert "Nordfon has no tariff from 1 Jan 2026 to 2 Jan 2026" in texts()
    assert "This tariff has no rates" in texts()
    new.valid_from = date(2025, 12, 31)
    new.save()
    assert "Business and New of Nordfon hold on the same days, on 31 Dec 2025" in texts()


def test_gateways_without_or_with_two_carriers_are_reported(carrier: Carrier, tariff: Tariff) -> None:
    make.gateway("GW-BARE")
    GatewayCarrier.objects.create(gateway=make.gateway(), carrier=carrier, valid_from=date(2026, 5, 1))
    assert "Gateway GW-BARE has no carrier today" in texts()
    assert "Gateway GW-BERLIN has two carriers, Nordfon and Nordfon, since 1 May 2026" in texts()


def test_rates_that_meet_each_other_or_nothing_are_reported(tariff: Tariff) -> None:
    band = TariffBand.objects.get()
    TariffBand.objects.create(tariff=tariff, name="Early", days="1", start=time(6), end=time(9))
    for prefix in ("4940", "4401"):
        Rate.objects.create(tariff=tariff, prefix=prefix, band=band)
    Rate.objects.create(tariff=tariff, prefix="49")
    Rate.objects.create(tariff=tariff, prefix="2101")
    Rate.objects.create(tariff=tariff, prefix="115")
    found = texts()
    for words in (
        "1 rate holds on the same days as another one for the same prefix, band",
        "the newest counts: 49.",
        "at others a shorter prefix prices it: 4940.",
        "at other hours its calls are unpriced: 4401.",
        "1 prefix meets no number, because no country code begins like it: 2101.",
        "The bands Early and Peak overlap",
    ):
        assert words in found
    assert "115" not in found, "a short number of the office's country"


def test_bands_that_cover_the_week_leave_no_hour_unpriced(tariff: Tariff) -> None:
    day = TariffBand.objects.get()
    night = TariffBand.objects.create(tariff=tariff, name="Night", days="12345", start=time(18), end=time(8))
    weekend = TariffBand.objects.create(tariff=tariff, name="Weekend", days="67", start=time(0), end=time(0))
    for band in (day, night, weekend):
        Rate.objects.create(tariff=tariff, prefix="33", band=band)
    assert texts() == ""
    weekend.delete()
    assert "unpriced: 33" in texts()


def test_a_copy_has_new_days_and_exact_prices(administrator: Client, tariff: Tariff) -> None:
    values = {"name": "Business 2027", "valid_from": "2027-01-01", "percent": "2.5", "end_old": "on"}
    response = administrator.post(reverse("copy_tariff", args=[tariff.pk]), values)
    made = Tariff.objects.get(name="Business 2027")
    assert response["Location"] == reverse("tariff", args=[made.pk])
    tariff.refresh_from_db()
    assert (tariff.valid_to, made.valid_from, made.valid_to) == (date(2027, 1, 1), date(2027, 1, 1), None)
    prices = made.rates.order_by("prefix", "pk").values_list("prefix", "band__name", "band__tariff", "price_per_minute")
    assert list(prices) == [
        ("49", None, None, Decimal("0.0205")),
        ("4930", "Peak", made.pk, Decimal("0.01025")),
        ("4930", None, None, Decimal("0.005125")),
    ]
    assert tariff.rates.count() == 3
    entry = AuditEntry.objects.get(subject_type="tariff", subject_id=str(made.pk), action="added")
    assert (entry.details["rates"], entry.details["percent"]) == (3, "2.5")


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"valid_to": "2027-01-01"}, "valid_to"),
        ({"name": "Business"}, "name"),
        ({"valid_from": ""}, "valid_from"),
        ({"percent": "-101"}, "percent"),
        ({"percent": "much"}, "percent"),
    ],
)
def test_a_copy_refuses_what_cannot_be(
    administrator: Client, tariff: Tariff, values: dict[str, str], field: str
) -> None:
    wish = {"name": "New", "valid_from": "2027-01-01", "end_old": "on"} | values
    response = administrator.post(reverse("copy_tariff", args=[tariff.pk]), wish)
    assert field in response.context["form"].errors
    assert Tariff.objects.count() == 1


def test_a_copy_never_takes_the_days_of_another_tariff_unasked(administrator: Client, tariff: Tariff) -> None:
    Tariff.objects.filter(pk=tariff.pk).update(valid_to=date(2026, 7, 1))
    now = Tariff.objects.create(carrier=tariff.carrier, name="In force", valid_from=date(2026, 7, 1))
    address = reverse("copy_tariff", args=[tariff.pk])
    offered = administrator.get(address).context["form"].initial
    assert (offered["valid_from"], offered["end_old"]) == (None, False)
    refused = administrator.post(address, {"name": "Again", "valid_from": "2026-09-01"})
    assert "In force and Again of" in refused.context["form"].errors["valid_from"][0]
    assert Tariff.objects.count() == 2
    administrator.post(address, {"name": "Again", "valid_from": "2026-09-01", "end_old": "on"})
    now.refresh_from_db()
    tariff.refresh_from_db()
    assert (now.valid_to, tariff.valid_to) == (date(2026, 9, 1), date(2026, 7, 1))
    assert Tariff.objects.get(name="Again").valid_from == date(2026, 9, 1)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"prefix": "49a"}, "prefix"),
        ({"price_per_minute": "-0.01"}, "price_per_minute"),
        ({"increment": "0"}, "increment"),
        ({"minimum": "2", "maximum": "1"}, "maximum"),
        ({"valid_from": "2026-02-01", "valid_to": "2026-02-01"}, "valid_to"),
    ],
)
def test_the_form_of_a_rate_refuses_what_cannot_be(
    administrator: Client, tariff: Tariff, values: dict[str, str], field: str
) -> None:
    rate = Rate.objects.get(prefix="49")
    whole: dict[str, Any] = {
        "tariff": tariff.pk, "prefix": "49", "price_per_minute": "0.02", "connection_fee": "0", "first_increment": "1",
        "increment": "1", "minimum": "0", "free_seconds": "0",
    }  # fmt: skip
    address = reverse("admin:accounting_rate_change", args=[rate.pk])
    assert field in administrator.post(address, whole | values).context["adminform"].form.errors
    assert administrator.post(address, whole | {"prefix": "+49"}).status_code == 302


def test_a_band_with_rates_is_not_deleted_by_the_way(administrator: Client, tariff: Tariff) -> None:
    band = TariffBand.objects.get()
    values = {
        "carrier": tariff.carrier_id, "name": "Business", "currency": "eur", "band_rule": "start", "decimals": "4",
        "rounding": "half_up", "bands-TOTAL_FORMS": "1", "bands-INITIAL_FORMS": "1", "bands-0-id": band.pk,
        "bands-0-tariff": tariff.pk, "bands-0-name": "Peak", "bands-0-days": "H1x", "bands-0-start": "08:00",
        "bands-0-end": "18:00",
    }  # fmt: skip
    address = reverse("admin:accounting_tariff_change", args=[tariff.pk])
    assert "Only 1 (Monday) to 7" in administrator.post(address, values).content.decode()
    deleted = administrator.post(address, values | {"bands-0-days": "12", "bands-0-DELETE": "on"})
    assert "has 1 rate; change or delete it first" in deleted.content.decode()
    assert "Not a currency" in administrator.post(address, values | {"currency": "EUX"}).content.decode()
    assert administrator.post(address, values | {"bands-0-days": "h 2,1"}).status_code == 302
    band.refresh_from_db()
    assert band.days == "12H"
