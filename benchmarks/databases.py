"""The databases of the benchmarks: PostgreSQL as in production, SQLite as embedded, each private and thrown away."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers import postgresql

PRODUCTION = {
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "shared_buffers": "1GB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "30min",
}
"""Durable as in production; no timed checkpoint, which would meet one side of a pair only."""

OTHER_SERVERS = ("REDIS_URL", "CACHE_URL", "DATABASE_URL")


@contextmanager
def environment(kind: str) -> Iterator[dict[str, str]]:
    """Give the environment of a portal on a fresh database of this kind: postgresql or sqlite."""
    with tempfile.TemporaryDirectory(prefix="callanalytics-bench-") as folder:
        kept = {name: value for name, value in os.environ.items() if name not in OTHER_SERVERS}
        found = kept | {"DATA_DIR": folder, "DJANGO_SETTINGS_MODULE": "benchmarks.settings", "LOG_LEVEL": "ERROR"}
        if kind == "sqlite":
            yield found
            return
        with postgresql(Path(folder) / "postgresql", **PRODUCTION) as url:
            yield found | {"DATABASE_URL": url}
