"""Masking hides digits in text, links and filters alike, and only where a rule says so."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounting.models import CallRecord, CallType, Direction, Kind, Role, User
from accounting.services.masking import mask_for
from callanalytics.lib.phone_numbers import hide_last_digits
from tests import factories as make

NUMBER = "+493012345678"


@pytest.fixture
def boss(db: None) -> User:
    return make.supervisor(of=make.department())


@pytest.fixture
def sale() -> CallRecord:
    return make.record(make.person(extension="2001"), other_number=NUMBER, department_id=make.department().pk)


@given(st.text("0123456789 +-", max_size=20), st.integers(0, 25))
def test_hiding_keeps_length_and_hides_that_many_digits(number: str, digits: int) -> None:
    hidden = hide_last_digits(number, digits)
    there = sum(character.isdigit() for character in number)
    assert len(hidden) == len(number)
    assert hidden.count("*") == min(digits, there)


def test_addresses_hide_the_name_not_the_domain() -> None:
    assert hide_last_digits("john.doe@example.com", 3) == "john.***@example.com"


def test_without_rules_everything_is_readable(boss: User, sale: CallRecord) -> None:
    shown = mask_for(boss).number(sale)
    assert (shown.text, shown.key, shown.hidden) == ("+49 30 12345678", NUMBER, False)


def test_a_rule_hides_the_last_digits_of_public_numbers(boss: User, sale: CallRecord) -> None:
    make.masking_rule(Role.SUPERVISOR, 3)
    assert mask_for(boss).text(sale) == "+49 30 12345***"
    internal = make.record(kind=Kind.INTERNAL, other_number="2002")
    assert mask_for(boss).text(internal) == "2002"


def test_rules_of_other_roles_change_nothing(boss: User, sale: CallRecord) -> None:
    make.masking_rule(Role.USER, 3)
    assert mask_for(boss).text(sale) == "+49 30 12345678"


def test_own_calls_stay_readable_unless_the_rule_says_otherwise(boss: User) -> None:
    own = make.record(boss, other_number=NUMBER)
    rule = make.masking_rule(Role.SUPERVISOR, 3)
    assert not mask_for(boss).number(own).hidden
    rule.own_calls = True
    rule.save()
    assert mask_for(boss).number(own).hidden


@pytest.mark.parametrize(
    ("rule", "hidden"),
    [
        ({"direction": Direction.OUTGOING}, True),
        ({"direction": Direction.INCOMING}, False),
        ({"call_type": CallType.NATIONAL}, True),
        ({"call_type": CallType.MOBILE}, False),
    ],
)
def test_rules_can_be_bound_to_direction_and_type(
    boss: User, sale: CallRecord, rule: dict[str, int], hidden: bool
) -> None:
    make.masking_rule(Role.SUPERVISOR, 3, **rule)
    assert mask_for(boss).number(sale).hidden is hidden


def test_the_strictest_rule_holds(boss: User, sale: CallRecord) -> None:
    make.masking_rule(Role.SUPERVISOR, 2)
    make.masking_rule(Role.SUPERVISOR, 5, direction=Direction.OUTGOING)
    assert mask_for(boss).text(sale) == "+49 30 123*****"


def test_every_number_of_a_record_is_masked_alike(boss: User, sale: CallRecord) -> None:
    make.masking_rule(Role.SUPERVISOR, 3)
    masker = mask_for(boss)
    assert masker.text(sale, "00493012345678") == "00493012345***"
    assert masker.text(sale, "+442079460123") == "+44 20 7946 0***"
    assert masker.text(sale, "2001") == "2001"
    assert masker.of_others("+442079460123").text == "+44 20 7946 0***"


def test_links_of_hidden_numbers_open_for_their_viewer_only(boss: User, sale: CallRecord) -> None:
    make.masking_rule(Role.SUPERVISOR, 3)
    key = mask_for(boss).number(sale).key
    assert "678" not in key
    assert key == mask_for(boss).number(sale).key, "one number has one link"
    assert mask_for(boss).opened(key) == NUMBER
    other = make.supervisor("other", of=make.department())
    for broken in (key[:-2], "~", "~~~~", key + "A"):
        with pytest.raises(ValueError, match="token"):
            mask_for(boss).opened(broken)
    with pytest.raises(ValueError, match="token"):
        mask_for(other).opened(key)


@pytest.mark.parametrize("begins", [True, False])
@pytest.mark.parametrize("typed", range(1, len(NUMBER) + 1))
def test_hidden_digits_never_decide_what_a_filter_finds(boss: User, sale: CallRecord, typed: int, begins: bool) -> None:
    make.masking_rule(Role.SUPERVISOR, 3)
    found = mask_for(boss).matching(CallRecord.objects.all(), NUMBER[:typed], begins=begins)
    assert found.exists() is (begins and typed <= len(NUMBER) - 3)


def test_filters_find_whole_numbers_that_are_readable(boss: User) -> None:
    make.masking_rule(Role.SUPERVISOR, 3)
    own = make.record(boss, other_number=NUMBER)
    make.record(other_number=NUMBER)
    assert list(mask_for(boss).matching(CallRecord.objects.all(), NUMBER, begins=False)) == [own]


def test_public_numbers_in_internal_calls_are_no_way_around(boss: User) -> None:
    make.masking_rule(Role.SUPERVISOR, 3, call_type=CallType.MOBILE)
    call = make.record(kind=Kind.INTERNAL, other_number=NUMBER)
    assert mask_for(boss).number(call).hidden
    assert not mask_for(boss).matching(CallRecord.objects.all(), NUMBER, begins=False).exists()


def test_filters_never_find_masked_addresses(boss: User) -> None:
    make.masking_rule(Role.SUPERVISOR, 3)
    make.record(other_number="john.doe@example.com")
    assert not mask_for(boss).matching(CallRecord.objects.all(), "john", begins=True).exists()


def test_a_link_finds_all_calls_with_the_number(boss: User, sale: CallRecord) -> None:
    make.masking_rule(Role.SUPERVISOR, 3)
    make.record(other_number="+493012345679")
    masker = mask_for(boss)
    assert list(masker.matching(CallRecord.objects.all(), masker.number(sale).key, begins=False)) == [sale]


def test_withheld_numbers_have_nothing_to_hide(boss: User) -> None:
    make.masking_rule(Role.SUPERVISOR, 3)
    assert mask_for(boss).number(make.record(other_number="")).text == ""


@pytest.mark.parametrize("address", ["2345@sip.example.com", "bob.miller@example.com", "ab@c"])
def test_addresses_are_masked_wherever_a_record_names_them(boss: User, address: str) -> None:
    make.masking_rule(Role.SUPERVISOR, 4)
    call = make.record(kind=Kind.INTERNAL, other_number="2002", connected_number=address, original_called=address)
    masker = mask_for(boss)
    for number in (call.connected_number, call.original_called):
        shown = masker.number(call, number)
        assert shown.hidden
        assert shown.text == hide_last_digits(address, 4) == masker.of_others(address).text
        assert masker.shown_key(shown.key) == shown.text
    found = masker.matching(CallRecord.objects.all(), address[:1], begins=True)
    assert make.record(kind=Kind.INTERNAL, other_number=address) not in found


def test_names_without_digits_are_found_where_they_are_readable(boss: User) -> None:
    make.masking_rule(Role.SUPERVISOR, 4)
    call = make.record(kind=Kind.INTERNAL, other_number="bob.local")
    masker = mask_for(boss)
    assert not masker.number(call).hidden
    assert list(masker.matching(CallRecord.objects.all(), "bob.local", begins=False)) == [call]
