"""What tests of Phone Lock share."""

from collections.abc import Iterator

import pytest

from phonelock.services import hurried
from phonelock.services.call_rules import BOOK
from phonelock.services.hurried import READS
from phonelock.services.refusal_log import REFUSALS


@pytest.fixture
def call_control(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Begin and end with nothing in memory and no thread at work: threads of their own read and write.

    They may take their time here; that calls do not wait is proved over a real server.
    """
    monkeypatch.setattr(hurried, "LONGEST_WAIT", 20.0)
    BOOK.forget()
    READS.forget()
    yield
    REFUSALS.finish()
    READS.forget()
    BOOK.forget()
