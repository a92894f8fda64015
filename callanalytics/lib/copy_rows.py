"""Rows in the binary form of PostgreSQL's COPY, made by column and without a connection: any process can make them."""

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence
from struct import Struct
from typing import Any

EPOCH_2000 = 946_684_800
SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)
"""What COPY's binary form begins with: its name, no flags, no extension."""
TRAILER = b"\xff\xff"
NULL = b"\xff\xff\xff\xff"
LENGTH, INT4, INT8 = Struct(">i"), Struct(">ii"), Struct(">iq")
Values = Collection[Any]


def packed_rows(columns: Sequence[Sequence[Any]], types: Sequence[str]) -> list[bytes]:
    """Return the fields of each row one after the other, each with its length before it, as they follow row_start.

    Types are PostgreSQL's short names (PACKING); a moment is epoch seconds, 0 for never, a UUID 32 hexadecimal digits;
    None is NULL. Raises struct.error for a number that its type cannot hold.
    """
    fields = [packed_column(column, PACKING[name]) for column, name in zip(columns, types, strict=True)]
    return list(map(b"".join, zip(*fields, strict=True)))


def packed_column(column: Sequence[Hashable], pack: Callable[[Values], Iterable[bytes]]) -> Iterable[bytes]:
    """Return the fields of one column; what comes again and again is packed once."""
    known = set(column)
    if len(known) * 2 > len(column) and None not in known:
        return pack(column)
    known.discard(None)
    made: dict[Any, bytes] = dict(zip(known, pack(known), strict=True))
    made[None] = NULL
    return map(made.__getitem__, column)


def row_start(numbers: int) -> Callable[..., bytes]:
    """Return a function that packs the start of a row, whose first fields are so many numbers of type int8.

    It takes how many fields the row has, then 8, the length, and the number for each of the first.
    """
    return Struct(">h" + "iq" * numbers).pack


def texts(values: Values) -> Iterator[bytes]:
    """Pack texts."""
    length = LENGTH.pack
    return (length(len(content)) + content for content in map(str.encode, values))


def moments(values: Values) -> list[bytes]:
    """Pack moments, 0 as NULL."""
    pack = INT8.pack
    return [pack(8, (value - EPOCH_2000) * 1_000_000) if value else NULL for value in values]


def uuids(values: Values) -> list[bytes]:
    """Pack UUIDs."""
    return [b"\0\0\0\x10" + content for content in map(bytes.fromhex, values)]


def int4s(values: Values) -> list[bytes]:
    """Pack integers of four bytes."""
    pack = INT4.pack
    return [pack(4, value) for value in values]


def int8s(values: Values) -> list[bytes]:
    """Pack integers of eight bytes."""
    pack = INT8.pack
    return [pack(8, value) for value in values]


def bools(values: Values) -> list[bytes]:
    """Pack truth values."""
    return [b"\0\0\0\1\1" if value else b"\0\0\0\1\0" for value in values]


PACKING: dict[str, Callable[[Values], Iterable[bytes]]] = {
    "bool": bools,
    "int4": int4s,
    "int8": int8s,
    "text": texts,
    "timestamptz": moments,
    "uuid": uuids,
    "varchar": texts,
}
"""How the values of a column of each type are packed, each with its length."""
