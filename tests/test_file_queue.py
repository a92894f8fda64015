"""The embedded queue: a message is never seen half written, and arrives once."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from kombu import Connection

from callanalytics import file_queue


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Connection]:
    """A queue in a folder of its own."""
    for folder in ("messages", "control", "processed"):
        (tmp_path / folder).mkdir()
    options = {
        "data_folder_in": str(tmp_path / "messages"),
        "data_folder_out": str(tmp_path / "messages"),
        "control_folder": str(tmp_path / "control"),
        "processed_folder": str(tmp_path / "processed"),
    }
    with Connection(f"{file_queue.SCHEME}://localhost", transport_options=options) as connection:
        yield connection


def test_messages_appear_whole(broker: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until the message is complete, no worker finds a file with its name."""
    seen: list[tuple[list[Path], int]] = []
    replace = Path.replace

    def watched(source: Path, target: Path) -> Path:
        seen.append((list((tmp_path / "messages").glob("*.msg")), source.stat().st_size))
        return replace(source, target)

    monkeypatch.setattr(Path, "replace", watched)
    queue = broker.SimpleQueue(tmp_path.name)
    queue.put({"filling": "x" * 20_000})
    assert len(seen) == 1
    assert seen[0][0] == []
    assert seen[0][1] > 20_000


def test_messages_arrive_once(broker: Connection, tmp_path: Path) -> None:
    """All come, and nothing is left behind."""
    queue = broker.SimpleQueue(tmp_path.name)
    for number in range(50):
        queue.put({"number": number})
    found = []
    for _ in range(50):
        message = queue.get(timeout=5)
        message.ack()
        found.append(message.payload["number"])
    assert sorted(found) == list(range(50))
    assert list((tmp_path / "messages").iterdir()) == []
