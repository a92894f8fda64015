"""Write one batch: new legs, the calls they form or continue, totals, and what was discovered on the way."""

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any
from uuid import UUID

from django.db import connection

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
from accounting.services.discovering import Discovery
from accounting.services.grouping import Group, StoredLeg, group
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
from accounting.services.topology import Topology
from accounting.sources.base import LEG_FIELDS, Leg, Quality, Reading
from callanalytics.lib.bulk import allocate_ids, insert_rows

LEG_COLUMNS = [
    {"originated": "originated_at", "connected": "connected_at", "disconnected": "disconnected_at"}.get(name, name)
    for name in LEG_FIELDS
]
PLAIN_LEG_FIELDS = attrgetter(*LEG_FIELDS)
KEY, ORIGINATED, CONNECTED, DISCONNECTED = (
    LEG_FIELDS.index(name) for name in ("record_key", "originated", "connected", "disconnected")
)
QUALITY_COLUMNS = [
    "phone_system_id", "record_key", "call_ref", "leg", "measured_at", "device", "mos", "jitter_ms", "latency_ms",
    "loss_permille",
]  # fmt: skip
Key = tuple[int, str]
"""What a record is known by: its time (epoch seconds) and its own id, or the hash of its row."""
STORED = ("record_key", "call_ref", "call_id", "orig_leg", "dest_leg", "stitch", "originated_at", "disconnected_at")


class Moments(dict[int, Any]):
    """Epoch seconds to the database's values, remembered: many records share a second."""

    def __init__(self) -> None:
        super().__init__()
        self.as_text = connection.vendor == "sqlite"

    def __missing__(self, moment: int) -> Any:
        """Return an aware datetime for PostgreSQL, Django's text form for SQLite."""
        value: Any = datetime.fromtimestamp(moment, UTC)
        if self.as_text:
            value = value.replace(tzinfo=None).isoformat(" ")
        self[moment] = value
        return value


def uuid_of(record_key: str) -> UUID:
    """Return a record key of 32 hexadecimal digits as PostgreSQL's value."""
    return UUID(hex=record_key)


