"""How numbers are read at sites of six countries, by the rows of the database."""

from typing import Any

import pytest

from accounting.models import CallType, NumberRule, Office
from accounting.services.classifying import NumberAnalysis, NumberPlan, load_number_plan

pytestmark = pytest.mark.django_db
Kind = NumberRule.Kind

SITES: dict[str, dict[str, Any]] = {
    "Berlin": {"country": "DE", "area_code": "30", "access_code": "0", "extension_digits": 6},
    "Hamburg": {"country": "DE", "area_code": "040", "access_code": "", "extension_digits": 4},
    "London": {"country": "GB", "area_code": "20", "access_code": "9", "extension_digits": 5},
    "Dubai": {"country": "AE", "area_code": "4", "access_code": "9", "extension_digits": 4},
    "New York": {"country": "US", "area_code": "212", "access_code": "9", "extension_digits": 5},
    "Rome": {"country": "IT", "area_code": "06", "access_code": "0", "extension_digits": 4},
    "Paris": {"country": "FR", "area_code": "1", "access_code": "0", "extension_digits": 4},
}


def plan_of(site: str, **fields: Any) -> tuple[NumberPlan, int]:
    office = Office.objects.create(name=site, **(SITES[site] | fields))
    return load_number_plan(), office.pk


def analysed(site: str, number: str, *, incoming: bool = False, outpulsed: bool = False) -> NumberAnalysis:
    plan, office = plan_of(site)
    return plan.analyse(office, number, incoming=incoming, outpulsed=outpulsed)


