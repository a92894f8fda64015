"""What goes wrong with record files in real life, for the status page to find: damage, foreign files, duplicates."""

import re
from dataclasses import replace

from accounting.demo.generation import GeneratedFile

LAST_FILE = "_900002"
"""How the name of the foreign file ends, which comes last: a sign that all files have been imported."""


def damaged(file: GeneratedFile) -> GeneratedFile:
    """Return a file in whose middle a few rows are cut off or overwritten, as after a full disk."""
    lines = file.content.splitlines(keepends=True)
    middle = len(lines) // 2
    cut = lines[middle][:100] + b"\n"
    return replace(
        file, content=b"".join([*lines[:middle], cut, b"1,1,not a number,also not one,1,2\n", *lines[middle + 1 :]])
    )


def foreign(like: GeneratedFile) -> GeneratedFile:
    """Return a file with a name like this one that holds something else: the error page of a proxy."""
    page = b"<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>\n"
    return replace(like, name=re.sub(r"_\d+$", LAST_FILE, like.name), records=0, content=page)


def sent_twice(file: GeneratedFile) -> GeneratedFile:
    """Return the same records under another sequence number, as UCM delivers them after an outage."""
    return replace(file, name=re.sub(r"_\d+$", "_900001", file.name))
