"""Re-costing and its undo: as dry as told, whole in pieces, and always in agreement with the totals."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from accounting.models import (
    AuditEntry,
    CallRecord,
    Carrier,
    CorrectedRecord,
    Correction,
    CorrectionKind,
    Gateway,
    GatewayCarrier,
    PhoneSystem,
    Pricing,
    Rate,
    Tariff,
)
from accounting.services import correcting, corrections, jobs, undoing
from accounting.services.importing import import_files
from accounting.services.selecting import Selection
from accounting.signals import calls_corrected
from tests.accounting.agreement import assert_totals_agree
from tests.accounting.traffic import SYSTEM, generated, write

pytestmark = pytest.mark.django_db(transaction=True)
EVERYTHING = Selection()
COMPARED = ("started_at", "extension", "direction", "leg", "pricing", "cost", "currency", "rate_id")


@pytest.fixture
def traffic(tmp_path: Path, monkeypatch: Any) -> PhoneSystem:
    """A day of calls over gateways that nobody has entered a carrier for; corrections go in small chunks."""
    monkeypatch.setattr(correcting, "CHUNK", 20)
    monkeypatch.setattr(undoing, "CHUNK", 20)
    system = PhoneSystem.objects.create(name=SYSTEM)
    import_files(system, write(tmp_path, generated()))
    return system


@pytest.fixture
def prices(traffic: PhoneSystem) -> Rate:
    """A carrier behind every gateway, with one price for all numbers."""
    tariff = Tariff.objects.create(carrier=Carrier.objects.create(name="Nordfon"), name="Business")
    rate = Rate.objects.create(tariff=tariff, prefix="", price_per_minute=Decimal("0.06"), destination="Anywhere")
    for gateway in Gateway.objects.filter(phone_system=traffic):
        GatewayCarrier.objects.create(gateway=gateway, carrier=tariff.carrier)
    return rate


@pytest.fixture
def corrected() -> Iterator[list[dict[str, Any]]]:
    """What the signal of corrected calls has told."""
    heard: list[dict[str, Any]] = []

    def hear(sender: Any, **told: Any) -> None:
        heard.append(told)

    calls_corrected.connect(hear)
    yield heard
    calls_corrected.disconnect(hear)


def ready(selection: Selection = EVERYTHING) -> Correction:
    """Return a re-costing after its dry run."""
    correction = corrections.begin(CorrectionKind.COST, selection, None)
    run(corrections.start_dry_run(correction, None))
    return fresh(correction)


def run(job: Any) -> None:
    """Do a job as a worker does."""
    assert job is not None
    jobs.run(job.pk)
    job.refresh_from_db()
    assert job.state == "done", job.error


def fresh(correction: Correction) -> Correction:
    return Correction.objects.get(pk=correction.pk)


def held() -> list[tuple[Any, ...]]:
    """Return what corrections may change of all records, and by which the records are found again."""
    columns = ("id", "pricing", "cost", "currency", "rate_id", "destination", "user_id", "department_id")
    return list(CallRecord.objects.order_by("id").values_list(*columns))


def test_apply_does_what_the_dry_run_said_and_undo_takes_it_back(prices: Rate, corrected: Any, admin: Any) -> None:
    before = held()
    correction = ready()
    assert held() == before
    assert (correction.state, correction.changed) == ("ready", correction.summary["newly_priced"])
    assert correction.changed > 40  # several chunks
    told = correction.summary["currencies"]["EUR"]
    run(corrections.start_applying(correction, admin, "The new contract"))
    correction = fresh(correction)
    assert (correction.state, correction.reason) == ("applied", "The new contract")
    priced = CallRecord.objects.filter(pricing=Pricing.PRICED)
    assert priced.count() == correction.changed == CorrectedRecord.objects.count()
    assert told == [0, sum(int(record.cost * 1_000_000) for record in priced)]
    assert {record.destination for record in priced} == {"Anywhere"}
    assert_totals_agree()
    starts = priced.order_by("started_at").values_list("started_at", flat=True)
    assert (min(one["started"] for one in corrected), max(one["ended"] for one in corrected)) == (
        starts[0], starts.reverse()[0],
    )  # fmt: skip
    assert AuditEntry.objects.filter(subject_type="correction", details__reason="The new contract").exists()
    assert ready().changed == 0
    run(corrections.start_undoing(correction, admin, "wrong"))
    assert fresh(correction).state == "undone"
    assert held() == before
    assert_totals_agree()


def test_costs_are_those_of_importing_with_the_same_prices(prices: Rate, tmp_path: Path) -> None:
    """Calls re-costed later hold exactly what calls hold that were imported after the prices were entered."""
    correction = ready()
    run(corrections.start_applying(correction, None, ""))
    again = PhoneSystem.objects.create(name="again")
    for gateway in Gateway.objects.all():
        gateway.pk, gateway.phone_system = None, again
        gateway.save()
        GatewayCarrier.objects.create(gateway=gateway, carrier=prices.tariff.carrier)
    import_files(again, write(tmp_path / "again", generated()))

    def costs(system: str) -> list[tuple[Any, ...]]:
        columns = (*COMPARED, "destination")
        records = CallRecord.objects.filter(phone_system_id=PhoneSystem.objects.get(name=system).pk)
        return list(records.order_by(*columns).values_list(*columns))

    assert costs(SYSTEM) == costs("again")


@pytest.mark.parametrize("step", ["apply", "undo"])
def test_a_killed_step_is_finished_by_the_next_worker(prices: Rate, monkeypatch: Any, step: str) -> None:
    before = held()
    correction = ready()
    if step == "undo":
        run(corrections.start_applying(correction, None, ""))
        correction = fresh(correction)
    start = {"apply": lambda one: corrections.start_applying(one, None, ""),
             "undo": lambda one: corrections.start_undoing(one, None, "wrong")}[step]  # fmt: skip
    write_totals, chunks = correcting.write_totals, []

    def killed(totals: Any) -> None:
        chunks.append(totals)
        if len(chunks) == 2:
            raise KeyboardInterrupt
        write_totals(totals)

    monkeypatch.setattr(correcting, "write_totals", killed)
    job = start(correction)
    assert job is not None
    with pytest.raises(KeyboardInterrupt):
        jobs.run(job.pk)
    assert_totals_agree()
    monkeypatch.setattr(correcting, "write_totals", write_totals)
    type(job).objects.filter(pk=job.pk).update(state="waiting")
    jobs.run(job.pk)
    correction = fresh(correction)
    assert CorrectedRecord.objects.count() == correction.changed
    assert CorrectedRecord.objects.values("record_id").distinct().count() == correction.changed
    assert_totals_agree()
    if step == "apply":
        assert correction.state == "applied"
        assert ready().changed == 0
        run(corrections.start_undoing(correction, None, "wrong"))
    assert fresh(correction).summary["undone"]["restored"] == correction.changed
    assert held() == before
    assert_totals_agree()


def test_an_interrupted_correction_can_be_continued_or_undone(prices: Rate, monkeypatch: Any) -> None:
    before = held()
    correction = ready()

    def cancelled(self: Any, done: int, total: int | None = None) -> None:
        raise jobs.JobCancelled

    with monkeypatch.context() as patch:
        patch.setattr(jobs.Progress, "step", cancelled)
        job = corrections.start_applying(correction, None, "")
        assert job is not None
        jobs.run(job.pk)
    correction = fresh(correction)
    assert (correction.state, correction.is_interrupted) == ("applying", True)
    assert 0 < CorrectedRecord.objects.count() < correction.changed
    run(corrections.start_undoing(correction, None, "wrong"))
    assert held() == before
    assert_totals_agree()


def test_of_two_people_at_an_interrupted_correction_one_goes_on(prices: Rate) -> None:
    correction = ready()
    Correction.objects.filter(pk=correction.pk).update(state="applying")
    mine, yours = fresh(correction), fresh(correction)
    resumed = corrections.start_applying(mine, None, "")
    assert corrections.start_undoing(yours, None, "wrong") is None
    assert (fresh(correction).state, fresh(correction).job) == ("applying", resumed)
    run(resumed)
    assert fresh(correction).state == "applied"


def test_a_step_that_was_overtaken_does_not_say_how_the_correction_ended(prices: Rate) -> None:
    correction = ready()
    job = corrections.start_applying(correction, None, "")
    assert job is not None

    def overtaken(sender: Any, **told: Any) -> None:
        Correction.objects.filter(pk=correction.pk).update(state="undoing")

    calls_corrected.connect(overtaken)
    try:
        jobs.run(job.pk)
    finally:
        calls_corrected.disconnect(overtaken)
    job.refresh_from_db()
    assert (job.state, fresh(correction).state) == ("failed", "undoing")
    assert not AuditEntry.objects.filter(subject_type="correction").exclude(action="dry_run").exists()


def test_undo_leaves_alone_what_was_changed_or_continued_meanwhile(prices: Rate, tmp_path: Path) -> None:
    correction = ready()
    run(corrections.start_applying(correction, None, ""))
    prices.price_per_minute = Decimal("0.12")
    prices.save()
    later = ready(Selection(end=datetime(2026, 3, 3, 10, tzinfo=UTC).isoformat()))
    run(corrections.start_applying(later, None, ""))
    gone = CallRecord.objects.filter(pricing=Pricing.PRICED).order_by("-started_at").first()
    assert gone is not None
    totals = correcting.Totals()
    correcting.count(totals, correcting.read(CallRecord.objects.filter(pk=gone.pk))[0], -1)
    correcting.write_totals(totals)
    gone.delete()
    run(corrections.start_undoing(fresh(correction), None, "wrong"))
    undone = fresh(correction).summary["undone"]
    assert (undone["vanished"], undone["changed_meanwhile"]) == (1, later.changed)
    assert undone["restored"] == correction.changed - 1 - later.changed > 0
    assert CallRecord.objects.filter(pricing=Pricing.PRICED).count() == later.changed
    assert_totals_agree()


def test_prices_changed_since_the_dry_run_stop_it(prices: Rate) -> None:
    correction = ready()
    prices.price_per_minute = Decimal("0.12")
    prices.save()
    before = held()
    job = corrections.start_applying(correction, None, "")
    assert job is not None
    jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.error) == ("failed", "Prices have changed since the dry run.")
    assert held() == before


def test_the_command_says_what_it_would_do_and_does_it(prices: Rate) -> None:
    def recost(*options: str) -> dict[str, Any]:
        out = StringIO()
        call_command("recost", "--from", "2026-03-01", "--to", "2026-03-05", "--json", *options, stdout=out)
        answer: dict[str, Any] = json.loads(out.getvalue())
        return answer

    dry = recost()
    assert not CallRecord.objects.filter(pricing=Pricing.PRICED).exists()
    done = recost("--apply", "--system", SYSTEM)
    assert (done["changed"], done["costs"]) == (dry["changed"], dry["costs"])
    assert CallRecord.objects.filter(pricing=Pricing.PRICED).count() == dry["changed"] > 0
    assert recost("--apply")["changed"] == 0
    assert_totals_agree()
