"""An empty portal becomes the demo organisation with its calls, once."""

from datetime import UTC, date, datetime
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db.models import Q
from django.utils import timezone

from accounting.demo.numbers import UNRATED_PREFIX
from accounting.models import (
    CallLeg,
    CallRecord,
    CostCentre,
    Department,
    Extension,
    FileState,
    Gateway,
    ImportFile,
    LineAssignment,
    MailState,
    Membership,
    Office,
    OutgoingMail,
    PhoneSystem,
    Pricing,
    Rate,
    ReferenceRevision,
    RejectedRow,
    Role,
    Supervision,
    Tariff,
    User,
)
from accounting.services.set_aside import original_of
from reports.models import PausedBecause, ReportSchedule, RunState, SavedReport, ScheduleRun

TODAY = date(2026, 3, 20)
PASSWORD = "opensesame-1"

pytestmark = pytest.mark.django_db


@pytest.fixture
def seeded(monkeypatch: pytest.MonkeyPatch) -> str:
    """A month of a small organisation; returns what was printed."""
    monkeypatch.setenv("DEMO_PASSWORD", PASSWORD)
    return seed()


def seed(**options: object) -> str:
    """Run the command and return what it printed."""
    out = StringIO()
    small = {"people": 30, "days": 30, "calls_per_day": 60.0, "today": TODAY}
    call_command("seed_demo", stdout=out, **(small | options))
    return out.getvalue()


def test_organisation_has_its_people_units_and_prices(seeded: str) -> None:
    """Three offices, twelve departments in two levels, people with lines and units, three carriers."""
    assert "30 people" in seeded
    assert Office.objects.count() == 3
    assert Office.objects.values("country", "time_zone").distinct().count() == 3
    assert (Department.objects.count(), Department.objects.filter(parent=None).count()) == (12, 3)
    assert CostCentre.objects.count() == 8
    assert PhoneSystem.objects.count() == 2
    assert Gateway.objects.filter(network=Gateway.Network.PUBLIC).count() == 5
    assert not Gateway.objects.filter(found_in_calls=True).exists()
    assert User.objects.count() == 30
    assert User.objects.filter(memberships=None).count() == User.objects.filter(lines=None).count() == 0
    assert set(Tariff.objects.values_list("currency", flat=True)) == {"EUR", "GBP", "AED"}
    assert all(150 <= tariff.rates.count() <= 400 for tariff in Tariff.objects.all())
    assert ReferenceRevision.objects.get().number > 0


def test_one_sign_in_for_each_role(seeded: str) -> None:
    """Only the three demo accounts have a password."""
    roles = {}
    for username in ("anna", "sami", "admin"):
        user = User.objects.get(username=username)
        assert user.check_password(PASSWORD)
        roles[username] = user.role
    assert roles == {"anna": Role.USER, "sami": Role.SUPERVISOR, "admin": Role.ADMINISTRATOR}
    assert User.objects.get(username="admin").is_staff
    assert Supervision.objects.get().supervisor.username == "sami"
    others = User.objects.exclude(username__in=roles)
    assert not any(user.has_usable_password() for user in others)


def test_calls_are_priced_and_owned(seeded: str) -> None:
    """Calls end on the day asked for; every unpriced one is meant to be; nearly all have an owner."""
    newest = CallRecord.objects.latest("ended_at").ended_at
    assert datetime(2026, 3, 20, tzinfo=UTC) < newest <= datetime(2026, 3, 20, 16, tzinfo=UTC)
    assert CallRecord.objects.filter(pricing=Pricing.PRICED, cost__gt=0).count() > 100
    assert not CallRecord.objects.filter(pricing=Pricing.NO_TARIFF).exists()
    no_rate = CallRecord.objects.filter(pricing=Pricing.NO_RATE)
    assert not no_rate.exclude(other_number__startswith=f"+{UNRATED_PREFIX}").exists()
    no_carrier = CallRecord.objects.filter(pricing=Pricing.NO_CARRIER)
    assert not no_carrier.exclude(gateway_id=Gateway.objects.get(device_name="SIP-TRUNK-BERLIN-2").pk).exists()
    unowned = CallRecord.objects.filter(user_id=None)
    assert 0 < unowned.count() < CallRecord.objects.count() * 0.1
    assert Extension.objects.filter(found_in_calls=True, number__in=("2971", "2972", "3971", "3973", "4971")).exists()


def test_people_move(seeded: str) -> None:
    """One person changed department, one extension changed hands: on a day within the time, without a gap."""
    before = Membership.objects.get(valid_to__isnull=False)
    after = Membership.objects.get(user=before.user, valid_from=before.valid_to)
    assert before.department != after.department
    old = LineAssignment.objects.get(valid_to__isnull=False)
    new = LineAssignment.objects.get(extension=old.extension, valid_from=old.valid_to)
    owned = CallRecord.objects.filter(extension=old.extension.number)
    too_late = Q(user_id=old.user_id, started_at__gte=old.valid_to)
    too_soon = Q(user_id=new.user_id, started_at__lt=old.valid_to)
    assert not owned.filter(too_late | too_soon).exists()


def test_faults_are_there_to_be_found(seeded: str) -> None:
    """Rejected rows of a damaged file, a foreign file set aside, records that came twice."""
    assert RejectedRow.objects.count() >= 2
    assert RejectedRow.objects.values("file").distinct().count() == 1
    foreign = ImportFile.objects.get(state=FileState.SET_ASIDE)
    assert foreign.reason_code
    original = original_of(foreign)
    assert original
    assert b"Bad Gateway" in original.read_bytes()
    again = ImportFile.objects.get(duplicates__gt=0)
    assert (again.duplicates, again.call_records) == (again.records, 0)


def test_second_run_does_nothing(seeded: str) -> None:
    """It says so."""
    counts = User.objects.count(), CallLeg.objects.count(), Rate.objects.count(), ImportFile.objects.count()
    assert "there already" in seed()
    assert counts == (User.objects.count(), CallLeg.objects.count(), Rate.objects.count(), ImportFile.objects.count())


def test_interrupted_run_is_completed(seeded: str) -> None:
    """Without the last file the calls are imported again, and none is counted twice."""
    records = CallRecord.objects.count()
    ImportFile.objects.filter(state=FileState.SET_ASIDE).delete()
    seed()
    assert CallRecord.objects.count() == records
    assert ImportFile.objects.filter(state=FileState.SET_ASIDE).exists()


def test_nonsense_is_refused() -> None:
    """With a sentence."""
    with pytest.raises(CommandError, match="20 to 40,000"):
        seed(people=3)


def test_reports_are_saved_and_scheduled_and_nothing_is_mailed() -> None:
    """One active with a past, one paused, one failing; every mail of the past is to people of the demo, and sent."""
    with time_machine.travel(datetime(2026, 3, 20, 17, tzinfo=UTC)):
        seed()
        assert not ReportSchedule.objects.filter(next_run__lte=timezone.now()).exists()
    assert SavedReport.objects.filter(department__isnull=False).exists()
    states = ReportSchedule.objects.values_list("paused_because", flat=True)
    assert {PausedBecause.NO, PausedBecause.ASKED, PausedBecause.FAILURES, PausedBecause.LEFT} == set(states)
    assert RunState.SENT in ScheduleRun.objects.values_list("state", flat=True)
    failed = ScheduleRun.objects.filter(state=RunState.FAILED).values_list("text", flat=True)
    assert set(failed) == {"“999999” is no value of “Gateway”."}
    assert OutgoingMail.objects.exists()
    assert not OutgoingMail.objects.exclude(state=MailState.SENT, recipient__endswith="@halden.example").exists()
