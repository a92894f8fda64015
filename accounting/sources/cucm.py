"""Cisco UCM flat files of call detail (CDR) and call management records (CMR), versions 8 to 15.

Columns are found by the names in the first line, in any case and order; a header may come again in the middle of a file
(joined files, upgrades). Facts and their sources: docs/counting-rules.md, section "What UCM writes".
"""

import hashlib
import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter

from accounting.sources.base import ForeignFileError, Leg, Quality, Reading, Rejected, RowError
from accounting.sources.columns import FEWEST_ROWS, Columns, OddRowsError, Shape, looks
from accounting.sources.lines import one_line_end, row_at

SPLIT_CAUSES = frozenset({393216, 262144, 458752})
"""Call split, conference full, conference drop (Cisco's own causes): the record ends but its call goes on."""
FEATURES = frozenset({3, 4, 6, 7, 10, 14, 15, 16, 17, 18, 24})
"""OnBehalfOf codes of features that join records: park, conference, transfer, divert, barge, pickup, refer ..."""
EARLIEST, LATEST = 946_684_800, 4_102_444_800  # 2000 to 2100: a time outside is a damaged row
LONGEST = 31 * 86_400
"""Seconds of the longest call that is believed: beyond, one of the times is damaged."""
LARGEST_NUMBER, LARGEST_CODE = 1 << 53, 0x7FFF
NUMBER = re.compile(r"\s*[+-]?\d{1,20}\s*", re.ASCII)
CODE = re.compile(r"\d{1,4}", re.ASCII)
NO_KEY = "0" * 32
HEX = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}")
HEX_ROW = re.compile(rf"(?:{HEX.pattern},)*{HEX.pattern}")
CDR_NEEDED = ("globalcallid_callid", "datetimeorigination", "datetimedisconnect", "callingpartynumber")
CMR_NEEDED = ("globalcallid_callid", "callidentifier", "datetimestamp")

