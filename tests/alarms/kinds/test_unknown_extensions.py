"""Extensions that nobody holds (ALM-8)."""

from datetime import timedelta

import pytest

from accounting.models import Extension
from alarms.kinds import KINDS
from tests import factories as make
from tests.alarms.rules import look, raised, rule

pytestmark = pytest.mark.django_db


def test_each_unknown_extension_once_or_each_day() -> None:
    admin = make.administrator()
    system = make.phone_system()
    for number, fields in (("2001", {}), ("2005", {"ignored": True}), ("6000", {})):
        Extension.objects.create(phone_system=system, number=number, found_in_calls=True, **fields)
    Extension.objects.create(phone_system=system, number="2006")
    holder = make.person(extension="2007")
    once, daily = rule("unknown_extensions", admin), rule("unknown_extensions", admin, repeat="day")
    for day in (0, 1):
        for extension in ("2001", "2005", "2006", "2099"):
            make.record(extension=extension, started_at=make.NOON + timedelta(days=day))
    make.record(holder)
    make.record(extension="6000", hunt_pilot="6000")
    (alarm,) = raised(once)
    assert (alarm.extension, alarm.calls) == ("2001", 2)
    assert KINDS["unknown_extensions"].sentence(alarm) == "2 calls of an extension that nobody holds"
    assert [alarm.calls for alarm in raised(daily)] == [1, 1]
    make.record(extension="2001", started_at=make.NOON + timedelta(days=2))
    assert look(once).raised == 0
    assert look(daily).raised == 1
