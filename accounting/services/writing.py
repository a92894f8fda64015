"""Write one batch: new legs, the calls they form or continue, totals, and what was discovered on the way."""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import chain, islice
from operator import attrgetter
from typing import Any

from django.db import connection
from django.db.backends.utils import CursorWrapper

from accounting.models import (
    CallLeg,
    CallQuality,
    CallRecord,
    ExtensionDay,
    ImportBatch,
    ImportFile,
    PhoneSystem,
    UnitHalfHour,
)
from accounting.services.assembling import assemble
from accounting.services.columns.touching import touch_seconds
from accounting.services.discovering import Discovery
from accounting.services.grouping import Group, StoredLeg, group
from accounting.services.parting import Part
from accounting.services.purposes import Rulings, hand_on
from accounting.services.recording import (
    DAY_COLUMNS,
    RECORD_COLUMNS,
    SLOT_COLUMNS,
    Recorder,
    Totals,
    badness,
    take_back,
)
from accounting.services.reference import Reference, current_reference, refresh_devices
from accounting.services.stored_calls import LEG_FIELDS, among, epoch, load_legs, plain_key
from accounting.services.topology import Topology
from accounting.sources.base import Leg, Quality, Reading
from callanalytics.lib.bulk import Moments, NewRows, allocate_ids, day_value, insert_in_turn, insert_rows, key_values
from callanalytics.lib.updating import update_rows

LEG_COLUMNS = ["id", "phone_system_id", "file_id", "call_id", *LEG_FIELDS]
QUALITY_COLUMNS = [
    "phone_system_id", "record_key", "call_ref", "leg", "measured_at", "device", "mos", "jitter_ms", "latency_ms",
    "loss_permille",
]  # fmt: skip
ASSEMBLED_AT_ONCE = 100  # calls, before it is looked again whether the database is still busy
Key = tuple[int, str]
"""What a record is known by: its time (epoch seconds) and its own id, or the hash of its row."""
Call = tuple[list[Leg], int, ImportFile | None]
"""All legs of a call, its number, and the file of its first new leg."""
Assembled = tuple[list[Part], Call]
"""A call with its parts."""
STORED = ("record_key", "call_ref", "call_id", "orig_leg", "dest_leg", "stitch", "originated_at", "disconnected_at")


