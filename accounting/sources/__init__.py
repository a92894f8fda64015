"""The formats of call records, by the kind of phone system."""

from accounting.sources.base import Source
from accounting.sources.cucm import CucmSource

SOURCES: dict[str, Source] = {"cucm": CucmSource()}
