"""Cisco UCM flat files of call detail (CDR) and call management records (CMR), versions 8 to 15.

Columns are found by the names in the first line, in any case and order; a header may come again in the middle of a file
(joined files, upgrades). Facts and their sources: docs/counting-rules.md, section "What UCM writes".
"""

import hashlib
import re
from collections.abc import Callable
from operator import itemgetter

from accounting.sources.base import ForeignFileError, Leg, Quality, Reading, Rejected, RowError
from accounting.sources.lines import decode, rows

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
CMR_TEXT = ("pkid", "globalCallId_ClusterID", "deviceName", "varVQMetrics")
CMR_NUMBERS = (
    "globalCallID_callManagerId", "globalCallID_callId", "callIdentifier", "dateTimeStamp", "numberPacketsReceived",
    "numberPacketsLost", "jitter", "latency",
)  # fmt: skip
RowReader = Callable[[list[str], int], Leg | Quality]
Pick = Callable[[list[str]], tuple[str, ...]]


class CucmSource:
    """Reads CDR and CMR files of one UCM cluster."""

    def read(self, content: bytes) -> Reading:
        """Return the file's legs or qualities and its rejected rows; raises ForeignFileError for other files."""
        if not content.strip():
            raise ForeignFileError("empty")
        text = decode(content)
        found = rows(text)
        _, first, header = next(found, (0, [""], ""))
        if isinstance(first, RowError) or not is_header(first):
            raise ForeignFileError("not_cdr", header[:120])
        kind, read_row = reader_of(first)
        reading = Reading(kind)
        for line, values, raw in found:
            if isinstance(values, RowError) or values[0].isdigit() or not (is_types(values) or is_header(values)):
                reading.records += 1
                take(reading, read_row, line, values, raw, header)
            elif is_header(values):
                try:
                    header, (_, read_row) = raw, reader_of(values)
                except ForeignFileError as error:
                    reading.records += 1
                    take(reading, read_row, line, RowError(error.code, error.detail), raw, header)
        return reading


def take(reading: Reading, read_row: RowReader, line: int, values: list[str] | RowError, raw: str, header: str) -> None:
    """Add one row to the reading: as leg or quality, or whole among the rejected."""
    try:
        if isinstance(values, RowError):
            raise values
        row = read_row(values, line)
    except RowError as error:
        kept = raw.rstrip("\r\n").replace("\0", "\\0")
        reading.rejected.append(Rejected(line, error.code, error.detail, header.rstrip("\r\n"), kept))
        return
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


def reader_of(header: list[str]) -> tuple[str, RowReader]:
    """Return the kind of rows under this header and the function that reads them."""
    columns = {name.strip().lower(): index for index, name in reversed(list(enumerate(header)))}
    if "datetimeorigination" in columns:
        require(columns, CDR_NEEDED)
        return "cdr", cdr_reader(columns, len(header))
    require(columns, CMR_NEEDED)
    return "cmr", cmr_reader(columns, len(header))


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
        features = {orig_term, dest_term, orig_by, last_by, join_by}
        return Leg(
            0, 0, 0, line, key, 0, call_reference(cluster, node, call, key),
            orig_cause in SPLIT_CAUSES or dest_cause in SPLIT_CAUSES or not FEATURES.isdisjoint(features),
            originated, connected, ended,
            orig_leg, dest_leg, orig_device[:129], dest_device[:129],
            calling, original, final, redirect, outpulsed[:50], calling_partition[:50], final_partition[:50],
            orig_cause & 0xFFFFFFFF, dest_cause & 0xFFFFFFFF, orig_term, dest_term, orig_by, last_by, join_by,
            orig_reason, last_reason, conversation, int(usage) if CODE.fullmatch(usage) else None, pilot[:50],
            incoming, outgoing, waited, protected_code(code_name, code), matter[:32], comment,
        )  # fmt: skip

    return read


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
