"""Rows and files of UCM call detail and call management records, in the layout and quoting of a UCM version."""

import ipaddress
import struct
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cache

from accounting.demo.columns import Column, cdr_columns, cmr_columns

CDR_DEFAULTS: dict[str, object] = {
    "cdrRecordType": 1,
    "globalCallID_callManagerId": 1,
    "origPrecedenceLevel": 4,
    "destPrecedenceLevel": 4,
    "origRSVPAudioStat": "0",
    "origRSVPVideoStat": "0",
    "destRSVPAudioStat": "0",
    "destRSVPVideoStat": "0",
    "origDTMFMethod": 3,
    "calledPartyPatternUsage": 5,
    "globalCallId_ClusterID": "StandAloneCluster",
}
"""What UCM writes where a call gives no other value; other columns are 0 or empty text."""

CMR_DEFAULTS: dict[str, object] = {
    "cdrRecordType": 2,
    "globalCallID_callManagerId": 1,
    "globalCallId_ClusterID": "StandAloneCluster",
}
_EMPTY_IN_CMR = ("video", "numberVideo")


def signed_ip(address: str) -> int:
    """Return an IPv4 address as UCM writes it: the bytes reversed, as a signed 32-bit number; 0 for no address."""
    if not address:
        return 0
    return int(struct.unpack("<i", ipaddress.IPv4Address(address).packed)[0])


def file_name(tag: str, cluster: str, node: int, minute: datetime, sequence: int) -> str:
    """Return the name that UCM gives to a file of `tag` cdr or cmr written by a node in this minute (aware)."""
    return f"{tag}_{cluster}_{node:02d}_{minute.astimezone(UTC):%Y%m%d%H%M}_{sequence}"


def _literal(column: Column, value: object) -> str:
    text = "" if value is None else str(value)
    return '"' + text.replace('"', '""') + '"' if column.is_quoted else text


def _default(column: Column, defaults: Mapping[str, object]) -> object:
    if column.name in defaults:
        return defaults[column.name]
    empty = column.is_quoted or (defaults is CMR_DEFAULTS and column.name.startswith(_EMPTY_IN_CMR))
    return "" if empty else 0


def _row(
    columns: Iterable[Column], known: Iterable[Column], defaults: Mapping[str, object], fields: Mapping[str, object]
) -> str:
    unknown = fields.keys() - {column.name for column in known}
    if unknown:
        raise ValueError(f"no such column: {', '.join(sorted(unknown))}")
    return ",".join(
        _literal(column, fields[column.name] if column.name in fields else _default(column, defaults))
        for column in columns
    )


def cdr_row(version: str, **fields: object) -> str:
    """Return one CDR line without line end; columns by their name in the file, the others get UCM's defaults.

    Columns that came with a later version are left out. ValueError for a name that no version knows.
    """
    return _row(cdr_columns(version), cdr_columns("15"), CDR_DEFAULTS, fields)


def cmr_row(version: str, **fields: object) -> str:
    """Return one CMR line without line end, as cdr_row does for CDRs."""
    return _row(cmr_columns(version), cmr_columns("15"), CMR_DEFAULTS, fields)


@cache
def header(tag: str, version: str) -> str:
    """Return the two lines, with line ends, that begin each file of `tag` cdr or cmr: names, then types."""
    columns = cdr_columns(version) if tag == "cdr" else cmr_columns(version)
    return ",".join(f'"{c.name}"' for c in columns) + "\n" + ",".join(c.type for c in columns) + "\n"


def cdr_file(rows: Iterable[str], version: str) -> bytes:
    """Return the content of a CDR file with these rows."""
    return (header("cdr", version) + "".join(row + "\n" for row in rows)).encode()


def cmr_file(rows: Iterable[str], version: str) -> bytes:
    """Return the content of a CMR file with these rows."""
    return (header("cmr", version) + "".join(row + "\n" for row in rows)).encode()


def template(tag: str, version: str, live: Iterable[str]) -> str:
    """Return a %-template of a line whose `live` columns are named places and whose other columns are defaults.

    Filling it is several times as fast as cdr_row; values must hold no double quote.
    """
    columns, defaults = (cdr_columns(version), CDR_DEFAULTS) if tag == "cdr" else (cmr_columns(version), CMR_DEFAULTS)
    places = set(live)
    return ",".join(_place(c) if c.name in places else _literal(c, _default(c, defaults)) for c in columns) + "\n"


def _place(column: Column) -> str:
    return f'"%({column.name})s"' if column.is_quoted else f"%({column.name})s"
