"""The generator of UCM record files: an organisation's calls over some days, streamed as UCM would write them."""

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate

from accounting.demo.call_book import Row
from accounting.demo.organisation import Organisation
from accounting.demo.records import file_name, header, template
from accounting.demo.rhythm import SLOT, growth, poisson, slot_share
from accounting.demo.shares import SCENARIOS, shares
from accounting.demo.traffic import Traffic


@dataclass(frozen=True, slots=True)
class GeneratedFile:
    """A finished file of one phone system."""

    system: str
    name: str
    tag: str
    """cdr or cmr."""
    records: int
    content: bytes


@dataclass(slots=True)
class Manifest:
    """What a generation wrote, for tests to compare with; complete when all files have been taken."""

    calls: Counter[str] = field(default_factory=Counter)
    """Calls by scenario."""
    records: Counter[str] = field(default_factory=Counter)
    """CDRs by scenario, as made; some may end after the last moment or belong to a system that was not asked for."""
    cdr: Counter[str] = field(default_factory=Counter)
    """CDRs written, by phone system."""
    cmr: Counter[str] = field(default_factory=Counter)
    """CMRs written, by phone system."""
    files: int = 0


class RowWriter:
    """Turns rows into lines of a UCM version."""

    def __init__(self, version: str) -> None:
        """ValueError for a version that is not known."""
        self.version = version
        self._templates: dict[str, str] = {}

    def line(self, row: Row) -> str:
        """Return the line of a row, with its line end."""
        made = self._templates.get(row.tag)
        if made is None:
            made = self._templates[row.tag] = template(row.tag, self.version, row.fields)
        return made % row.fields

    def content(self, tag: str, lines: list[str]) -> bytes:
        """Return the content of a file with these lines."""
        return (header(tag, self.version) + "".join(lines)).encode()


class Generation:
    """Files of an organisation's calls; iterate once to get them, then read `manifest`.

    Memory holds the rows of about the longest call, not of the whole time.
    """

    def __init__(
        self,
        organisation: Organisation,
        start: date,
        days: int,
        calls_per_day: float,
        *,
        seed: int = 1,
        version: str = "15",
        scenario_shares: Mapping[str, float] | None = None,
        records_per_file: int = 0,
        minute_files_from: datetime | None = None,
        cmr: bool = True,
        cmr_from: datetime | None = None,
        systems: tuple[str, ...] = (),
        until: datetime | None = None,
    ) -> None:
        """Ask for `days` days (UTC) from `start`; `calls_per_day` calls of all offices on an ordinary working day.

        `scenario_shares`: as in shares(). `records_per_file` 0 makes a file for each node and minute, as UCM
        does; another number joins minutes up to it, but not after `minute_files_from`. `cmr_from`: no quality records
        before. `systems`: only these phone systems, all by default. `until`: what ends later is not written.
        """
        self.organisation = organisation
        self.start, self.days, self.calls_per_day = start, days, calls_per_day
        self.manifest = Manifest()
        self._begin = datetime.combine(start, time(), UTC)
        self._end = self._begin + timedelta(days=days)
        self._until = int(until.timestamp()) if until else None
        self._cmr, self._cmr_from = cmr, int((cmr_from or self._begin).timestamp())
        self._systems = set(systems or organisation.systems)
        self._rng = random.Random(f"calls {seed}")
        self._traffic = Traffic(organisation, seed, int(self._begin.timestamp()), quality=cmr)
        self._names = list(SCENARIOS)
        self._weights = list(accumulate(shares(scenario_shares).values()))
        self._files = _Files(RowWriter(version), self.manifest, records_per_file, minute_files_from)

    def __iter__(self) -> Iterator[GeneratedFile]:
        slot = self._begin
        while slot < self._end and (self._until is None or slot.timestamp() <= self._until):
            if slot.hour == slot.minute == 0:
                self._traffic.begin_day(slot.date())
            self._make_slot(slot)
            slot += SLOT
            yield from self._files.before(int(slot.timestamp()))
        yield from self._files.rest()

    def _make_slot(self, slot: datetime) -> None:
        """Make the calls that begin in a half-hour, in the order of their beginning."""
        rng, first = self._rng, int(slot.timestamp())
        beginnings: list[tuple[int, int]] = []
        for index, office in enumerate(self.organisation.offices):
            mean = self.calls_per_day * office.share * slot_share(index, slot) * growth(self.start, slot)
            beginnings += [(first + int(rng.random() * SLOT.seconds), index) for _ in range(poisson(rng, mean))]
        beginnings.sort()
        names = rng.choices(self._names, cum_weights=self._weights, k=len(beginnings))
        for (at, where), name in zip(beginnings, names, strict=True):
            self._make_call(name, SCENARIOS[name][0], where, at)

    def _make_call(self, name: str, scenario: Callable[[Traffic, int, int], None], office: int, at: int) -> None:
        traffic = self._traffic
        traffic.quality = self._cmr and at >= self._cmr_from
        traffic.rows.clear()
        scenario(traffic, office, at)
        self.manifest.calls[name] += 1
        for row in traffic.rows:
            self.manifest.records[name] += row.tag == "cdr"
            if row.system in self._systems and (self._until is None or row.ended <= self._until):
                self._files.add(row)


