"""What tests of Phone Lock share."""

from collections.abc import Iterator

import pytest

from phonelock.services.call_rules import BOOK
from phonelock.services.hurried import READS
from phonelock.services.refusal_log import REFUSALS


@pytest.fixture
def call_control(transactional_db: None) -> Iterator[None]:
    """Begin and end with nothing in memory and no thread at work: threads of their own read and write."""
    BOOK.forget()
    READS.forget()
    yield
    REFUSALS.finish()
    READS.forget()
    BOOK.forget()
