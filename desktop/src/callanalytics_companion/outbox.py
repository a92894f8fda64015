"""What the portal is still to be told: the newest wish only, kept on disk, so that a restart forgets nothing."""

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from callanalytics_companion.folders import write_privately


@dataclass(frozen=True, slots=True)
class Wish:
    """The extension should be locked, or not any more, since a moment."""

    locked: bool
    at: datetime
    name: str
    """Of its file; newer wishes have greater names."""


class Outbox:
    """The folder of the wish that waits; several processes may use it at the same time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, *, locked: bool, at: datetime | None = None) -> Wish:
        """Keep a wish; it takes the place of an older one."""
        at = at or datetime.now(UTC)
        name = f"wish-{self._place(at):020}-{secrets.token_hex(8)}.json"
        write_privately(self.folder / name, json.dumps({"locked": locked, "at": at.isoformat()}))
        wish = Wish(locked, at, name)
        self._forget(lambda other: other < name)
        return wish

    def pending(self) -> Wish | None:
        """Return the newest wish; files that cannot be read are thrown away."""
        for path in sorted(self.folder.glob("wish-*.json"), reverse=True):
            try:
                held = json.loads(path.read_text(encoding="utf-8"))
                return Wish(bool(held["locked"]), datetime.fromisoformat(held["at"]), path.name)
            except FileNotFoundError:
                continue
            except (ValueError, KeyError, TypeError):
                path.unlink(missing_ok=True)
        return None

    def done(self, wish: Wish) -> None:
        """Forget a wish that is fulfilled, and older ones; a newer one stays."""
        self._forget(lambda other: other <= wish.name)

    def _place(self, at: datetime) -> int:
        """Return a number beyond those of all wishes that wait, also after the clock was set back."""
        waiting = [int(path.name.split("-")[1]) for path in self.folder.glob("wish-*-*.json")]
        return max([int(at.timestamp() * 1_000_000), *(number + 1 for number in waiting)])

    def _forget(self, is_over: Callable[[str], bool]) -> None:
        for path in self.folder.glob("wish-*.json"):
            if is_over(path.name):
                path.unlink(missing_ok=True)