@pytest.mark.parametrize(
    ("site", "number", "read", "call_type", "country"),
    [
        # Outside line 0, national prefix 0: what is left after the outside line counts while it can be a number.
        ("Berlin", "0030123456", "+4930123456", "LOCAL", "DE"),
        ("Berlin", "012345678", "+493012345678", "LOCAL", "DE"),
        ("Berlin", "00 89 / 123-45.67", "+49891234567", "NATIONAL", "DE"),
        ("Berlin", "01701234567", "+491701234567", "MOBILE", "DE"),
        ("Berlin", "001701234567", "+491701234567", "MOBILE", "DE"),
        ("Berlin", "008001234567#", "+498001234567", "TOLL_FREE", "DE"),
        ("Berlin", "001805123456", "+491805123456", "SHARED_COST", "DE"),
        ("Berlin", "009001234567", "+499001234567", "PREMIUM", "DE"),
        ("Berlin", "000442079460000", "+442079460000", "INTERNATIONAL", "GB"),
        ("Berlin", "00442079460000", "+442079460000", "INTERNATIONAL", "GB"),
        ("Berlin", "000447911123456", "+447911123456", "INTERNATIONAL", "GB"),
        ("Berlin", "00080012345678", "+80012345678", "TOLL_FREE", "001"),
        ("Berlin", "+979123456789", "+979123456789", "PREMIUM", "001"),
        ("Berlin", "+881612345678", "+881612345678", "INTERNATIONAL", "001"),
        ("Berlin", "+882123456789", "+882123456789", "INTERNATIONAL", "001"),
        ("Berlin", "+999123456", "+999123456", "UNKNOWN", ""),
        ("Berlin", "000999123456", "000999123456", "UNKNOWN", ""),
        ("Berlin", "0112", "112", "EMERGENCY", "DE"),
        ("Berlin", "112", "112", "EMERGENCY", "DE"),
        ("Berlin", "0116117", "116117", "SERVICE", "DE"),
        ("Berlin", "011833", "11833", "SERVICE", "DE"),
        ("Berlin", "116117", "116117", "INTERNAL", ""),
        ("Berlin", "2001", "2001", "INTERNAL", ""),
        ("Hamburg", "0401234567", "+49401234567", "LOCAL", "DE"),
        ("Hamburg", "123456", "+4940123456", "LOCAL", "DE"),
        ("Hamburg", "030123456", "+4930123456", "NATIONAL", "DE"),
        ("Hamburg", "11833", "11833", "SERVICE", "DE"),
        ("London", "902079460000", "+442079460000", "LOCAL", "GB"),
        ("London", "979460000", "+442079460000", "LOCAL", "GB"),
        ("London", "901613960000", "+441613960000", "NATIONAL", "GB"),
        # Guernsey and Jersey share the United Kingdom's code; phonenumbers gives much of 07911 to Guernsey.
        ("London", "907911123456", "+447911123456", "MOBILE", "GB"),
        ("London", "901534123456", "+441534123456", "NATIONAL", "GB"),
        ("London", "908712345678", "+448712345678", "PREMIUM", "GB"),
        ("London", "900493012345678", "+493012345678", "INTERNATIONAL", "DE"),
        ("London", "999", "999", "EMERGENCY", "GB"),
        ("London", "9999", "999", "EMERGENCY", "GB"),
        ("London", "9118118", "118118", "SERVICE", "GB"),
        ("Dubai", "9043001234", "+97143001234", "LOCAL", "AE"),
        ("Dubai", "93001234", "+97143001234", "LOCAL", "AE"),
        ("Dubai", "9026001234", "+97126001234", "NATIONAL", "AE"),
        ("Dubai", "90501234567", "+971501234567", "MOBILE", "AE"),
        ("Dubai", "98001234", "+9718001234", "TOLL_FREE", "AE"),
        ("Dubai", "900493012345678", "+493012345678", "INTERNATIONAL", "DE"),
        ("Dubai", "9998", "998", "EMERGENCY", "AE"),
        ("New York", "912125551234", "+12125551234", "LOCAL", "US"),
        ("New York", "95551234", "+12125551234", "LOCAL", "US"),
        ("New York", "919175551234", "+19175551234", "NATIONAL", "US"),
        ("New York", "914162345678", "+14162345678", "INTERNATIONAL", "CA"),
        ("New York", "912423221234", "+12423221234", "INTERNATIONAL", "BS"),
        ("New York", "917872001234", "+17872001234", "NATIONAL", "PR"),
        ("New York", "918005551234", "+18005551234", "TOLL_FREE", "US"),
        ("New York", "919005551234", "+19005551234", "PREMIUM", "US"),
        ("New York", "9011442079460000", "+442079460000", "INTERNATIONAL", "GB"),
        ("New York", "9911", "911", "EMERGENCY", "US"),
        ("New York", "911", "911", "EMERGENCY", "US"),
        ("New York", "9411", "411", "SERVICE", "US"),
        # Italy has no national prefix: the 0 belongs to the number. The Vatican shares its code.
        ("Rome", "00669812345", "+390669812345", "LOCAL", "IT"),
        ("Rome", "00212345678", "+390212345678", "NATIONAL", "IT"),
        ("Rome", "03331234567", "+393331234567", "MOBILE", "IT"),
        ("Rome", "0800123456", "+39800123456", "TOLL_FREE", "IT"),
        ("Rome", "0112", "112", "EMERGENCY", "IT"),
        ("Paris", "00142345678", "+33142345678", "LOCAL", "FR"),
        ("Paris", "00442345678", "+33442345678", "NATIONAL", "FR"),
        ("Paris", "00612345678", "+33612345678", "MOBILE", "FR"),
        ("Paris", "00899123456", "+33899123456", "PREMIUM", "FR"),
        ("Paris", "03615", "3615", "PREMIUM", "FR"),
        ("Paris", "015", "15", "EMERGENCY", "FR"),
        ("Paris", "000390669812345", "+390669812345", "INTERNATIONAL", "IT"),
    ],
)
def test_dialled_numbers(site: str, number: str, read: str, call_type: str, country: str) -> None:
    found = analysed(site, number)
    assert (found.number, found.call_type.name, found.country) == (read, call_type, country)