class _Files:
    """Gathers lines by the minute of their end and cuts them into files in the order of time."""

    def __init__(self, writer: RowWriter, manifest: Manifest, limit: int, minute_files_from: datetime | None) -> None:
        self._writer = writer
        self._manifest = manifest
        self._limit = limit
        self._minute_files_from = int(minute_files_from.timestamp()) // 60 if minute_files_from else None
        self._minutes: dict[int, dict[tuple[str, int, str], list[tuple[int, str]]]] = defaultdict(
            lambda: defaultdict(list)
        )
        self._open: dict[tuple[str, int, str], list[str]] = {}
        self._newest: dict[tuple[str, int, str], int] = {}
        self._sequence: Counter[str] = Counter()

    def add(self, row: Row) -> None:
        """Take a row into the minute in which it ends."""
        self._minutes[row.ended // 60][row.system, row.node, row.tag].append((row.ended, self._writer.line(row)))

    def before(self, moment: int) -> Iterator[GeneratedFile]:
        """Yield the files of all minutes that end before a moment: no row can come for them any more."""
        for minute in sorted(m for m in self._minutes if (m + 1) * 60 <= moment):
            yield from self._take(minute)

    def rest(self) -> Iterator[GeneratedFile]:
        """Yield what is left."""
        for minute in sorted(self._minutes):
            yield from self._take(minute)
        for key in list(self._open):
            yield self._close(key)

    def _take(self, minute: int) -> Iterator[GeneratedFile]:
        by_minute = not self._limit or (self._minute_files_from is not None and minute >= self._minute_files_from)
        if by_minute:
            for key in list(self._open):
                yield self._close(key)
        for key, rows in self._minutes.pop(minute).items():
            rows.sort(key=lambda row: row[0])
            lines = self._open.setdefault(key, [])
            lines.extend(line for _, line in rows)
            self._newest[key] = minute
            if by_minute or len(lines) >= self._limit:
                yield self._close(key)

    def _close(self, key: tuple[str, int, str]) -> GeneratedFile:
        system, node, tag = key
        lines = self._open.pop(key)
        self._sequence[system] += 1
        written = datetime.fromtimestamp((self._newest[key] + 1) * 60, UTC)
        counter = self._manifest.cdr if tag == "cdr" else self._manifest.cmr
        counter[system] += len(lines)
        self._manifest.files += 1
        name = file_name(tag, system, node, written, self._sequence[system])
        return GeneratedFile(system, name, tag, len(lines), self._writer.content(tag, lines))
