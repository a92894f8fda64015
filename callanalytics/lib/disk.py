"""Tells a disk without room from other faults of files."""

import errno

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def is_full(error: BaseException) -> bool:
    """Return whether an error says that a file found no room: disk, quota or largest size of a file."""
    return isinstance(error, OSError) and error.errno in NO_ROOM