@pytest.mark.parametrize(
    ("site", "number", "read", "call_type"),
    [
        ("Berlin", "+4930123456", "+4930123456", "LOCAL"),
        ("Berlin", "4930123456", "+4930123456", "LOCAL"),
        ("Berlin", "030123456", "+4930123456", "LOCAL"),
        ("Berlin", "0030123456", "+4930123456", "LOCAL"),
        ("Berlin", "1701234567", "+491701234567", "MOBILE"),
        ("Berlin", "001701234567", "+491701234567", "MOBILE"),
        ("Berlin", "00442079460000", "+442079460000", "INTERNATIONAL"),
        ("Berlin", "000442079460000", "+442079460000", "INTERNATIONAL"),
        ("Berlin", "442079460000", "+442079460000", "INTERNATIONAL"),
        ("Berlin", "2001", "2001", "INTERNAL"),
        ("London", "7911123456", "+447911123456", "MOBILE"),
        ("London", "907911123456", "+447911123456", "MOBILE"),
        ("London", "2079460000", "+442079460000", "LOCAL"),
        ("London", "4930123456", "+4930123456", "INTERNATIONAL"),
        ("Dubai", "501234567", "+971501234567", "MOBILE"),
        ("Dubai", "971501234567", "+971501234567", "MOBILE"),
        ("Dubai", "919876543210", "+919876543210", "INTERNATIONAL"),
        ("New York", "2125551234", "+12125551234", "LOCAL"),
        ("New York", "12125551234", "+12125551234", "LOCAL"),
        ("Rome", "0669812345", "+390669812345", "LOCAL"),
        ("Rome", "390669812345", "+390669812345", "LOCAL"),
        ("Paris", "612345678", "+33612345678", "MOBILE"),
        ("Paris", "33142345678", "+33142345678", "LOCAL"),
    ],
)
def test_callers_as_gateways_show_them(site: str, number: str, read: str, call_type: str) -> None:
    found = analysed(site, number, incoming=True)
    assert (found.number, found.call_type.name) == (read, call_type)


@pytest.mark.parametrize(
    ("number", "read", "call_type", "rule"),
    [
        ("", "", "UNKNOWN", "withheld"),
        ("anonymous@anonymous.invalid", "", "UNKNOWN", "withheld"),
        ("sip:+49301234567@example.com;user=phone", "+49301234567", "LOCAL", "public-plan"),
        ("tel:+49-30-1234567", "+49301234567", "LOCAL", "public-plan"),
        ("\\+49301234567", "+49301234567", "LOCAL", "public-plan"),
        ("2001@example.com", "2001", "INTERNAL", "extension-length"),
        ("alice@example.com", "alice@example.com", "UNKNOWN", "not-a-number"),
        ("b0019901001", "b0019901001", "INTERNAL", "feature-code"),
        ("c00123", "c00123", "INTERNAL", "feature-code"),
        ("*21", "*21", "INTERNAL", "feature-code"),
        ("٠٣٠", "٠٣٠", "UNKNOWN", "not-a-number"),
    ],
)
def test_uris_feature_codes_and_withheld_numbers(number: str, read: str, call_type: str, rule: str) -> None:
    found = analysed("Berlin", number)
    assert (found.number, found.call_type.name, found.rule) == (read, call_type, rule)


def test_number_sent_to_the_carrier_has_no_outside_line() -> None:
    assert analysed("Berlin", "030123456", outpulsed=True).number == "+4930123456"


def test_number_sent_to_the_carrier_is_no_extension_by_length() -> None:
    assert analysed("Berlin", "11833", outpulsed=True).call_type == CallType.SERVICE


