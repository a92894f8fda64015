"""The product's settings with one more address: the minimal view that pages are compared with."""

from callanalytics.settings import *  # noqa: F403
from callanalytics.settings import DATA_DIR

ROOT_URLCONF = "benchmarks.urls"
STATIC_ROOT = DATA_DIR / "staticfiles"
