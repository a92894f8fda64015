"""Traffic in real time: files appear in the inbox folders as if the clusters were running now."""

import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from itertools import accumulate
from pathlib import Path

from accounting.demo.call_book import Row
from accounting.demo.generation import RowWriter
from accounting.demo.organisation import Organisation
from accounting.demo.records import file_name
from accounting.demo.rhythm import poisson
from accounting.demo.shares import SCENARIOS, shares
from accounting.demo.traffic import Traffic

INTERVAL = 3.0
_MOMENTS = ("dateTimeOrigination", "dateTimeConnect", "dateTimeDisconnect", "dateTimeStamp")


class LiveTraffic:
    """Writes a small file for each phone system and node every few seconds, with calls that end now."""

    def __init__(
        self,
        organisation: Organisation,
        folder: Path,
        *,
        version: str = "15",
        scenario_shares: Mapping[str, float] | None = None,
        seed: int | None = None,
        cmr: bool = True,
        systems: tuple[str, ...] = (),
    ) -> None:
        """Files go to `folder`/<phone system>; without a seed every run is different."""
        started = int(time.time())
        self._folder = folder
        self._offices = organisation.offices
        self._systems = set(systems or organisation.systems)
        self._rng = random.Random(started if seed is None else seed)
        self._traffic = Traffic(organisation, started if seed is None else seed, started, quality=cmr)
        self._traffic.begin_day(datetime.now(UTC).date())
        self._weights = list(accumulate(shares(scenario_shares).values()))
        self._writer = RowWriter(version)
        self._sequence: Counter[str] = Counter(dict.fromkeys(organisation.systems, started % 1_000_000))
        for system in self._systems:
            (folder / system).mkdir(parents=True, exist_ok=True)

    def play(self, calls_per_minute: float, seconds: float | None, told: Callable[[int, int], object]) -> None:
        """Play until the seconds are over (None: for ever); `told` hears the number of calls and files of each step."""
        end = None if seconds is None else time.monotonic() + seconds
        while end is None or time.monotonic() < end:
            calls = poisson(self._rng, calls_per_minute * INTERVAL / 60)
            told(calls, len(self.write(calls)))
            time.sleep(INTERVAL if end is None else max(0.0, min(INTERVAL, end - time.monotonic())))

    def write(self, calls: int) -> list[Path]:
        """Write the files of this many calls, all ending now; return their paths."""
        lines: defaultdict[tuple[str, int, str], list[str]] = defaultdict(list)
        for row in (row for _ in range(calls) for row in self._call(int(time.time()))):
            if row.system in self._systems:
                lines[row.system, row.node, row.tag].append(self._writer.line(row))
        return [self._put(*key, rows) for key, rows in lines.items()]

    def _call(self, now: int) -> list[Row]:
        """Return the records of a call, moved in time so that the last one ends now."""
        office = self._rng.choices(range(len(self._offices)), [office.share for office in self._offices])[0]
        name = self._rng.choices(list(SCENARIOS), cum_weights=self._weights)[0]
        rows = self._traffic.rows
        rows.clear()
        SCENARIOS[name][0](self._traffic, office, now)
        late = max(row.ended for row in rows) - now
        for row in rows:
            for column in _MOMENTS:
                if row.fields.get(column):
                    row.fields[column] = int(str(row.fields[column])) - late
        return list(rows)

    def _put(self, system: str, node: int, tag: str, lines: list[str]) -> Path:
        """Write a file under a name that collectors leave alone, then give it its own, as UCM does."""
        self._sequence[system] += 1
        name = file_name(tag, system, node, datetime.now(UTC), self._sequence[system])
        unfinished = self._folder / system / f"_{name}"
        unfinished.write_bytes(self._writer.content(tag, lines))
        return unfinished.rename(self._folder / system / name)
