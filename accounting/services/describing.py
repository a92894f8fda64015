"""Calls in words: type, cause of the end, redirections; the same words on pages and in exports."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounting.models import CallRecord, Direction, Kind, Outcome


@dataclass(frozen=True, slots=True)
class TypeMark:
    """The sign of a call's direction and kind (HOME-2)."""

    icon: str
    tone: str
    label: str | Promise


MARKS = {
    "in": TypeMark("phone-incoming", "in", _("Incoming")),
    "out": TypeMark("phone-outgoing", "out", _("Outgoing")),
    "missed": TypeMark("phone-missed", "missed", _("Missed")),
    "unanswered": TypeMark("phone-off", "noanswer", _("No answer")),
    "internal_in": TypeMark("arrow-down-left", "internal", _("Internal, incoming")),
    "internal_out": TypeMark("arrow-up-right", "internal", _("Internal, outgoing")),
    "internal_missed": TypeMark("phone-missed", "missed", _("Internal, missed")),
    "internal_unanswered": TypeMark("phone-off", "noanswer", _("Internal, no answer")),
}


def type_mark(record: CallRecord) -> TypeMark:
    """Return the sign that tells direction and kind of a call record."""
    return mark_of(record.direction, record.kind, record.outcome)


def mark_of(direction: int, kind: int, outcome: int) -> TypeMark:
    """Return the sign of calls of this direction, kind and outcome."""
    incoming = direction == Direction.INCOMING
    if outcome != Outcome.ANSWERED:
        name = "missed" if incoming else "unanswered"
    else:
        name = "in" if incoming else "out"
    return MARKS[f"internal_{name}" if kind == Kind.INTERNAL else name]


CAUSES = {
    1: _("Number not assigned"),
    2: _("No route to the network"),
    3: _("No route to the number"),
    16: _("Normal end of the call"),
    17: _("Busy"),
    18: _("The phone did not respond"),
    19: _("Rang without an answer"),
    20: _("Subscriber absent"),
    21: _("Call rejected"),
    22: _("Number has changed"),
    26: _("Answered elsewhere"),
    27: _("Destination out of order"),
    28: _("Number incomplete or invalid"),
    29: _("Feature refused"),
    31: _("Normal end, unspecified"),
    34: _("No channel free"),
    38: _("Network out of order"),
    41: _("Temporary failure"),
    42: _("Switch overloaded"),
    44: _("Requested channel not free"),
    47: _("No resources"),
    50: _("Feature not subscribed"),
    57: _("Not permitted"),
    58: _("Not available at the moment"),
    63: _("Service not available"),
    65: _("Not supported"),
    79: _("Not implemented"),
    88: _("Incompatible destination"),
    102: _("Timed out"),
    111: _("Protocol error"),
    125: _("Out of bandwidth"),
    126: _("Continued after a transfer or conference"),
    127: _("Interworking, unspecified"),
}
CALL_SPLIT = {262144: _("Conference full"), 393216: CAUSES[126], 458752: _("Conference ended")}
PACKED_FROM = 1 << 24

REDIRECTIONS = {
    1: _("forwarded on busy"),
    2: _("forwarded after no answer"),
    4: _("transferred"),
    5: _("picked up"),
    7: _("parked"),
    8: _("retrieved from park"),
    10: _("forwarded"),
    11: _("returned from park"),
    15: _("forwarded immediately"),
    18: _("deflected"),
    34: _("transferred without consultation"),
    50: _("diverted by hand"),
    82: _("forwarded on failure"),
    98: _("joined to a conference"),
    114: _("barged in"),
    129: _("routed over another network"),
    130: _("referred"),
    146: _("taken over"),
    162: _("redirected by the other side"),
    178: _("forwarded because the phone was not registered"),
}

RELEASED_BY = {"O": _("Own side"), "R": _("Other side")}


def q850(cause: int) -> int:
    """Return the Q.850 code of a cause: values of SIP trunks carry it in their low byte."""
    unsigned = cause & 0xFFFFFFFF
    return unsigned & 0x7F if unsigned >= PACKED_FROM else unsigned


def cause_in_words(cause: int) -> str | Promise:
    """Return why a call ended; '' when the phone system gave no cause."""
    code = q850(cause)
    return CALL_SPLIT.get(code) or CAUSES.get(code) or ""


def redirection_in_words(reason: int) -> str | Promise:
    """Return how a call was redirected; a general word for reasons that are rare."""
    return REDIRECTIONS.get(reason, _("redirected"))
