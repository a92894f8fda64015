"""What the simulated cluster holds: calling search spaces, lines, phones; in a file, so that it outlives a kill."""

import json
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

DEFAULTS = {"maxNumCalls": "4", "busyTrigger": "2"}
"""What a phone's line has where nothing else was sent: a change that leaves settings out loses them."""


@dataclass(slots=True)
class Css:
    """A calling search space, and whether its patterns block outgoing calls."""

    uuid: str
    blocks: bool = False


@dataclass(slots=True)
class Line:
    """A directory number; phones use the calling search space that was last applied."""

    css: str = ""
    applied_css: str = ""


@dataclass(slots=True)
class Phone:
    """A phone with its lines, as registered."""

    lines: list[dict[str, str]] = field(default_factory=list)
    """Of each: index, label, pattern, routePartitionName and further settings."""
    address: str = "127.0.0.1"
    model: str = "684"
    load: str = "sip88xx.14-2-1"
    web_server: bool = True
    registered: bool = True
    seen_at: int = 1


@dataclass(slots=True)
class Content:
    """Everything in the cluster's database."""

    css: dict[str, Css] = field(default_factory=dict)
    lines: dict[str, Line] = field(default_factory=dict)
    """By partition and pattern: PT_Internal/211."""
    phones: dict[str, Phone] = field(default_factory=dict)


class Cluster:
    """The cluster's database: one change at a time, each on the disk before it is answered."""

    def __init__(self, file: Path | None = None) -> None:
        """Take the file; what it holds is there again."""
        self.file, self.guard = file, threading.RLock()
        self.content = Content()
        if file is not None and file.exists():
            self.load(json.loads(file.read_text(encoding="utf-8")))

    def load(self, data: dict[str, Any]) -> None:
        """Replace everything."""
        self.content = Content(
            {name: Css(**one) for name, one in data["css"].items()},
            {key: Line(**one) for key, one in data["lines"].items()},
            {name: Phone(**one) for name, one in data["phones"].items()},
        )

    @contextmanager
    def changing(self, *, changes: bool = True) -> Iterator[Content]:
        """Give the content to be changed, and keep it; `changes` is False where it is only read."""
        with self.guard:
            yield self.content
            if changes and self.file is not None:
                new = self.file.with_suffix(".new")
                new.write_text(json.dumps(asdict(self.content)), encoding="utf-8")
                new.replace(self.file)

    def add_css(self, name: str, *, blocks: bool = False) -> None:
        """Add a calling search space."""
        with self.changing() as content:
            content.css[name] = Css(f"{{{str(uuid.uuid4()).upper()}}}", blocks)

    def add_line(self, pattern: str, partition: str = "", css: str = "", phones: tuple[str, ...] = ()) -> None:
        """Add a line to the first free place of each of these phones."""
        with self.changing() as content:
            content.lines[f"{partition}/{pattern}"] = Line(css, css)
            for name in phones:
                phone = content.phones.setdefault(name, Phone())
                place = {"index": str(len(phone.lines) + 1), "label": "", "display": f"Desk {pattern}"}
                place |= {"pattern": pattern, "routePartitionName": partition, "e164Mask": f"+4930{pattern}"}
                phone.lines.append(place | DEFAULTS)

    def phones_of(self, pattern: str, partition: str) -> list[str]:
        """Return the phones that have this line."""
        return [
            name
            for name, phone in self.content.phones.items()
            if any((line["pattern"], line["routePartitionName"]) == (pattern, partition) for line in phone.lines)
        ]

    def bars(self, pattern: str, partition: str = "") -> bool:
        """Whether outgoing calls of a line are blocked: the truth against which the product is held."""
        with self.guard:
            line = self.content.lines[f"{partition}/{pattern}"]
            css = self.content.css.get(line.applied_css)
            return css is not None and css.blocks