class TestRules:
    """The site's own rules."""

    @pytest.fixture
    def office(self) -> Office:
        return Office.objects.create(name="Berlin", **SITES["Berlin"])

    def rule(self, office: Office | None, kind: Kind, first: str, last: str = "", **fields: Any) -> None:
        NumberRule.objects.create(office=office, kind=kind, first=first, last=last, **fields)

    def analyse(self, office: Office, number: str) -> NumberAnalysis:
        return load_number_plan().analyse(office.pk, number, incoming=False)

    def test_extension_range_wins_over_emergency_and_length(self, office: Office) -> None:
        self.rule(office, Kind.EXTENSION, "100", "199")
        self.rule(office, Kind.EXTENSION, "+49305550000", "+49305559999")
        assert self.analyse(office, "112").rule == "site-extension"
        assert self.analyse(office, "+49305551234").call_type == CallType.INTERNAL
        assert self.analyse(office, "+493055512345").call_type == CallType.LOCAL
        plan = load_number_plan()
        assert plan.is_extension(office.pk, "+49305551234")
        assert plan.is_extension(office.pk, "2001")
        assert not plan.is_extension(office.pk, "+49301234567")
        assert not plan.is_extension(office.pk, "")

    def test_voicemail(self, office: Office) -> None:
        self.rule(None, Kind.VOICEMAIL, "8500", destination="Unity")
        plan = load_number_plan()
        assert plan.is_voicemail(office.pk, "8500")
        assert plan.is_voicemail(None, "8500")
        assert not plan.is_voicemail(office.pk, "8501")
        assert self.analyse(office, "8500").destination == "Unity"

    def test_emergency_and_service_numbers_with_and_without_outside_line(self, office: Office) -> None:
        self.rule(None, Kind.EMERGENCY, "5555555")
        self.rule(office, Kind.SERVICE, "4444444", destination="Taxi")
        for number, call_type in (("5555555", CallType.EMERGENCY), ("4444444", CallType.SERVICE)):
            for dialled in (number, f"0{number}"):
                found = self.analyse(office, dialled)
                assert (found.number, found.call_type) == (number, call_type)

    def test_longest_overriding_prefix_as_dialled_stripped_or_public(self, office: Office) -> None:
        self.rule(office, Kind.OVERRIDE, "4989", call_type=CallType.LOCAL, destination="Munich")
        self.rule(office, Kind.OVERRIDE, "+498955", call_type=CallType.PREMIUM)
        self.rule(office, Kind.OVERRIDE, "77", call_type=CallType.INTERNAL, destination="Plant")
        found = self.analyse(office, "00891234567")
        assert (found.number, found.call_type, found.destination) == ("+49891234567", CallType.LOCAL, "Munich")
        assert self.analyse(office, "00895512345").call_type == CallType.PREMIUM
        assert self.analyse(office, "7712345678").destination == "Plant"
        assert self.analyse(office, "07712345678").call_type == CallType.INTERNAL

    def test_override_may_only_name_a_destination(self, office: Office) -> None:
        self.rule(office, Kind.OVERRIDE, "+4930", destination="Berlin")
        found = self.analyse(office, "0030123456")
        assert (found.call_type, found.destination, found.rule) == (CallType.LOCAL, "Berlin", "site-override")

    def test_emergency_is_never_overridden(self, office: Office) -> None:
        self.rule(office, Kind.OVERRIDE, "1", call_type=CallType.PREMIUM)
        assert self.analyse(office, "112").call_type == CallType.EMERGENCY

    def test_rules_of_the_office_come_before_those_of_all_offices(self, office: Office) -> None:
        self.rule(None, Kind.OVERRIDE, "+498912", destination="everywhere")
        self.rule(office, Kind.OVERRIDE, "+4989", destination="here")
        assert self.analyse(office, "00891234567").destination == "here"
        other = Office.objects.create(name="Hamburg", **SITES["Hamburg"])
        assert self.analyse(other, "0891234567").destination == "everywhere"

    def test_without_office_only_plus_and_rules_for_all_count(self, office: Office) -> None:
        plan = load_number_plan()
        assert plan.analyse(None, "+442079460000", incoming=False).call_type == CallType.INTERNATIONAL
        assert plan.analyse(None, "2001", incoming=False).call_type == CallType.UNKNOWN
        assert plan.analyse(None, "030123456", incoming=True).call_type == CallType.UNKNOWN
        assert not plan.is_extension(None, "2001")
        assert plan.analyse(999, "030123456", incoming=False).call_type == CallType.UNKNOWN


def test_plan_is_read_in_two_queries(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(2):
        load_number_plan()


def test_answers_stay_the_same_when_asked_again() -> None:
    plan, office = plan_of("Berlin")
    first = plan.analyse(office, "0030123456", incoming=False)
    assert plan.analyse(office, "0030123456", incoming=False) is first
    assert plan.analyse(office, "0030123456", incoming=True) is not first
