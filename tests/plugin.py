"""Chooses the database of a test run before Django reads its settings; loaded by pytest's options in pyproject.toml."""

import os
import tempfile
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.servers import postgresql


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, object, object]:
    """Give the run its own data folder and, with TEST_DATABASE=postgresql, a PostgreSQL server of its own."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        servers = ExitStack()
        early_config.add_cleanup(servers.close)
        folder = servers.enter_context(tempfile.TemporaryDirectory(prefix="callanalytics-tests-"))
        # What the developer has set for the own portal must not leak into the tests.
        for name in (
            "DATABASE_URL",
            "REDIS_URL",
            "CACHE_URL",
            "INBOX_DIR",
            "ARCHIVE_DIR",
            "SET_ASIDE_DIR",
            "LDAP_SERVER_URI",
        ):
            os.environ.pop(name, None)
        os.environ["DATA_DIR"] = folder
        if os.environ.get("TEST_DATABASE", "sqlite") == "postgresql":
            os.environ["DATABASE_URL"] = servers.enter_context(postgresql(Path(folder) / "postgresql"))
    else:
        folder = str(Path(os.environ["DATA_DIR"]) / os.environ["PYTEST_XDIST_WORKER"])
        Path(folder).mkdir(exist_ok=True)
        os.environ["DATA_DIR"] = folder
    return (yield)
