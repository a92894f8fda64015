"""The contract of a source: one file in, legs, voice quality and rejected rows out."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from django.utils.translation import gettext_lazy as _

REASONS = {
    "empty": _("The file is empty."),
    "not_cdr": _("The first line does not name the columns of call records."),
    "missing_columns": _("Columns without which a call cannot be told are missing."),
    "no_records": _("The file ends after its header."),
    "unreadable": _("The file could not be read."),
    "failed": _("The file could not be imported."),
    "columns": _("The number of values differs from the number of columns."),
    "quotes": _("A quotation mark is not closed."),
    "number": _("A value that must be a number is none."),
    "time": _("A time is missing or impossible."),
    "record_type": _("The record type is not known."),
    "control": _("The row contains control characters."),
    "too_long": _("A value is longer than the format allows."),
}
"""What a reason code of a rejected row or a file set aside says to people."""


class Leg(NamedTuple):
    """One call detail record, in the terms of CallLeg; times are epoch seconds, 0 for never.

    A tuple, in this order: made from columns and turned into a row of the database without touching each value. The
    first two fields are the key of the record and the order of legs.
    """

    originated: int
    record_key: str
    """32 hexadecimal digits: the record's own id, else a hash of the row."""
    connected: int
    disconnected: int
    line: int
    call_ref: str
    stitch: bool
    orig_leg: int
    dest_leg: int
    orig_device: str
    dest_device: str
    calling: str
    original_called: str
    final_called: str
    last_redirect: str
    outpulsed_called: str
    calling_partition: str
    final_partition: str
    orig_cause: int
    dest_cause: int
    orig_term_by: int
    dest_term_by: int
    orig_redirect_by: int
    last_redirect_by: int
    join_by: int
    orig_redirect_reason: int
    last_redirect_reason: int
    dest_conversation: int
    pattern_usage: int | None
    hunt_pilot: str
    incoming_protocol: int
    outgoing_protocol: int
    queue_seconds: int
    authorization_code: str
    matter_code: str
    comment: str


@dataclass(slots=True)
class Quality:
    """Voice quality as one end of a call reported it; values are None where the report is silent."""

    line: int
    record_key: str
    call_ref: str
    leg: int
    measured: int
    device: str
    mos: int | None
    jitter_ms: int | None
    latency_ms: int | None
    loss_permille: int | None


@dataclass(slots=True)
class Rejected:
    """A row that could not be read, whole."""

    line: int
    reason: str
    detail: str
    header: str
    content: str


@dataclass(slots=True)
class Reading:
    """What one file holds."""

    kind: str
    records: int = 0
    legs: list[Leg] = field(default_factory=list)
    qualities: list[Quality] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)


class ForeignFileError(Exception):
    """The file as a whole is none of this source; `code` is a key of REASONS."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail


class Layout(Protocol):
    """One kind of row within a source: knows its header and reads its rows."""

    kind: str

    def reader(self, columns: list[str]) -> Callable[[list[str], int], Leg | Quality]:
        """Return a function from values and line number to a leg or quality; it raises RowError for a bad row."""
        ...


class RowError(Exception):
    """A row cannot be read; `code` is a key of REASONS."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail


class Source(Protocol):
    """One format of call records."""

    def read(self, content: bytes) -> Reading:
        """Return what the file holds; raises ForeignFileError when it is no file of this source."""
        ...