# Column, and what stands for it where the file has none: text columns with "", numbers with "0".
CDR_TEXT = (
    "pkid", "globalCallId_ClusterID", "origDeviceName", "destDeviceName", "callingPartyNumber",
    "originalCalledPartyNumber", "finalCalledPartyNumber", "lastRedirectDn", "outpulsedCalledPartyNumber",
    "callingPartyNumberPartition", "finalCalledPartyNumberPartition", "huntPilotDN", "authCodeDescription",
    "authorizationCodeValue", "clientMatterCode", "comment", "calledPartyPatternUsage",
)  # fmt: skip
CDR_NUMBERS = (
    "globalCallID_callManagerId", "globalCallID_callId", "dateTimeOrigination", "dateTimeConnect", "dateTimeDisconnect",
    "duration", "origLegCallIdentifier", "destLegIdentifier", "origCause_value", "destCause_value",
    "origCallTerminationOnBehalfOf", "destCallTerminationOnBehalfOf", "origCalledPartyRedirectOnBehalfOf",
    "lastRedirectRedirectOnBehalfOf", "joinOnBehalfOf", "origCalledPartyRedirectReason", "lastRedirectRedirectReason",
    "destConversationId", "IncomingProtocolID", "OutgoingProtocolID", "totalWaitTimeInQueue",
)  # fmt: skip
STITCHING = (
    "origCause_value", "destCause_value", "origCallTerminationOnBehalfOf", "destCallTerminationOnBehalfOf",
    "origCalledPartyRedirectOnBehalfOf", "lastRedirectRedirectOnBehalfOf", "joinOnBehalfOf",
)  # fmt: skip
LONGEST_TEXTS: dict[str, int | None] = {
    **dict.fromkeys(CDR_TEXT, 50), **dict.fromkeys(CDR_TEXT[4:8], 255),
    "pkid": None, "origDeviceName": 129, "destDeviceName": 129, "authCodeDescription": None,
    "authorizationCodeValue": None, "clientMatterCode": 32, "comment": None,
}  # fmt: skip
"""Of how many characters each text may be to be kept whole; None where that is not asked here."""
ANY_NUMBER = (1 - LARGEST_NUMBER, LARGEST_NUMBER - 1)
LIMITS = dict.fromkeys(CDR_NUMBERS[10:17] + CDR_NUMBERS[18:], (0, LARGEST_CODE)) | {
    "duration": (0, LARGEST_NUMBER - 1),
    "dateTimeOrigination": (EARLIEST + 1, LATEST - 1), "dateTimeConnect": (0, LATEST - 1),
    "dateTimeDisconnect": (EARLIEST + 1, LATEST - 1),
}  # fmt: skip
"""Least and greatest number that is believed."""
CMR_TEXT = ("pkid", "globalCallId_ClusterID", "deviceName", "varVQMetrics")
CMR_NUMBERS = (
    "globalCallID_callManagerId", "globalCallID_callId", "callIdentifier", "dateTimeStamp", "numberPacketsReceived",
    "numberPacketsLost", "jitter", "latency",
)  # fmt: skip
RowReader = Callable[[list[str], int], Leg | Quality]
ColumnReader = Callable[[Columns, int], list[Leg]]
Pick = Callable[[list[str]], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Header:
    """The line that names the columns, and how the rows under it are read."""

    raw: str
    width: int
    kind: str
    read_row: RowReader
    read_columns: ColumnReader | None
    """Reads many ordinary rows, the first of which has this line number; None when the kind of rows has none."""


class CucmSource:
    """Reads CDR and CMR files of one UCM cluster."""

    def read(self, content: bytes) -> Reading:
        """Return the file's legs or qualities and its rejected rows; raises ForeignFileError for other files."""
        if not content.strip():
            raise ForeignFileError("empty")
        content = one_line_end(content)
        lines, found = list(io.BytesIO(content)), looks(content)
        index, header = first_header(lines)
        reading = Reading(header.kind)
        while index < len(lines):
            shape = Shape(found[index], header.width)
            end = shape.run(found, index)
            if end - index >= FEWEST_ROWS and take_columns(reading, header, shape, lines[index:end], index + 1):
                index = end
                continue
            for _ in range(max(end - index, 1)):
                taken, header = take_row(reading, header, lines, index)
                index += taken
        return reading


def first_header(lines: list[bytes]) -> tuple[int, Header]:
    """Return the index of the first line after the header, and the header; raises ForeignFileError without one."""
    index, raw = 0, ""
    values: list[str] | RowError = []
    while index < len(lines) and not values:
        taken, values, raw = row_at(lines, index)
        index += taken
    if isinstance(values, RowError) or not is_header(values):
        raise ForeignFileError("not_cdr", raw[:120])
    return index, header_of(tuple(values), raw)


def take_columns(reading: Reading, header: Header, shape: Shape, rows: list[bytes], line: int) -> bool:
    """Add ordinary rows to the reading; returns False and adds nothing when one of them is not what it looks like."""
    if header.read_columns is None:
        return False
    try:
        reading.legs += header.read_columns(Columns(shape, rows), line)
    except OddRowsError:
        return False
    reading.records += len(rows)
    return True


def take_row(reading: Reading, header: Header, lines: list[bytes], index: int) -> tuple[int, Header]:
    """Add the row that begins with this line to the reading: as leg or quality, or whole among the rejected.

    Returns how many lines it has and the header that holds for those after it: a row may be a header itself.
    """
    taken, values, raw = row_at(lines, index)
    try:
        if isinstance(values, RowError):
            raise values
        if not values:
            return taken, header
        if not values[0].isdigit():
            if is_header(values):
                return taken, header_of(tuple(values), raw)
            if is_types(values):
                return taken, header
        add(reading, header.read_row(values, index + 1))
    except (RowError, ForeignFileError) as error:
        kept = raw.rstrip("\r\n").replace("\0", "\\0")
        reading.rejected.append(Rejected(index + 1, error.code, error.detail, header.raw.rstrip("\r\n"), kept))
    reading.records += 1
    return taken, header


def add(reading: Reading, row: Leg | Quality) -> None:
    """Add a row to those of its kind."""
    if isinstance(row, Leg):
        reading.legs.append(row)
    else:
        reading.qualities.append(row)


def is_header(values: list[str]) -> bool:
    """Return whether a row names the columns of CDR or CMR files."""
    return any(value.strip().lower() == "globalcallid_callid" for value in values)


def is_types(values: list[str]) -> bool:
    """Return whether a row is the second header line, which names column types."""
    return values[0].strip().upper() in ("INTEGER", "UNIQUEIDENTIFIER") or values[0].upper().startswith("VARCHAR")


@lru_cache(32)
def header_of(names: tuple[str, ...], raw: str) -> Header:
    """Return the header with these column names; raises ForeignFileError when a column is missing that is needed."""
    columns = {name.strip().lower(): index for index, name in reversed(list(enumerate(names)))}
    width = len(names)
    if "datetimeorigination" in columns:
        require(columns, CDR_NEEDED)
        return Header(raw, width, "cdr", cdr_reader(columns, width), cdr_column_reader(columns, width))
    require(columns, CMR_NEEDED)
    return Header(raw, width, "cmr", cmr_reader(columns, width), None)


def require(columns: dict[str, int], needed: tuple[str, ...]) -> None:
    """Raise ForeignFileError when a column is missing without which no call can be told."""
    missing = [name for name in needed if name not in columns]
    if missing:
        raise ForeignFileError("missing_columns", ", ".join(missing))


def picker(columns: dict[str, int], width: int, names: tuple[str, ...]) -> Pick:
    """Return a function that picks these columns of a row; a missing column picks the blank appended to the row."""
    return itemgetter(*(columns.get(name.lower(), width) for name in names))


def numbers(texts: tuple[str, ...], names: tuple[str, ...]) -> list[int]:
    """Return the values as integers, empty ones as 0; raises RowError naming the first bad column."""
    try:
        found = [int(text) if text else 0 for text in texts]
    except ValueError:
        bad = next((name, text) for name, text in zip(names, texts, strict=True) if text and not NUMBER.fullmatch(text))
        raise RowError("number", f"{bad[0]}: {bad[1][:40]}") from None
    if min(found) <= -LARGEST_NUMBER or max(found) >= LARGEST_NUMBER:
        raise RowError("number", str(max(found, key=abs))[:40])
    return found


def check_codes(*codes: int) -> None:
    """Raise RowError when a code or a count of seconds is none that UCM can write (and no column could hold)."""
    if min(codes) < 0 or max(codes) > LARGEST_CODE:
        raise RowError("number", str(max(codes, key=abs)))


def check_shape(values: list[str], width: int, kind: str, type_column: int) -> None:
    """Raise RowError when a row cannot belong under its header, else append the blank for missing columns."""
    if len(values) != width:
        raise RowError("columns", f"{len(values)} / {width}")
    values.append("")
    if values[type_column].strip() not in (kind, ""):
        raise RowError("record_type", values[type_column][:40])


def record_key(pkid: str, values: list[str]) -> str:
    """Return the record's own id as 32 hexadecimal digits, else a hash of the whole row."""
    pkid = pkid.strip(" {}").lower()
    if HEX.fullmatch(pkid) and (key := pkid.replace("-", "")) != NO_KEY:
        return key
    return hashlib.blake2b("\x1f".join(values).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def cdr_reader(columns: dict[str, int], width: int) -> RowReader:
    """Return the reader of CDR rows under one header."""
    pick_text = picker(columns, width, CDR_TEXT)
    pick_numbers = picker(columns, width, CDR_NUMBERS)
    type_column = columns.get("cdrrecordtype", width)

    def read(values: list[str], line: int) -> Leg:
        check_shape(values, width, "1", type_column)
        (pkid, cluster, orig_device, dest_device, calling, original, final, redirect, outpulsed, calling_partition,
         final_partition, pilot, code_name, code, matter, comment, usage) = pick_text(values)  # fmt: skip
        (node, call, originated, connected, disconnected, duration, orig_leg, dest_leg, orig_cause, dest_cause,
         orig_term, dest_term, orig_by, last_by, join_by, orig_reason, last_reason, conversation, incoming, outgoing,
         waited) = numbers(pick_numbers(values), CDR_NUMBERS)  # fmt: skip
        ended = max(disconnected, connected + max(duration, 0) if connected else originated)
        check_times(originated, connected, disconnected, ended)
        check_codes(
            orig_term, dest_term, orig_by, last_by, join_by, orig_reason, last_reason, incoming, outgoing, waited
        )
        check_lengths(calling, original, final, redirect)
        check_reference(cluster)
        key = record_key(pkid, values)
        return Leg(
            originated, key, connected, ended, line, call_reference(cluster, node, call, key),
            is_stitched((orig_cause, dest_cause, orig_term, dest_term, orig_by, last_by, join_by)),
            orig_leg, dest_leg, orig_device[:129], dest_device[:129],
            calling, original, final, redirect, outpulsed[:50], calling_partition[:50], final_partition[:50],
            orig_cause & 0xFFFFFFFF, dest_cause & 0xFFFFFFFF, orig_term, dest_term, orig_by, last_by, join_by,
            orig_reason, last_reason, conversation, pattern_usage(usage), pilot[:50],
            incoming, outgoing, waited, protected_code(code_name, code), matter[:32], comment,
        )  # fmt: skip

    return read


def cdr_column_reader(columns: dict[str, int], width: int) -> ColumnReader:
    """Return the reader of many ordinary CDR rows under one header: cdr_reader by column, for what UCM usually writes.

    It raises OddRowsError where cdr_reader would reject a row, shorten a value or know a record by its hash.
    """
    places = {name: columns.get(name.lower(), width) for name in (*LONGEST_TEXTS, *CDR_NUMBERS, "cdrRecordType")}

    def read(rows: Columns, line: int) -> list[Leg]:
        text = {name: rows.text(places[name], longest) for name, longest in LONGEST_TEXTS.items()}
        number = {name: rows.numbers(places[name], *LIMITS.get(name, ANY_NUMBER)) for name in CDR_NUMBERS}
        if places["cdrRecordType"] != width and set(rows.text(places["cdrRecordType"], 1)) != {"1"}:
            raise OddRowsError
        begun, answered = number["dateTimeOrigination"], number["dateTimeConnect"]
        causes = [[cause & 0xFFFFFFFF for cause in number[name]] for name in ("origCause_value", "destCause_value")]
        shares = zip(text["globalCallId_ClusterID"], number["globalCallID_callManagerId"], calls(number), strict=True)
        secrets = zip(text["authCodeDescription"], text["authorizationCodeValue"], strict=True)
        return list(map(Leg._make, zip(
            begun, keys(text["pkid"]), answered, ends(begun, answered, number), range(line, line + rows.count),
            [f"{cluster}/{node}/{call}" for cluster, node, call in shares],
            map(is_stitched, zip(*(number[name] for name in STITCHING), strict=True)),
            *(number[name] for name in ("origLegCallIdentifier", "destLegIdentifier")),
            *(text[name] for name in CDR_TEXT[2:11]),
            *causes, *(number[name] for name in CDR_NUMBERS[10:18]),
            map(pattern_usage, text["calledPartyPatternUsage"]), text["huntPilotDN"],
            *(number[name] for name in CDR_NUMBERS[18:21]),
            [protected_code(*secret) if any(secret) else "" for secret in secrets],
            text["clientMatterCode"], text["comment"],
            strict=True,
        )))  # fmt: skip

    return read


def keys(pkids: list[str]) -> list[str]:
    """Return the records' own ids as 32 hexadecimal digits; raises OddRowsError when one is none."""
    joined = ",".join(pkids).lower()
    if not HEX_ROW.fullmatch(joined):
        raise OddRowsError
    found = joined.replace("-", "").split(",")
    if NO_KEY in found:
        raise OddRowsError
    return found


def calls(number: dict[str, list[int]]) -> list[int]:
    """Return the call numbers; raises OddRowsError when a record has none and so stands alone."""
    found = number["globalCallID_callId"]
    if 0 in found:
        raise OddRowsError
    return found


def ends(begun: list[int], answered: list[int], number: dict[str, list[int]]) -> list[int]:
    """Return when each call ended; raises OddRowsError unless the times of all lie together as one call's must."""
    gone, lasted = number["dateTimeDisconnect"], number["duration"]
    least = [
        connected + seconds if connected else start
        for start, connected, seconds in zip(begun, answered, lasted, strict=True)
    ]
    found = list(map(max, gone, least))
    first = min(filter(None, (*begun, *answered)))
    if first <= EARLIEST or max(found) - first > LONGEST:
        raise OddRowsError
    return found


@lru_cache(4096)
def is_stitched(marks: tuple[int, ...]) -> bool:
    """Return whether a record may share a leg with another call's: its causes and features, as STITCHING names them."""
    return not SPLIT_CAUSES.isdisjoint(marks[:2]) or not FEATURES.isdisjoint(marks[2:])


@lru_cache(4096)
def pattern_usage(text: str) -> int | None:
    """Return the code of what kind of pattern was called, None when it is not told."""
    return int(text) if CODE.fullmatch(text) else None


def check_times(originated: int, connected: int, disconnected: int, ended: int) -> None:
    """Raise RowError unless the times can belong to one call."""
    if not (EARLIEST < originated < LATEST and EARLIEST < disconnected < LATEST):
        raise RowError("time", f"{originated} {disconnected}")
    if connected and not EARLIEST < connected < LATEST:
        raise RowError("time", f"dateTimeConnect: {connected}")
    if ended - min(originated, connected or originated) > LONGEST:
        raise RowError("time", f"{originated} {connected} {disconnected}")


def check_lengths(*texts: str) -> None:
    """Raise RowError when a number is longer than UCM can write."""
    for text in texts:
        if len(text) > 255:
            raise RowError("too_long", text[:40])


def call_reference(cluster: str, node: int, call: int, key: str) -> str:
    """Return what all records of a call share; a record without a call number (never 0, it wraps to 1) stands alone."""
    return f"{cluster}/{node}/{call}" if call else f"{cluster}/{node}/{key}"


def check_reference(cluster: str) -> None:
    """Raise RowError when a cluster's name is longer than UCM allows (50)."""
    if len(cluster) > 50:
        raise RowError("too_long", cluster[:40])


def protected_code(name: str, value: str) -> str:
    """Return what may be kept of an authorisation code, a secret: its description, else two digits of a long one."""
    if name:
        return name[:60]
    return f"••{value[-2:] if len(value) > 4 else ''}" if value else ""


def cmr_reader(columns: dict[str, int], width: int) -> RowReader:
    """Return the reader of CMR rows under one header."""
    pick_text = picker(columns, width, CMR_TEXT)
    pick_numbers = picker(columns, width, CMR_NUMBERS)
    type_column = columns.get("cdrrecordtype", width)

    def read(values: list[str], line: int) -> Quality:
        check_shape(values, width, "2", type_column)
        pkid, cluster, device, metrics = pick_text(values)
        node, call, leg, stamp, received, lost, jitter, latency = numbers(pick_numbers(values), CMR_NUMBERS)
        check_times(stamp, 0, stamp, stamp)
        check_reference(cluster)
        key = record_key(pkid, values)
        expected = received + max(lost, 0)
        return Quality(
            line, key, call_reference(cluster, node, call, key), leg, stamp, device[:129], mean_opinion(metrics),
            believable(jitter), believable(latency), max(lost, 0) * 1000 // expected if expected > 0 else None,
        )  # fmt: skip

    return read


def believable(milliseconds: int) -> int | None:
    """Return a delay as reported, None when no network can have it."""
    return milliseconds if 0 <= milliseconds < 1 << 31 else None


def mean_opinion(metrics: str) -> int | None:
    """Return the mean listening quality (MLQK) times 100 from `name=value` pairs parted by ; or ,."""
    for pair in re.split(r"[;,]", metrics):
        name, _, value = pair.partition("=")
        if name.strip() == "MLQK":
            try:
                found = round(float(value) * 100)
            except (ValueError, OverflowError):
                return None
            return found if 0 <= found <= 500 else None
    return None
