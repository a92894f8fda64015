"""The product's settings without middleware: the barest view of Django that reads one row."""

from benchmarks.settings import *  # noqa: F403

MIDDLEWARE: list[str] = []
ROOT_URLCONF = "benchmarks.plain_urls"
