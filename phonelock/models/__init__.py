"""The rows of Phone Lock: reasons and their history, what phone systems were told, PINs, timetables, refused calls."""

from phonelock.models.engines import EngineKind, LineState, LineStatus, LockSetUp, PhoneDisplay
from phonelock.models.latest import LatestWord
from phonelock.models.locks import Happened, Lock, LockEvent, Reason, Through
from phonelock.models.phones import PhoneForm
from phonelock.models.pins import Pin
from phonelock.models.refused import AllowedNumber, RefusedCall
from phonelock.models.timetables import Holidays, Timetable, TimetableExemption
from phonelock.models.turns import EngineTurn

__all__ = [
    "AllowedNumber",
    "EngineKind",
    "EngineTurn",
    "Happened",
    "Holidays",
    "LatestWord",
    "LineState",
    "LineStatus",
    "Lock",
    "LockEvent",
    "LockSetUp",
    "PhoneDisplay",
    "PhoneForm",
    "Pin",
    "Reason",
    "RefusedCall",
    "Through",
    "Timetable",
    "TimetableExemption",
]
