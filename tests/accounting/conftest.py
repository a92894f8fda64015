"""Fixtures of the accounting tests."""

from collections.abc import Iterator

import pytest

from accounting.services.reference import forget_reference


@pytest.fixture(autouse=True)
def fresh_reference() -> Iterator[None]:
    """Read people, lines and prices anew: a rolled-back test leaves the same revision number behind."""
    forget_reference()
    yield
    forget_reference()
