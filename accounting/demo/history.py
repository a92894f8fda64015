"""The demo organisation's past: a year of files that end now, with some faults, written to a folder for import."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from accounting.demo.faults import damaged, foreign, sent_twice
from accounting.demo.generation import GeneratedFile, Generation
from accounting.demo.organisation import Organisation

RECORDS_PER_FILE = 6_000
QUALITY_DAYS = 45
"""Days before the end for which phones report voice quality: older records only lengthen the first start."""
MINUTE_FILES = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class History:
    """How much past to make, and up to which moment."""

    organisation: Organisation
    days: int
    calls_per_day: float
    until: datetime

    def write(self, folder: Path) -> dict[str, list[Path]]:
        """Write all files under `folder`; return the paths of each phone system in the order of their arrival."""
        paths: dict[str, list[Path]] = {system: [] for system in self.organisation.systems}
        for file in self._with_faults(self._generation()):
            path = folder / file.system / file.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.content)
            paths[file.system].append(path)
        return paths

    def _generation(self) -> Generation:
        return Generation(
            self.organisation,
            self.organisation.start,
            self.days + 1,
            self.calls_per_day,
            seed=self.organisation.seed,
            records_per_file=RECORDS_PER_FILE,
            minute_files_from=self.until - MINUTE_FILES,
            cmr_from=self.until - timedelta(days=QUALITY_DAYS),
            until=self.until,
        )

    def _with_faults(self, files: Iterable[GeneratedFile]) -> Iterator[GeneratedFile]:
        """Yield the files, the second CDR file damaged, the third one twice, and at the end one that is no CDR file."""
        seen = 0
        for file in files:
            seen += file.tag == "cdr"
            yield damaged(file) if seen == 2 and file.tag == "cdr" else file
            if seen == 3 and file.tag == "cdr":
                yield sent_twice(file)
            if file.system == self.organisation.systems[-1]:
                last = file
        yield foreign(last)