class BatchWriter:
    """Collects the rows of one batch and writes them with all that follows from them."""

    def __init__(self, phone_system: PhoneSystem, batch: ImportBatch, *, wary: bool = False) -> None:
        self.phone_system = phone_system
        self.batch = batch
        self.wary = wary
        self.reference: Reference = current_reference()
        self.topology: Topology = self.reference.topology(phone_system)
        self.legs: dict[Key, Leg] = {}
        self.qualities: dict[Key, Quality] = {}
        self.file_of: dict[Key, ImportFile] = {}
        self.quality_files: dict[Key, ImportFile] = {}
        self.alone: dict[Key, list[Part]] = {}  # what is assembled already: records that are a call each
        self.moment = Moments()
        self.totals = Totals()
        self.rulings = Rulings()
        self.net_records = 0
        self.taken_from: set[int] = set()  # people whose stored records are taken back
        self.discovery = Discovery(phone_system, self.topology)
        refresh_devices(self.topology, phone_system)

    def take(self, reading: Reading, row: ImportFile) -> None:
        """Take a file's rows; rows that the batch has already are duplicates."""
        legs, qualities, file_of = self.legs, self.qualities, self.file_of
        for leg in reading.legs:
            key = leg[:2]
            if key in legs:
                row.duplicates += 1
                continue
            legs[key] = leg
            file_of[key] = row
        for quality in reading.qualities:
            key = (quality.measured, quality.record_key)
            if key in qualities:
                row.duplicates += 1
                continue
            qualities[key] = quality
            self.quality_files[key] = row
        newest = [leg.disconnected for leg in reading.legs] + [one.measured for one in reading.qualities]
        row.newest_record_at = datetime.fromtimestamp(max(newest), UTC) if newest else None

    def write(self) -> None:
        """Write everything; the transaction is the caller's."""
        stored = self.stored_legs()
        self.drop_duplicates({(one.originated, one.record_key) for one in stored})
        late = self.write_qualities()
        legs = sorted(self.legs.values(), key=attrgetter("originated"))
        stored += self.stored_partners(legs)
        groups = group(legs, stored)
        continued = {call_id for one in groups.values() for call_id in one.call_ids}
        told_anew = self.discovery.look(legs) - continued
        self.write_calls(legs, groups, continued, sorted(told_anew))
        if late:
            self.update_quality(late)

    # What is there already

    def stored_legs(self) -> list[StoredLeg]:
        """Return stored legs with the call references of the batch: duplicates and continued calls are among them.

        For as long as the database looks, calls of a single record are assembled that depend on nothing in this batch.
        What is discovered in it matters to hunt groups only, whose members are told by their phones.
        """
        refs = Counter(leg.call_ref for leg in self.legs.values())
        if not refs:
            return []
        with connection.cursor() as cursor, ThreadPoolExecutor(1) as beside:
            found = beside.submit(self.stored, cursor, "call_ref", list(refs))
            legs, topology = self.legs.items(), self.topology
            single = (one for one in legs if refs[one[1].call_ref] == 1 and not (one[1].stitch or one[1].hunt_pilot))
            while not found.done() and (some := list(islice(single, ASSEMBLED_AT_ONCE))):
                self.alone.update((key, assemble([leg], topology)) for key, leg in some)
            return found.result()

    def stored_partners(self, legs: list[Leg]) -> list[StoredLeg]:
        """Return stored legs with features that share a leg identifier with new ones."""
        found = {one for leg in legs if leg.stitch for one in (leg.orig_leg, leg.dest_leg) if one}
        if not found:
            return []
        values = list(found)
        with connection.cursor() as cursor:
            return [leg for side in ("orig_leg", "dest_leg") for leg in self.stored(cursor, side, values, "AND stitch")]

    def stored(self, cursor: CursorWrapper, column: str, values: Sequence[Any], condition: str = "") -> list[StoredLeg]:
        """Return stored legs of this phone system whose column has one of many values."""
        test, parameter = among(column, values)
        cursor.execute(
            f"SELECT {', '.join(STORED)} FROM accounting_callleg WHERE phone_system_id = %s AND {test} {condition}",
            [self.phone_system.pk, parameter],
        )
        return [
            StoredLeg(plain_key(key), ref, call, orig_leg, dest_leg, bool(stitch), epoch(begun), epoch(ended))
            for key, ref, call, orig_leg, dest_leg, stitch, begun, ended in cursor.fetchall()
        ]

    def stored_keys(self, table: str, moment: str, keys: Collection[Key]) -> set[Key]:
        """Return those keys that a table has already, whatever call they were written for."""
        if not keys:
            return set()
        source, parameters = self.pairs(keys)
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {moment}, record_key FROM {source} CROSS JOIN {table}"
                f" WHERE {moment} = new.moment AND record_key = new.key AND phone_system_id = %s",
                [*parameters, self.phone_system.pk],
            )
            return {(epoch(row[0]), plain_key(row[1])) for row in cursor.fetchall()}

    def pairs(self, keys: Collection[Key]) -> tuple[str, list[Any]]:
        """Return an SQL source of moments and keys, and its parameters."""
        if self.moment.as_text:
            values = [(self.moment[moment], key) for moment, key in keys]
            columns = "json_extract(value, '$[0]') AS moment, json_extract(value, '$[1]') AS key"
            return f"(SELECT {columns} FROM json_each(%s)) AS new", [json.dumps(values)]
        moments = [datetime.fromtimestamp(moment, UTC) for moment, _ in keys]
        return "unnest(%s::timestamptz[], %s::uuid[]) AS new(moment, key)", [moments, [key for _, key in keys]]

    def drop_duplicates(self, stored: set[Key]) -> None:
        """Leave out records that an earlier batch has written."""
        if self.wary:
            stored = self.stored_keys("accounting_callleg", "originated_at", self.legs)
        for key in stored & self.legs.keys():
            del self.legs[key]
            self.file_of[key].duplicates += 1
        for key, leg in self.legs.items():
            if not leg.connected:
                self.file_of[key].unanswered += 1

    # Calls

    def write_calls(self, legs: list[Leg], groups: dict[int, Group], continued: set[int], told_anew: list[int]) -> None:
        """Write new legs, the call records of all calls that are new or changed, and what both change in the totals."""
        ids = allocate_ids(CallLeg, len(legs))
        call_ids = self.number_calls(ids, groups)
        earlier = load_legs(continued.union(told_anew))
        # A call record begins with one of its legs.
        touch_seconds(leg.originated for leg in chain(legs, *earlier.values()))
        self.take_back(earlier)
        refs = {leg.call_ref for leg in legs} | {leg.call_ref for stored in earlier.values() for leg in stored}
        recorder = self.recorder(refs)
        files = [self.file_of[leg[:2]] for leg in legs]
        calls = chain(
            new_calls(legs, groups, call_ids, files, earlier), ((earlier[call], call, None) for call in told_anew)
        )
        insert_in_turn([
            NewRows(CallLeg, LEG_COLUMNS, self.leg_rows(legs, ids, call_ids, files)),
            NewRows(CallRecord, RECORD_COLUMNS, self.record_rows(recorder, self.assembling(calls))),
            # These begin when all records are made.
            NewRows(ExtensionDay, DAY_COLUMNS, self.totals.day_rows(day_value)),
            NewRows(UnitHalfHour, SLOT_COLUMNS, self.totals.slot_rows(self.moment)),
        ])  # fmt: skip
        self.discovery.write()

    def number_calls(self, ids: Sequence[int], groups: dict[int, Group]) -> list[int]:
        """Return the number of each leg's call: the lowest of its legs; gives it to stored legs of the same call."""
        call_ids = list(ids)
        for position, one in groups.items():
            if position != one.positions[0]:
                continue
            call_id = min(one.call_ids, default=ids[position])
            for member in one.positions:
                call_ids[member] = call_id
            for other in one.call_ids - {call_id}:
                CallLeg.objects.filter(call_id=other).update(call_id=call_id)
                self.rulings.joined[other] = call_id
        return call_ids

    def recorder(self, call_refs: set[str]) -> Recorder:
        """Return a recorder for calls with these references."""
        return Recorder(
            self.phone_system.pk, self.batch.pk, self.reference, self.topology, self.known_qualities(call_refs),
            self.totals,
        )  # fmt: skip

    def assembling(self, calls: Iterable[Call]) -> Iterator[Assembled]:
        """Yield the parts of each call when they are asked for, unless they are there."""
        topology, alone = self.topology, self.alone
        for call in calls:
            legs = call[0]
            parts = alone.get(legs[0][:2]) if len(legs) == 1 else None
            yield assemble(legs, topology) if parts is None else parts, call

    def record_rows(self, recorder: Recorder, calls: Iterable[Assembled]) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of the call records of these calls."""
        notice, row, moment, ruled = self.discovery.notice, recorder.row, self.moment, self.rulings.kept
        seen, measured = self.topology.seen, bool(recorder.qualities)
        for parts, (legs, call_id, file) in calls:
            refs = sorted({leg.call_ref for leg in legs}) if measured else ()
            if call_id in ruled:
                hand_on(ruled[call_id], parts)
            for part in parts:
                if part.hunt_pilot or part.extension not in seen:
                    notice(part)
                yield row(part, call_id, refs, moment)
            if file:
                file.call_records += len(parts)
            self.net_records += len(parts)

    def leg_rows(
        self, legs: list[Leg], ids: Iterable[int], call_ids: Iterable[int], files: Iterable[ImportFile]
    ) -> Iterator[tuple[Any, ...]]:
        """Yield the legs' database values in the order of LEG_COLUMNS."""
        system, moment, keys = self.phone_system.pk, self.moment, key_values(leg.record_key for leg in legs)
        file_ids = [file.pk for file in files]
        for leg, key, leg_id, call_id, file_id in zip(legs, keys, ids, call_ids, file_ids, strict=True):
            begun, _, answered, ended = leg[:4]
            times = (moment[begun], key, moment[answered], moment[ended])
            yield (leg_id, system, file_id, call_id) + times + leg[4:]  # noqa: RUF005  (takes half the time)

    def take_back(self, call_ids: Iterable[int]) -> None:
        """Remove the records of calls that will be assembled anew, and take them back from the totals."""
        call_ids = list(call_ids)
        if not call_ids:
            return
        records = CallRecord.objects.of_call(*call_ids)
        identifiers = []
        for record in records:
            take_back(record, self.totals)
            self.rulings.keep(record)
            identifiers.append(record.pk)
            if record.user_id:
                self.taken_from.add(record.user_id)
        for start in range(0, len(identifiers), 500):
            CallRecord.objects.filter(pk__in=identifiers[start : start + 500]).delete()
        self.net_records -= len(identifiers)

    # Quality

    def write_qualities(self) -> list[Quality]:
        """Write new quality rows; returns those whose call is not in this batch."""
        if not self.qualities:
            return []
        for key in self.stored_qualities() & self.qualities.keys():
            del self.qualities[key]
            self.quality_files[key].duplicates += 1
        insert_rows(
            CallQuality,
            QUALITY_COLUMNS,
            (
                (self.phone_system.pk, key, one.call_ref, one.leg, self.moment[one.measured],
                 one.device, one.mos, one.jitter_ms, one.latency_ms, one.loss_permille)
                for key, one in zip(
                    key_values(one.record_key for one in self.qualities.values()), self.qualities.values(), strict=True
                )
            ),
        )  # fmt: skip
        here = {leg.call_ref for leg in self.legs.values()}
        return [one for one in self.qualities.values() if one.call_ref not in here]

    def stored_qualities(self) -> set[Key]:
        """Return stored reports with the call references of the batch."""
        if self.wary:
            return self.stored_keys("accounting_callquality", "measured_at", self.qualities)
        test, parameter = among("call_ref", list({one.call_ref for one in self.qualities.values()}))
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT measured_at, record_key FROM accounting_callquality WHERE phone_system_id = %s AND {test}",
                [self.phone_system.pk, parameter],
            )
            return {(epoch(row[0]), plain_key(row[1])) for row in cursor.fetchall()}

    def known_qualities(self, refs: set[str]) -> dict[tuple[str, int], Quality]:
        """Return the worst report of each leg of these calls."""
        if not refs or not CallQuality.objects.filter(phone_system_id=self.phone_system.pk).exists():
            return {}
        test, parameter = among("call_ref", list(refs))
        columns = "call_ref, leg, device, mos, jitter_ms, latency_ms, loss_permille"
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {columns} FROM accounting_callquality WHERE phone_system_id = %s AND {test}",
                [self.phone_system.pk, parameter],
            )
            reports = [Quality(0, "", row[0], row[1], 0, *row[2:]) for row in cursor.fetchall()]
        worst: dict[tuple[str, int], Quality] = {}
        for report in reports:
            known = worst.get((report.call_ref, report.leg))
            if known is None or badness(report) < badness(known):
                worst[report.call_ref, report.leg] = report
        return worst

    def update_quality(self, late: list[Quality]) -> None:
        """Enter quality into records that were written before it came."""
        with connection.cursor() as cursor:
            calls = {one.call_id for one in self.stored(cursor, "call_ref", list({one.call_ref for one in late}))}
        refs = {call_id: {leg.call_ref for leg in legs} for call_id, legs in load_legs(calls).items()}
        recorder = self.recorder({ref for found in refs.values() for ref in found})
        changed, started = [], []
        for record in CallRecord.objects.of_call(*calls):
            found = recorder.quality(record.leg, refs[record.call_id])
            if found != (record.mos, record.jitter_ms, record.latency_ms, record.loss_permille):
                changed.append((record.pk, *found))
                started.append(int(record.started_at.timestamp()))
        touch_seconds(started)
        update_rows(CallRecord, ["mos", "jitter_ms", "latency_ms", "loss_permille"], changed)


def new_calls(
    legs: list[Leg], groups: dict[int, Group], call_ids: list[int], files: list[ImportFile],
    earlier: dict[int, list[Leg]],
) -> Iterator[Call]:  # fmt: skip
    """Yield the calls that new legs form or continue, in the order of their first legs."""
    for position, leg in enumerate(legs):
        one = groups.get(position)
        if one is None:
            yield [leg], call_ids[position], files[position]
        elif position == one.positions[0]:
            members = [legs[member] for member in one.positions]
            members += [stored for call_id in one.call_ids for stored in earlier[call_id]]
            yield members, call_ids[position], files[position]