class BatchWriter:
    """Collects the rows of one batch and writes them with all that follows from them."""

    def __init__(self, phone_system: PhoneSystem, batch: ImportBatch, *, wary: bool = False) -> None:
        self.phone_system = phone_system
        self.batch = batch
        self.wary = wary
        self.reference: Reference = current_reference()
        self.topology: Topology = self.reference.topology(phone_system)
        self.files: dict[int, ImportFile] = {}
        self.legs: dict[Key, Leg] = {}
        self.qualities: dict[Key, Quality] = {}
        self.quality_files: dict[Key, int] = {}
        self.moment = Moments()
        self.key_value: Callable[[str], Any] = str if self.moment.as_text else uuid_of
        self.totals = Totals()
        self.net_records = 0
        self.discovery = Discovery(phone_system, self.topology)
        refresh_devices(self.topology, phone_system)

    def take(self, reading: Reading, row: ImportFile) -> None:
        """Take a file's rows; rows that the batch has already are duplicates."""
        self.files[row.pk] = row
        for leg in reading.legs:
            key = (leg.originated, leg.record_key)
            if key in self.legs:
                row.duplicates += 1
                continue
            leg.phone_system_id, leg.file_id = self.phone_system.pk, row.pk
            self.legs[key] = leg
        for quality in reading.qualities:
            key = (quality.measured, quality.record_key)
            if key in self.qualities:
                row.duplicates += 1
                continue
            self.qualities[key] = quality
            self.quality_files[key] = row.pk
        newest = [leg.disconnected for leg in reading.legs] + [one.measured for one in reading.qualities]
        row.newest_record_at = datetime.fromtimestamp(max(newest), UTC) if newest else None

    def write(self) -> None:
        """Write everything; the transaction is the caller's."""
        stored = self.stored_legs()
        self.drop_duplicates({(one.originated, one.record_key) for one in stored})
        late = self.write_qualities()
        legs = sorted(self.legs.values(), key=lambda leg: (leg.originated, leg.record_key))
        stored += self.stored_partners(legs)
        groups = group(legs, stored)
        continued = {call_id for one in groups for call_id in one.call_ids}
        told_anew = self.discovery.look(legs) - continued
        groups += [Group([], {call_id}) for call_id in sorted(told_anew)]
        self.write_calls(legs, groups)
        self.write_totals()
        if late:
            self.update_quality(late)

    # What is there already

    def stored_legs(self) -> list[StoredLeg]:
        """Return stored legs with the call references of the batch: duplicates and continued calls are among them."""
        refs = list({leg.call_ref for leg in self.legs.values()})
        return self.stored("call_ref", refs) if refs else []

    def stored_partners(self, legs: list[Leg]) -> list[StoredLeg]:
        """Return stored legs with features that share a leg identifier with new ones."""
        found = {one for leg in legs if leg.stitch for one in (leg.orig_leg, leg.dest_leg) if one}
        if not found:
            return []
        values = list(found)
        return self.stored("orig_leg", values, "AND stitch") + self.stored("dest_leg", values, "AND stitch")

    def stored(self, column: str, values: Sequence[Any], condition: str = "") -> list[StoredLeg]:
        """Return stored legs of this phone system whose column has one of many values."""
        test, parameter = among(column, values)
        with connection.cursor() as cursor:
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

    def pairs(self, keys: Iterable[Key]) -> tuple[str, list[Any]]:
        """Return an SQL source of moments and keys, and its parameters."""
        values = [(self.moment[moment], key) for moment, key in keys]
        if self.moment.as_text:
            columns = "json_extract(value, '$[0]') AS moment, json_extract(value, '$[1]') AS key"
            return f"(SELECT {columns} FROM json_each(%s)) AS new", [json.dumps(values)]
        moments, record_keys = zip(*values, strict=True)
        return "unnest(%s::timestamptz[], %s::uuid[]) AS new(moment, key)", [list(moments), list(record_keys)]

    def drop_duplicates(self, stored: set[Key]) -> None:
        """Leave out records that an earlier batch has written."""
        if self.wary:
            stored = self.stored_keys("accounting_callleg", "originated_at", self.legs)
        for key in stored & self.legs.keys():
            self.files[self.legs.pop(key).file_id].duplicates += 1
        for leg in self.legs.values():
            if not leg.connected:
                self.files[leg.file_id].unanswered += 1

    # Calls

    def write_calls(self, legs: list[Leg], groups: list[Group]) -> None:
        """Write new legs, and the call records of all calls that are new or changed."""
        for leg, identifier in zip(legs, allocate_ids(CallLeg, len(legs)), strict=True):
            leg.id = identifier
        continued = {call_id for one in groups for call_id in one.call_ids}
        earlier = load_legs(continued)
        self.take_back(continued)
        refs = {leg.call_ref for leg in legs} | {leg.call_ref for stored in earlier.values() for leg in stored}
        recorder = self.recorder(refs)
        calls = [(self.number_call(one), one) for one in groups]
        insert_rows(CallLeg, LEG_COLUMNS, (self.leg_row(leg) for leg in legs))
        # One by one, so that the database enters records while the next ones are made; thus no queries in there.
        insert_rows(
            CallRecord,
            RECORD_COLUMNS,
            (
                row
                for call_id, one in calls
                for row in self.call_rows(
                    recorder, one.legs + [leg for other in one.call_ids for leg in earlier[other]], call_id
                )
            ),
        )
        self.discovery.write()

    def number_call(self, one: Group) -> int:
        """Give the legs of a call their common number, the lowest; returns it."""
        call_id = min(one.call_ids) if one.call_ids else one.legs[0].id
        for leg in one.legs:
            leg.call_id = call_id
        for other in one.call_ids:
            if other != call_id:
                CallLeg.objects.filter(call_id=other).update(call_id=call_id)
        return call_id

    def recorder(self, call_refs: set[str]) -> Recorder:
        """Return a recorder for calls with these references."""
        return Recorder(
            self.phone_system.pk, self.batch.pk, self.reference, self.topology, self.known_qualities(call_refs),
            self.totals,
        )  # fmt: skip

    def call_rows(self, recorder: Recorder, legs: list[Leg], call_id: int) -> list[tuple[Any, ...]]:
        """Return the rows of the call records of one call."""
        parts = assemble(legs, self.topology)
        if not parts:
            return []
        refs = (legs[0].call_ref,) if len(legs) == 1 else tuple(sorted({leg.call_ref for leg in legs}))
        for part in parts:
            self.discovery.notice(part)
        file = self.files.get(legs[0].file_id)
        if file:
            file.call_records += len(parts)
        self.net_records += len(parts)
        return [recorder.row(part, call_id, refs, self.moment) for part in parts]

    def leg_row(self, leg: Leg) -> tuple[Any, ...]:
        """Return a leg's database values in the order of LEG_COLUMNS."""
        values = list(PLAIN_LEG_FIELDS(leg))
        values[KEY] = self.key_value(leg.record_key)
        values[ORIGINATED] = self.moment[leg.originated]
        values[CONNECTED] = self.moment[leg.connected] if leg.connected else None
        values[DISCONNECTED] = self.moment[leg.disconnected]
        return tuple(values)

    def take_back(self, call_ids: Iterable[int]) -> None:
        """Remove the records of calls that will be assembled anew, and take them back from the totals."""
        call_ids = list(call_ids)
        if not call_ids:
            return
        records = CallRecord.objects.of_call(*call_ids)
        identifiers = []
        for record in records:
            take_back(record, self.totals)
            identifiers.append(record.pk)
        for start in range(0, len(identifiers), 500):
            CallRecord.objects.filter(pk__in=identifiers[start : start + 500]).delete()
        self.net_records -= len(identifiers)

    def write_totals(self) -> None:
        """Append additions and corrections; rows that come to nothing are left out."""
        days = ((self.day_value(row[0]), *row[1:]) for row in self.totals.day_rows())
        insert_rows(ExtensionDay, DAY_COLUMNS, days)
        slots = ((self.moment[row[0]], *row[1:]) for row in self.totals.slot_rows())
        insert_rows(UnitHalfHour, SLOT_COLUMNS, slots)

    def day_value(self, day: Any) -> Any:
        """Return a date as the database's value."""
        return day.isoformat() if self.moment.as_text else day

    # Quality

    def write_qualities(self) -> list[Quality]:
        """Write new quality rows; returns those whose call is not in this batch."""
        if not self.qualities:
            return []
        for key in self.stored_qualities() & self.qualities.keys():
            del self.qualities[key]
            self.files[self.quality_files[key]].duplicates += 1
        insert_rows(
            CallQuality,
            QUALITY_COLUMNS,
            (
                (self.phone_system.pk, self.key_value(one.record_key), one.call_ref, one.leg, self.moment[one.measured],
                 one.device, one.mos, one.jitter_ms, one.latency_ms, one.loss_permille)
                for one in self.qualities.values()
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
        calls = {one.call_id for one in self.stored("call_ref", list({one.call_ref for one in late}))}
        refs = {call_id: {leg.call_ref for leg in legs} for call_id, legs in load_legs(calls).items()}
        recorder = self.recorder({ref for found in refs.values() for ref in found})
        changed = []
        for record in CallRecord.objects.of_call(*calls):
            found = recorder.quality(record.leg, refs[record.call_id])
            if found != (record.mos, record.jitter_ms, record.latency_ms, record.loss_permille):
                record.mos, record.jitter_ms, record.latency_ms, record.loss_permille = found
                changed.append(record)
        CallRecord.objects.bulk_update(changed, ["mos", "jitter_ms", "latency_ms", "loss_permille"], batch_size=500)


def among(column: str, values: Sequence[Any]) -> tuple[str, Any]:
    """Return an SQL test that a column has one of many values, and its one parameter."""
    if connection.vendor == "postgresql":
        return f"{column} = ANY(%s)", list(values)
    return f"{column} IN (SELECT value FROM json_each(%s))", json.dumps(list(values))


def plain_key(value: Any) -> str:
    """Return a stored record key as 32 hexadecimal digits."""
    return value.hex if isinstance(value, UUID) else value


def epoch(value: Any) -> int:
    """Return a stored moment as epoch seconds."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    return int((value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp())


def load_legs(call_ids: Iterable[int]) -> dict[int, list[Leg]]:
    """Return the stored legs of calls."""
    found: dict[int, list[Leg]] = {call_id: [] for call_id in call_ids}
    if not found:
        return found
    test, parameter = among("call_id", list(found))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(LEG_COLUMNS)} FROM accounting_callleg WHERE {test}", [parameter])
        for row in cursor.fetchall():
            values = list(row)
            values[KEY] = plain_key(values[KEY])
            values[ORIGINATED], values[DISCONNECTED] = epoch(values[ORIGINATED]), epoch(values[DISCONNECTED])
            values[CONNECTED] = epoch(values[CONNECTED]) if values[CONNECTED] else 0
            leg = Leg(*values)
            found[leg.call_id].append(leg)
    return found
