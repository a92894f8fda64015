"""Generated traffic for importer tests, and a picture of what was imported that does not depend on row numbers."""

from collections.abc import Iterable
from datetime import date
from functools import cache
from pathlib import Path

from accounting.demo.generation import GeneratedFile, Generation
from accounting.demo.organisation import build_organisation
from accounting.models import CallLeg, CallRecord, PhoneSystem
from accounting.services.recording import RECORD_COLUMNS

SYSTEM = "ucm-europe"
NOT_COMPARED = {"phone_system_id", "call_id", "batch_id", "gateway_id"}
FEATURES = {"transfer": 0.2, "conferences": 0.1, "park": 0.05, "pickup": 0.05, "barge": 0.03, "idivert": 0.05}


@cache
def generated(calls: int = 150, seed: int = 1, records_per_file: int = 0) -> tuple[GeneratedFile, ...]:
    """Return the files of a day of a small organisation that uses every feature a lot."""
    generation = Generation(
        build_organisation(40), date(2026, 3, 3), 1, calls, seed=seed, scenario_shares=FEATURES, systems=(SYSTEM,),
        records_per_file=records_per_file,
    )  # fmt: skip
    return tuple(generation)


def write(folder: Path, files: Iterable[GeneratedFile]) -> list[Path]:
    """Write generated files and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for file in files:
        path = folder / file.name
        path.write_bytes(file.content)
        paths.append(path)
    return paths


def picture(phone_system: PhoneSystem) -> list[tuple[object, ...]]:
    """Return all call records of a phone system with the number of legs of their calls, in an order of their own."""
    legs: dict[int, int] = {}
    for call_id in CallLeg.objects.filter(phone_system_id=phone_system.pk).values_list("call_id", flat=True):
        legs[call_id] = legs.get(call_id, 0) + 1
    columns = [name for name in RECORD_COLUMNS if name not in NOT_COMPARED]
    records = CallRecord.objects.filter(phone_system_id=phone_system.pk)
    return sorted(
        ((legs[record.call_id], *(getattr(record, name) for name in columns)) for record in records), key=repr
    )
