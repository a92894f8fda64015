"""Listed numbers and prefixes, as far as the owner may see digits (ALM-2)."""

from typing import Any

import pytest

from accounting.models import Direction, Kind, Purpose, User
from alarms.kinds import KINDS, reasons
from alarms.models import Result
from tests import factories as make
from tests.alarms.rules import errors, look, raised, rule

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin() -> User:
    """Return somebody who sees all calls."""
    return make.administrator()


def calls_to(*numbers: str, **fields: Any) -> None:
    """Make calls with these numbers, each of an extension of its own name."""
    for number in numbers:
        make.record(other_number=number, extension=number[-8:], **fields)


@pytest.mark.parametrize(
    ("listed", "found"),
    [
        ("+44*", ["+442071234567"]),
        ("0044 20 7123-4567", ["+442071234567"]),
        ("0900*", ["+499001234567"]),
        ("2002", ["2002"]),
        ("20*, +4930 1234567", ["+49301234567", "2002", "20021"]),
        ("+44", []),
        ("٢٠٠٢", ["2002"]),
    ],
)
def test_numbers_and_prefixes(admin: User, listed: str, found: list[str]) -> None:
    make.office()
    one = rule("listed_numbers", admin, numbers=listed)
    calls_to("+442071234567", "+499001234567", "+49301234567")
    calls_to("2002", "20021", kind=Kind.INTERNAL)
    assert sorted(alarm.extension for alarm in raised(one)) == sorted(number[-8:] for number in found)


def test_private_calls_of_others_and_hidden_digits_never_decide() -> None:
    sales = make.department("Sales")
    boss, ben = make.supervisor(of=sales), make.person()
    make.masking_rule(digits=3)
    exact, prefix = (rule("listed_numbers", boss, numbers=text) for text in ("+442071234567", "+44207*"))
    calls_to("+442071234567", department_id=sales.pk)
    private = {"purpose": Purpose.MARKED, "user_id": ben.pk}
    make.record(other_number="+442079999999", extension="7", department_id=sales.pk, **private)
    assert look(exact).raised == 0
    assert [alarm.extension for alarm in raised(prefix)] == ["71234567"]


def test_direction_and_words(admin: User) -> None:
    one = rule("listed_numbers", admin, numbers="+44*\n+33*\n+1*\n+39*", direction="incoming")
    calls_to("+442071234567", direction=Direction.INCOMING)
    calls_to("+442071234567")
    (alarm,) = raised(one)
    kind = KINDS["listed_numbers"]
    assert kind.sentence(alarm) == "1 call with a listed number"
    assert kind.in_words(one.parameters) == ["+44*, +33*, +1* and 1 more", "incoming calls"]


def test_what_is_no_number_is_refused(admin: User) -> None:
    for wrong in ("abc", "+44**", "", " , ", "\0", ",".join(str(number) for number in range(300))):
        assert "numbers" in errors("listed_numbers", admin, numbers=wrong, direction="both")
    one = rule("listed_numbers", admin, numbers="1")
    one.parameters = {"numbers": "what"}
    one.save()
    make.record()
    run = look(one)
    assert (run.result, run.reason) == (Result.FAILED, reasons.WRONG_PARAMETERS)


def test_as_many_numbers_as_may_be_are_looked_at_in_many_countries(admin: User) -> None:
    for code in ("DE", "FR", "GB", "IT", "AT", "CH", "NL", "BE", "EG", "SA"):
        make.office(code, country=code)
    one = rule("listed_numbers", admin, numbers="\n".join(f"09{place:04}*" for place in range(200)))
    calls_to("+3390199000", "+4990200000", "+44901500")
    assert [alarm.extension for alarm in raised(one)] == ["90199000", "44901500"]
