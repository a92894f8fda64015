"""The one schema: people, lines, numbers, prices, calls."""

from accounting.models.audit import AuditedAction, AuditEntry, ChangeJournal
from accounting.models.calls import (
    PRIVATE,
    UNPRICED,
    CallLeg,
    CallQuality,
    CallRecord,
    CallType,
    Direction,
    ExtensionDay,
    Kind,
    Outcome,
    Pricing,
    Purpose,
    ReleasedBy,
    UnitHalfHour,
    UnitKind,
)
from accounting.models.columns import CopiedDays, TouchedDay
from accounting.models.connections import Directory, DirectoryRun, MailServer, PrivateCallRule
from accounting.models.corrections import CorrectedRecord, Correction, CorrectionKind, CorrectionState
from accounting.models.gadgets import GadgetRules, GadgetSignIn
from accounting.models.imports import FileState, ImportBatch, ImportFile, RejectedRow
from accounting.models.jobs import Job, JobState
from accounting.models.lines import Device, Extension, Gateway, LineAssignment, PhoneSystem
from accounting.models.numbering import MaskingRule, NumberRule
from accounting.models.organization import CostCentre, Department, Membership, Office, Supervision
from accounting.models.outgoing import Delivery, MailFault, MailPurpose, MailState, OutgoingLetter, OutgoingMail
from accounting.models.recurring import Recurring, TimesTrouble
from accounting.models.reference import ReferenceRevision
from accounting.models.sheets import SheetImport, SheetState
from accounting.models.tariffs import Carrier, GatewayCarrier, PublicHoliday, Rate, Tariff, TariffBand
from accounting.models.tokens import FOR_OVERSEERS, AnsweredRequest, ApiToken, Scope, TokenClient
from accounting.models.users import Role, User

__all__ = [
    "FOR_OVERSEERS",
    "PRIVATE",
    "UNPRICED",
    "AnsweredRequest",
    "ApiToken",
    "AuditEntry",
    "AuditedAction",
    "CallLeg",
    "CallQuality",
    "CallRecord",
    "CallType",
    "Carrier",
    "ChangeJournal",
    "CopiedDays",
    "CorrectedRecord",
    "Correction",
    "CorrectionKind",
    "CorrectionState",
    "CostCentre",
    "Delivery",
    "Department",
    "Device",
    "Direction",
    "Directory",
    "DirectoryRun",
    "Extension",
    "ExtensionDay",
    "FileState",
    "GadgetRules",
    "GadgetSignIn",
    "Gateway",
    "GatewayCarrier",
    "ImportBatch",
    "ImportFile",
    "Job",
    "JobState",
    "Kind",
    "LineAssignment",
    "MailFault",
    "MailPurpose",
    "MailServer",
    "MailState",
    "MaskingRule",
    "Membership",
    "NumberRule",
    "Office",
    "Outcome",
    "OutgoingLetter",
    "OutgoingMail",
    "PhoneSystem",
    "Pricing",
    "PrivateCallRule",
    "PublicHoliday",
    "Purpose",
    "Rate",
    "Recurring",
    "ReferenceRevision",
    "RejectedRow",
    "ReleasedBy",
    "Role",
    "Scope",
    "SheetImport",
    "SheetState",
    "Supervision",
    "Tariff",
    "TariffBand",
    "TimesTrouble",
    "TokenClient",
    "TouchedDay",
    "UnitHalfHour",
    "UnitKind",
    "User",
]
