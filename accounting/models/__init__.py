"""The one schema: people, lines, numbers, prices, calls."""

from accounting.models.calls import (
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
    ReleasedBy,
    UnitHalfHour,
    UnitKind,
)
from accounting.models.imports import FileState, ImportBatch, ImportFile, RejectedRow
from accounting.models.lines import Device, Extension, Gateway, LineAssignment, PhoneSystem
from accounting.models.numbering import MaskingRule, NumberRule
from accounting.models.organization import CostCentre, Department, Membership, Office, Supervision
from accounting.models.reference import ReferenceRevision
from accounting.models.tariffs import Carrier, GatewayCarrier, PublicHoliday, Rate, Tariff, TariffBand
from accounting.models.users import Role, User

__all__ = [
    "UNPRICED",
    "CallLeg",
    "CallQuality",
    "CallRecord",
    "CallType",
    "Carrier",
    "CostCentre",
    "Department",
    "Device",
    "Direction",
    "Extension",
    "ExtensionDay",
    "FileState",
    "Gateway",
    "GatewayCarrier",
    "ImportBatch",
    "ImportFile",
    "Kind",
    "LineAssignment",
    "MaskingRule",
    "Membership",
    "NumberRule",
    "Office",
    "Outcome",
    "PhoneSystem",
    "Pricing",
    "PublicHoliday",
    "Rate",
    "ReferenceRevision",
    "RejectedRow",
    "ReleasedBy",
    "Role",
    "Supervision",
    "Tariff",
    "TariffBand",
    "UnitHalfHour",
    "UnitKind",
    "User",
]
